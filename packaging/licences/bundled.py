"""Prints the licences of C libraries inside of crates, and of data; standard input: `cargo metadata`."""

import json
import pathlib
import sys

# Crate, library, its licence file inside the crate. SQLite is in the public domain.
BUNDLED = [
    ("zstd-sys", "Zstandard", "zstd/LICENSE"),
    ("libmimalloc-sys", "mimalloc", "c_src/mimalloc/v*/LICENSE"),
    ("ring", "ring, with code of BoringSSL and OpenSSL", "LICENSE*"),
]

folders = {
    package["name"]: pathlib.Path(package["manifest_path"]).parent
    for package in json.load(sys.stdin)["packages"]
}
for crate, library, pattern in BUNDLED:
    files = sorted(folders[crate].glob(pattern))
    if not files:
        sys.exit(f"no licence of {library} in {folders[crate]}")
    for file in files:
        print("-" * 72, f"{library}, part of {crate}", "", file.read_text(), sep="\n")
print("-" * 72, "SQLite, part of libsqlite3-sys, is in the public domain.", sep="\n")
emoji = pathlib.Path(__file__).with_name("emoji.txt")
print("-" * 72, emoji.read_text(), sep="\n")
