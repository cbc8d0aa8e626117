//! Golden wire samples: each is used in a comparison, and no comparison uses a missing sample.
//!
//! The samples are in `tests/golden/<dialect>/`; the unit tests of `src/api/dialects/<dialect>/`
//! compare the output of their encoders with them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_golden_sample_is_compared_with_what_its_dialect_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut dialects = 0;
    for folder in entries(&root.join("tests/golden")) {
        let dialect = file_name(&folder);
        let samples: BTreeSet<String> =
            entries(&folder).iter().map(|path| file_name(path)).collect();
        let named: BTreeSet<String> = sources(&root.join("src/api/dialects").join(&dialect))
            .iter()
            .flat_map(|text| samples_named(text))
            .collect();
        let unused: Vec<_> = samples.difference(&named).collect();
        let missing: Vec<_> = named.difference(&samples).collect();
        assert!(unused.is_empty(), "samples of {dialect} that no test compares with: {unused:?}");
        assert!(missing.is_empty(), "samples of {dialect} that are not there: {missing:?}");
        dialects += 1;
    }
    assert!(dialects >= 2, "no samples found");
}

/// Returns every `"….json"` in a source file.
fn samples_named(source: &str) -> BTreeSet<String> {
    source
        .split('"')
        .filter(|text| {
            Path::new(text).extension().is_some_and(|end| end == "json")
                && !text.contains(['/', ' '])
        })
        .map(str::to_owned)
        .collect()
}

fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for path in entries(folder) {
        if path.is_dir() {
            texts.extend(sources(&path));
        } else {
            texts.push(fs::read_to_string(&path).expect("a source is UTF-8"));
        }
    }
    texts
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("an entry has a name").to_string_lossy().into_owned()
}
