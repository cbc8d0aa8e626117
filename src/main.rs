//! The program: parses the command line and calls one function.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Gives memory back to the system soon after a peak; that of the C library keeps what it once had.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    chatctl::cli::run()
}
