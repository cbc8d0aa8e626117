//! Replays the committed corpus of the fuzz targets, so that past findings stay fixed.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "a crate of its own there")]
mod targets;

#[test]
fn every_target_takes_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let mut seeds: Vec<_> = fs::read_dir(corpus.join(name))
            .unwrap_or_else(|error| panic!("no corpus of {name}: {error}"))
            .collect();
        assert!(!seeds.is_empty(), "no seeds of {name}");
        seeds.sort_by_key(|seed| seed.as_ref().map(fs::DirEntry::path).ok());
        for seed in seeds {
            let path = seed.expect("a folder can be read").path();
            eprintln!("{}", path.display());
            target(&fs::read(&path).expect("a file"));
        }
    }
}
