//! Sets the commit and the target shown by the binary, and rebuilds when a file is added to
//! `assets/`.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=assets");
    let target = std::env::var("TARGET").unwrap_or_else(|_| "unknown".to_owned());
    println!("cargo::rustc-env=CHATCTL_TARGET={target}");
    println!("cargo::rerun-if-env-changed=CHATCTL_COMMIT");
    if let Some(commit) = std::env::var("CHATCTL_COMMIT").ok().or_else(checked_out) {
        println!("cargo::rustc-env=CHATCTL_COMMIT={commit}");
    }
}

/// Returns the commit of the checkout, if there is one. Only optimized builds depend on it:
/// otherwise each commit would recompile the others.
fn checked_out() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}
