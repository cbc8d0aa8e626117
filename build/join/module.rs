//! One module: what it imports and exports, and its code as the body of a function.
//!
//! It understands the modules of `assets/js/`: each import and export is a statement that begins a
//! line, and bindings that are exported never change. Everything else is refused.

use std::path::Path;

use super::clean::{self, Clean, is_word};

/// What can be exported. A variable is missing: the joined modules would not see its changes.
const DECLARATIONS: [&str; 4] = ["function ", "async function ", "class ", "const "];

/// A module.
#[derive(Debug)]
pub(crate) struct Module {
    /// The modules that it imports, in order: their paths, and the names.
    pub(crate) imports: Vec<(String, Vec<String>)>,
    /// The modules that it imports when it needs them.
    pub(crate) lazy: Vec<String>,
    /// The text in pieces.
    pub(crate) body: Vec<Piece>,
    /// The exported names.
    pub(crate) exports: Vec<String>,
}

/// A piece of a module's text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Code(String),
    /// The names of another module, as the pattern of a declaration.
    Names {
        pattern: String,
        path: String,
    },
    /// An expression for the promise of another module.
    Promise {
        path: String,
    },
    /// An expression for the address of this module.
    Address,
}

/// Reads a module; `path` is its path in `assets/`.
pub(crate) fn read(path: &str, text: &str) -> Result<Module, String> {
    let clean = clean::script(text)?;
    let mut reader = Reader {
        path,
        clean: &clean,
        module: Module {
            imports: Vec::new(),
            lazy: Vec::new(),
            body: Vec::new(),
            exports: Vec::new(),
        },
        copied: 0,
    };
    reader.read()?;
    Ok(reader.module)
}

