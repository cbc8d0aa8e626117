#!/usr/bin/env bash
# Tool: cargo-cyclonedx 0.5.9 (crates.io), with hyper 1.10.1.
# Behaviour: the bill of materials of a program leaves out its dev-dependencies, but lists libraries
#   that only a feature enabled by a dev-dependency brings in. They are not in the program: cargo
#   tree --edges normal does not show them, and cargo build does not compile them.
# Output seen: want and try-lock, of the client of hyper, in the bill of a program that uses only the
#   server of hyper and tests itself with the client.
# Why it matters to a chat server: whoever checks the bill against advisories is warned of libraries
#   that are not in the package, and a bill cannot be compared with the list of licences.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
cargo install --quiet --debug --locked --root tools cargo-cyclonedx@0.5.9
mkdir -p served/src
cd served
cat > Cargo.toml <<'T'
[package]
name = "served"
version = "1.0.0"
edition = "2024"
[dependencies]
hyper = { version = "=1.10.1", default-features = false, features = ["http1", "server"] }
[dev-dependencies]
hyper = { version = "=1.10.1", default-features = false, features = ["client", "http1"] }
T
echo 'fn main() {}' > src/main.rs
built=$(cargo tree --quiet --edges normal --prefix none | cut -d' ' -f1 | sort -u)
PATH="$dir/tools/bin:$PATH" cargo cyclonedx --quiet --format json
listed=$(python3 -c 'import json; print(*(c["name"] for c in json.load(open("served.cdx.json"))["components"]), sep="\n")')
for library in want try-lock; do
    grep -qx "$library" <<<"$listed" || { echo "changed: $library is no longer listed"; exit 1; }
    ! grep -qx "$library" <<<"$built" || { echo "changed: $library is now built"; exit 1; }
done
grep -qx hyper <<<"$listed"
echo "as described: want and try-lock are listed and not built"
