//! Interactive prompts: only on a terminal, and only if no option gives the answer.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::admin::secret::Secret;
use crate::admin::{Failure, identity};

/// Entropy of a generated password in bytes: 120 bits.
const GENERATED: usize = 15;

/// Options that say where a password comes from.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(super) struct PasswordSource {
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read the password from the first line of a file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Generate a password and print it on standard error, or as `password` in JSON output
    #[arg(long)]
    generate: bool,
}

impl PasswordSource {
    /// Whether the password is generated and must be shown after it was set.
    pub(super) fn is_generated(&self) -> bool {
        self.generate
    }

    /// The password; prompted for twice if no option provides it.
    pub(super) fn read(&self) -> Result<Secret, Failure> {
        if let Some(given) = given(self.password_stdin, self.password_file.as_deref())? {
            return Ok(given);
        }
        if self.generate {
            return made_up();
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::usage(
                "there is no terminal to ask for the password; add --password-stdin, \
                 --password-file or --generate",
            ));
        }
        let ask = |prompt: &str| {
            rpassword::prompt_password(prompt)
                .map_err(|error| Failure::io("cannot read the password", &error))
        };
        let first = ask("Password: ")?;
        if ask("Repeat password: ")? != first {
            return Err(Failure::usage("the passwords do not match"));
        }
        Ok(Secret(first))
    }
}

/// The password of standard input or a file, if one of them has it.
pub(super) fn given(stdin: bool, file: Option<&Path>) -> Result<Option<Secret>, Failure> {
    if stdin {
        return first_line(io::stdin().lock(), "standard input").map(Some);
    }
    file.map(from_file).transpose()
}

fn from_file(path: &Path) -> Result<Secret, Failure> {
    let what = path.display().to_string();
    let file = identity::as_caller(|| std::fs::File::open(path))
        .map_err(|error| Failure::io(&format!("cannot read {what}"), &error))?;
    first_line(io::BufReader::new(file), &what)
}

fn first_line(mut from: impl BufRead, what: &str) -> Result<Secret, Failure> {
    let mut line = String::new();
    from.read_line(&mut line)
        .map_err(|error| Failure::io(&format!("cannot read {what}"), &error))?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        Err(Failure::usage(format!(
            "the first line of {what} is empty, but must contain the password"
        )))
    } else {
        Ok(Secret(line.to_owned()))
    }
}

/// Generates a random password.
pub(super) fn made_up() -> Result<Secret, Failure> {
    // Without characters that look alike in many typefaces.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; GENERATED * 8 / 5];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::failed(format!("the operating system provides no random numbers: {error}"))
    })?;
    Ok(Secret(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()))
}

/// Options of a destructive command.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Destructive {
    /// Show what would be changed, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short = 'y')]
    pub(super) yes: bool,
}

impl Destructive {
    /// Asks for confirmation unless `--yes` was given; fails without a terminal.
    pub(super) fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Err(Failure::usage(
                "nothing was done: there is no terminal for confirmation; add --yes",
            ));
        }
        // If the prompt cannot be shown, the answer is read as no.
        drop(write!(io::stderr(), "{question} [y/N] "));
        let mut answer = String::new();
        io::stdin()
            .lock()
            .read_line(&mut answer)
            .map_err(|error| Failure::io("cannot read the answer", &error))?;
        if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
            Ok(())
        } else {
            Err(Failure::failed("nothing was done"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line() {
        assert_eq!(first_line(&b"correct horse\r\nmore"[..], "x").unwrap().0, "correct horse");
        assert!(first_line(&b"\n"[..], "x").is_err());
        let (one, other) = (made_up().unwrap().0, made_up().unwrap().0);
        assert_eq!(one.len(), 24);
        assert_ne!(one, other);
    }
}