struct Reader<'a> {
    path: &'a str,
    clean: &'a Clean,
    module: Module,
    /// Everything before this position is in the body.
    copied: usize,
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Result<(), String> {
        let (mask, mut depth, mut at) = (&self.clean.mask, 0_usize, 0);
        while let Some(byte) = mask.get(at) {
            if !is_word(*byte) {
                match byte {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => {
                        depth = depth.checked_sub(1).ok_or("a bracket too many")?;
                    }
                    _ => (),
                }
                at += 1;
                continue;
            }
            let end = at + mask[at..].iter().take_while(|byte| is_word(**byte)).count();
            let is_property = at > 0 && mask[at - 1] == b'.' && !mask[..at].ends_with(b"...");
            at = if is_property { end } else { self.word(at, end, depth)? };
        }
        if depth > 0 {
            return Err("a bracket is not closed".into());
        }
        self.copy_to(mask.len());
        Ok(())
    }

    /// Handles a word; returns where to go on.
    fn word(&mut self, start: usize, end: usize, depth: usize) -> Result<usize, String> {
        let mask = &self.clean.mask;
        let after = mask[end..].trim_ascii_start().first().copied();
        let begins_line = depth == 0 && (start == 0 || mask[start - 1] == b'\n');
        match &mask[start..end] {
            b"import" if after == Some(b'(') => self.dynamic(start, end),
            b"import" if mask[end..].starts_with(b".meta.url") => {
                Ok(self.replace(start, end + b".meta.url".len(), Piece::Address))
            }
            b"import" if begins_line => self.import(start),
            b"export" if begins_line => self.export(start, end),
            b"await" if depth == 0 => Err("await outside a function".into()),
            word if word.starts_with(b"$") => Err(format!(
                "names that begin with $ are reserved: {}",
                &self.clean.text[start..end]
            )),
            b"import" | b"export" if after != Some(b':') => {
                let rest = self.clean.text[start..].lines().next().unwrap_or_default();
                Err(format!("not understood: {rest}"))
            }
            _ => Ok(end),
        }
    }

    /// Reads `import { a, b as c } from "./x.js";`, `import * as a from …` and `import "./x.js";`.
    fn import(&mut self, start: usize) -> Result<usize, String> {
        let (statement, end) = self.statement(start)?;
        let wrong = || format!("not understood: {statement}");
        let rest = statement.strip_prefix("import").map(str::trim).ok_or_else(wrong)?;
        let (names, from) = match rest.rsplit_once(" from ") {
            Some((names, from)) => (Some(names.trim()), from),
            None => (None, rest),
        };
        let path = self.target(from).ok_or_else(wrong)?;
        let pairs = match names {
            None => Vec::new(),
            Some(names) => match names.strip_prefix("* as ") {
                Some(name) if is_name(name) => {
                    self.module.imports.push((path.clone(), Vec::new()));
                    return Ok(self.replace(
                        start,
                        end,
                        Piece::Names { pattern: name.to_owned(), path },
                    ));
                }
                Some(_) => return Err(wrong()),
                None => pairs(names).ok_or_else(wrong)?,
            },
        };
        let imported = pairs.iter().map(|(from, _)| from.clone()).collect();
        self.module.imports.push((path.clone(), imported));
        if pairs.is_empty() {
            return Ok(self.remove(start, end));
        }
        let names = pairs
            .iter()
            .map(|(from, to)| if from == to { from.clone() } else { format!("{from}: {to}") });
        let pattern = format!("{{ {} }}", names.collect::<Vec<_>>().join(", "));
        Ok(self.replace(start, end, Piece::Names { pattern, path }))
    }

    /// Reads the start of an exported declaration, of which only the keyword is removed; or `export
    /// {};`.
    fn export(&mut self, start: usize, end: usize) -> Result<usize, String> {
        let rest = self.clean.text[end..].trim_start();
        let declaration = self.clean.text.len() - rest.len();
        if rest.starts_with("{};") {
            return Ok(self.remove(start, declaration + 3));
        }
        let named = DECLARATIONS.iter().find_map(|keyword| rest.strip_prefix(keyword));
        let name = named.map(|rest| rest.split(|c| !u8::try_from(c).is_ok_and(is_word)).next());
        let Some(Some(name)) = name.filter(|name| name.is_some_and(is_name)) else {
            let line = rest.lines().next().unwrap_or_default();
            return Err(format!("not understood: export {line}"));
        };
        self.module.exports.push(name.to_owned());
        Ok(self.remove(start, declaration))
    }

    /// Reads `import("./x.js")`.
    fn dynamic(&mut self, start: usize, end: usize) -> Result<usize, String> {
        let close = end + self.clean.mask[end..].iter().position(|byte| *byte == b')').unwrap_or(0);
        let argument = self.clean.text[end..close].trim().trim_start_matches('(');
        let path =
            self.target(argument).ok_or_else(|| format!("not understood: import({argument})"))?;
        self.module.lazy.push(path.clone());
        Ok(self.replace(start, close + 1, Piece::Promise { path }))
    }

    /// Returns a statement without its semicolon, and where it ends.
    fn statement(&self, start: usize) -> Result<(&'a str, usize), String> {
        let length = self.clean.mask[start..].iter().position(|byte| *byte == b';');
        let length = length.ok_or("an import does not end with a semicolon")?;
        Ok((&self.clean.text[start..start + length], start + length + 1))
    }

    /// Returns the path that a module with a relative address has in `assets/`.
    fn target(&self, quoted: &str) -> Option<String> {
        let address = quoted.trim().strip_prefix('"')?.strip_suffix('"')?;
        let mut parts: Vec<&str> = self.path.split('/').collect();
        parts.pop();
        for part in address.split('/') {
            match part {
                "." => (),
                ".." => drop(parts.pop()?),
                part => parts.push(part),
            }
        }
        let is_script = Path::new(address).extension().is_some_and(|ending| ending == "js");
        (address.starts_with('.') && is_script).then(|| parts.join("/"))
    }

    /// Puts a piece in the place of a part of the text; returns where to go on.
    fn replace(&mut self, start: usize, end: usize, piece: Piece) -> usize {
        self.copy_to(start);
        self.module.body.push(piece);
        self.copied = end;
        end
    }

    /// Removes a part of the text; returns where to go on.
    fn remove(&mut self, start: usize, end: usize) -> usize {
        self.copy_to(start);
        self.copied = end;
        end
    }

    fn copy_to(&mut self, end: usize) {
        if self.copied < end {
            self.module.body.push(Piece::Code(self.clean.text[self.copied..end].to_owned()));
        }
        self.copied = end;
    }
}

