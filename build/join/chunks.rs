//! Which module belongs to which joined script.

use std::collections::{BTreeMap, BTreeSet};

use super::Modules;

/// What several scripts need that are loaded later.
const SHARED: &str = "js/shared.js";

/// The joined scripts. Each has the path of its first module; so addresses relative to it mean the
/// same.
pub(crate) struct Chunks {
    /// All modules; each stands after those that it imports.
    order: Vec<String>,
    /// The script of each module.
    of: BTreeMap<String, String>,
    main: String,
}

impl Chunks {
    /// `first` are the modules of the page, of which the first is its script.
    pub(crate) fn new(modules: &Modules, first: &[String]) -> Result<Self, String> {
        let mut order = Vec::new();
        let lazy: BTreeSet<_> = modules.values().flat_map(|module| &module.lazy).collect();
        for path in first.iter().chain(lazy.iter().copied()) {
            visit(path, modules, &mut Vec::new(), &mut order)?;
        }
        let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for path in lazy {
            let mut needed = Vec::new();
            visit(path, modules, &mut Vec::new(), &mut needed)?;
            for module in needed {
                let module = modules.get_key_value(&module).map_or("", |(path, _)| path);
                wanted.entry(module).or_default().insert(path);
            }
        }
        let mut needed_first = Vec::new();
        for path in first {
            visit(path, modules, &mut Vec::new(), &mut needed_first)?;
        }
        let main = first.first().cloned().unwrap_or_default();
        let script_of = |path: &String| {
            let by = wanted.get(path.as_str());
            match by.and_then(|by| by.first()) {
                _ if needed_first.contains(path) => main.clone(),
                Some(only) if by.is_some_and(|by| by.len() == 1) => (*only).to_owned(),
                _ => SHARED.to_owned(),
            }
        };
        let of = order.iter().map(|path| (path.clone(), script_of(path))).collect();
        Ok(Self { order, of, main })
    }

    /// Returns the paths of all scripts.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.of.values().map(String::as_str).collect()
    }

    /// Returns the script of a module.
    pub(crate) fn of(&self, path: &str) -> &str {
        self.of.get(path).map_or("", String::as_str)
    }

    /// Returns the modules of a script, in order.
    pub(crate) fn modules<'a>(&'a self, chunk: &'a str) -> impl Iterator<Item = &'a str> {
        self.order.iter().map(String::as_str).filter(move |path| self.of(path) == chunk)
    }

    /// Returns the modules that a script imports from each other script.
    pub(crate) fn imports<'a>(
        &'a self,
        chunk: &'a str,
        modules: &'a Modules,
    ) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
        let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for path in self.modules(chunk) {
            for (imported, _) in &modules[path].imports {
                if self.of(imported) != chunk {
                    found.entry(self.of(imported)).or_default().insert(imported.as_str());
                }
            }
        }
        found
    }

    /// Returns the modules of a script that other scripts use.
    pub(crate) fn exported<'a>(
        &'a self,
        chunk: &'a str,
        modules: &'a Modules,
    ) -> impl Iterator<Item = &'a str> {
        let used_elsewhere = move |path: &&str| {
            self.order.iter().filter(|other| self.of(other) != chunk).any(|other| {
                let other = &modules[other];
                let imports = other.imports.iter().map(|(path, _)| path).chain(&other.lazy);
                imports.into_iter().any(|used| used == path)
            })
        };
        self.modules(chunk).filter(used_elsewhere)
    }

    /// Returns the scripts that a script imports, besides that of the page, which is there.
    pub(crate) fn needed<'a>(
        &'a self,
        chunk: &'a str,
        modules: &'a Modules,
    ) -> impl Iterator<Item = &'a str> {
        let all = self.imports(chunk, modules).into_keys();
        all.filter(|other| *other != self.main)
    }
}

/// Adds a module to the list after those that it imports. `open` are the modules that lead to it.
fn visit(
    path: &str,
    modules: &Modules,
    open: &mut Vec<String>,
    order: &mut Vec<String>,
) -> Result<(), String> {
    if order.iter().any(|known| known == path) {
        return Ok(());
    }
    if open.iter().any(|other| other == path) {
        return Err(format!("{path} imports itself by way of {}", open.join(", ")));
    }
    open.push(path.to_owned());
    for (imported, _) in &modules[path].imports {
        visit(imported, modules, open, order)?;
    }
    open.pop();
    order.push(path.to_owned());
    Ok(())
}
