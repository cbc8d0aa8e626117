//! Passwords for everybody who has come by an import: written to a file first, and set only when it is whole.

use std::path::Path;

use serde_json::{Value, json};

use super::ask::made_up;
use super::file::Making;
use super::interrupt::Interrupt;
use super::print::{Layout, Printer, note};
use super::{Global, carry};
use crate::admin::{Command, Failure};

/// Gives each imported account without a password one, and writes login names, passwords and e-mail addresses as CSV to a new file.
pub(super) fn for_all_without(global: &Global, file: &Path) -> Result<(), Failure> {
    let people = carry::ask(global, &Command::UserWithoutPassword {})?;
    if people.is_empty() {
        note("Nobody is without a password.");
        return Ok(());
    }
    let interrupt = Interrupt::watch()?;
    let mut secrets = Vec::with_capacity(people.len());
    let mut making = Making::begin(file)?;
    making.write(b"login,password,email\n")?;
    for person in &people {
        let (login, secret) = (text(&person["name"]), made_up()?);
        making.write(format!("{},{},{}\n", field(login), secret.0, field(text(&person["email"]))).as_bytes())?;
        secrets.push((login, secret));
    }
    making.finish()?;
    let mut printer = Printer::new(global.output, Layout::One);
    let (mut set, all) = (0, people.len() as u64);
    for (login, password) in secrets {
        let command = Command::UserPasswd { name: login.to_owned(), password };
        let done = interrupt.check().and_then(|()| carry::carry_out(global, &command, &mut |_| Ok(())));
        done.map_err(|failure| Failure {
            message: format!(
                "{failure}; the first {set} of {all} accounts in {} have their passwords, run it again with another file for the others",
                file.display()
            ),
            ..failure
        })?;
        set += 1;
        printer.progress(set, all);
    }
    printer.item(json!({"file": file, "accounts": set}))?;
    printer.finish()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A field of CSV.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(field("ann"), "ann");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
