#!/usr/bin/env bash
# Library: sd-notify 0.5.0 (crates.io).
# Behaviour: a NOTIFY_SOCKET that begins with @ names a socket in the abstract namespace, as
#   sd_notify(3) defines. The library takes it for a file and fails with "No such file or directory";
#   the same program reaches a socket with a path.
# Output seen: "READY=1" at the path, an error for the abstract name.
# Why it matters to a chat server: under a manager with an abstract socket it is never ready, and is
#   ended when the start times out.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p src
cat > Cargo.toml <<'T'
[package]
name = "ready"
version = "1.0.0"
edition = "2024"
[dependencies]
sd-notify = "=0.5.0"
T
cat > src/main.rs <<'R'
fn main() {
    match sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        Ok(()) => println!("sent"),
        Err(error) => println!("failed: {error}"),
    }
}
R
cargo build --quiet
cat > receive.py <<'P'
import os, socket, subprocess

def attempt(address, name):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.setblocking(False)
        said = subprocess.run(
            ["target/debug/ready"], env={**os.environ, "NOTIFY_SOCKET": name}, capture_output=True, text=True
        ).stdout.strip()
        try:
            got = receiver.recv(100).decode().strip()
        except BlockingIOError:
            got = "nothing"
        print(f"{name[0]}: {said}; received {got}")
        return said, got

name = f"ready-{os.getpid()}"
path = os.path.abspath("notify")
assert attempt(path, path) == ("sent", "READY=1")
assert attempt("\0" + name, "@" + name) == ("failed: No such file or directory (os error 2)", "nothing")
P
python3 receive.py