/// Returns the names in `{ a, b as c }`, and as what they are known here.
fn pairs(names: &str) -> Option<Vec<(String, String)>> {
    let names = names.strip_prefix('{')?.strip_suffix('}')?;
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    let pairs = names.map(|name| {
        let (from, to) = name.split_once(" as ").unwrap_or((name, name));
        (is_name(from) && is_name(to)).then(|| (from.to_owned(), to.to_owned()))
    });
    pairs.collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_word) && text != "default"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Piece {
        Piece::Code(text.to_owned())
    }

    #[test]
    fn imports_and_exports_are_found() {
        let text = "/** What it is for. */\nimport { a,\n  b as c,\n} from \"../lib/x.js\";\nimport * \
                    as all from \"./y.js\";\nimport \"./z.js\";\nexport function f() {\n  return \
                    import(\"./later.js\");\n}\nexport const G = `import ${c.import} from`;\nexport \
                    async function h() {}\nexport class I {}\nfetch(new URL(\"../x\", \
                    import.meta.url));\n";
        let module = read("js/elements/m.js", text).unwrap();
        let import = |path: &str, names: &[&str]| {
            (path.to_owned(), names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(
            module.imports,
            [
                import("js/lib/x.js", &["a", "b"]),
                import("js/elements/y.js", &[]),
                import("js/elements/z.js", &[])
            ]
        );
        assert_eq!(module.lazy, ["js/elements/later.js"]);
        assert_eq!(module.exports, ["f", "G", "h", "I"]);
        let names = |pattern: &str, path: &str| Piece::Names {
            pattern: pattern.to_owned(),
            path: path.to_owned(),
        };
        assert_eq!(
            module.body,
            [
                names("{ a, b: c }", "js/lib/x.js"),
                code("\n"),
                names("all", "js/elements/y.js"),
                code("\n"),
                code("\n"),
                code("function f() {\nreturn "),
                Piece::Promise { path: "js/elements/later.js".to_owned() },
                code(";\n}\n"),
                code("const G = `import ${c.import} from`;\n"),
                code("async function h() {}\n"),
                code("class I {}\nfetch(new URL(\"../x\", "),
                Piece::Address,
                code("));\n"),
            ]
        );
    }

    #[test]
    fn what_it_does_not_understand_is_refused() {
        for (text, why) in [
            ("export let a = 1;\n", "not understood: export let a = 1;"),
            ("export default class {}\n", "not understood: export default"),
            ("export * from \"./a.js\";\n", "not understood: export *"),
            ("export { a } from \"./a.js\";\n", "not understood: export {"),
            ("export const { a } = b;\n", "not understood: export const"),
            ("import a from \"./a.js\";\n", "not understood: import a"),
            ("import { default as a } from \"./a.js\";\n", "not understood: import {"),
            ("import { a } from \"a\";\n", "not understood: import {"),
            ("import { a } from \"https://a/b.js\";\n", "not understood: import {"),
            ("import { a } from \"./a.js\" with { type: \"json\" };\n", "not understood"),
            ("let a; import \"./a.js\";\n", "not understood: import"),
            ("import(name);\n", "not understood: import(name)"),
            ("import(`./a.js`);\n", "not understood: import(`./a.js`)"),
            ("import.meta.env;\n", "not understood: import.meta.env"),
            ("await f();\n", "await outside a function"),
            ("let $a;\n", "names that begin with $ are reserved: $a"),
            ("f(;\n", "a bracket is not closed"),
            ("f();\n}\n", "a bracket too many"),
        ] {
            let error = read("js/m.js", text).map(|_| ()).unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
        }
    }
}
