//! Questions to whoever sits there: only on a terminal, and never where an option has answered.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::admin::command::Secret;
use crate::admin::{Failure, identity};

/// Random bytes of a password that is made up: 120 bits.
const GENERATED: usize = 15;

/// Where a password comes from.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(super) struct PasswordSource {
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read the password from the first line of a file
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Generate a password and print it once it is set: on standard error, or as `password` in
    /// JSON output
    #[arg(long)]
    generate: bool,
}

impl PasswordSource {
    /// Whether the password is made up, and must be told once it is that of the account.
    pub(super) fn is_generated(&self) -> bool {
        self.generate
    }

    /// The password, asked for twice where no option says otherwise.
    pub(super) fn read(&self) -> Result<Secret, Failure> {
        if self.password_stdin {
            return first_line(io::stdin().lock(), "standard input");
        }
        if let Some(path) = &self.password_file {
            return from_file(path);
        }
        if self.generate {
            return made_up();
        }
        if !io::stdin().is_terminal() {
            return Err(Failure::usage(
                "no terminal to ask for the password on; give --password-stdin, --password-file \
                 or --generate",
            ));
        }
        let ask = |words: &str| {
            rpassword::prompt_password(words)
                .map_err(|error| Failure::io("cannot read the password", &error))
        };
        let first = ask("Password: ")?;
        if ask("The same again: ")? != first {
            return Err(Failure::usage("the two are not the same"));
        }
        Ok(Secret(first))
    }
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
        Err(Failure::usage(format!("{what} holds no password")))
    } else {
        Ok(Secret(line.to_owned()))
    }
}

/// A password that nobody has thought of.
pub(super) fn made_up() -> Result<Secret, Failure> {
    // Without those that look alike in many typefaces.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; GENERATED * 8 / 5];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::failed(format!("the operating system gives no random numbers: {error}"))
    })?;
    Ok(Secret(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()))
}

/// Options of a command that takes away.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Destructive {
    /// Say what would go, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do not ask
    #[arg(long, short = 'y')]
    pub(super) yes: bool,
}

impl Destructive {
    /// Asks, unless that was answered; without a terminal only `--yes` is an answer.
    pub(super) fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return Err(Failure::usage(
                "nothing was done: without a terminal to ask on, --yes must be given",
            ));
        }
        // A prompt that cannot be shown is answered with no below.
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
