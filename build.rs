//! A file that is new in `assets/` must be embedded too.

fn main() {
    println!("cargo::rerun-if-changed=assets");
}
