//! The program: parses the command line and calls one function.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Returns memory to the system soon after a peak, unlike the allocator of the C library.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    chatctl::cli::run()
}
