//! Passwords for imported accounts: written to a file first, and set once the file is complete.

use std::path::Path;

use serde_json::{Value, json};

use super::Global;
use super::ask::made_up;
use super::execute::{Found, connect, existing, on_data, operator, remote};
use super::file::Making;
use super::interrupt::Interrupt;
use super::print::{Layout, Printer};
use crate::admin::secret::Secret;
use crate::admin::users::{UserPasswd, UserWithoutPassword};
use crate::admin::{Admin, Command, Failure, Output, Reply};

/// A login name and its new password.
type Given = (String, Secret);

/// Generates a password for each imported account without one, and writes login names, passwords
/// and e-mail addresses as CSV to a new file.
pub(super) fn for_all_without(global: &Global, file: &Path) -> Result<(), Failure> {
    let config = existing(global)?;
    let mut printer = Printer::new(global, Layout::One);
    let given = match connect(&config)? {
        Found::Server(stream) => {
            let mut people = Vec::new();
            remote(stream, &Command::UserWithoutPassword(UserWithoutPassword {}), &mut |reply| {
                people.extend(item(reply));
                Ok(())
            })?;
            let given = write(file, &people)?;
            let (interrupt, all) = (Interrupt::watch(), given.len());
            for (set, given) in given.into_iter().enumerate() {
                let done = interrupt.check().and_then(|()| match connect(&config)? {
                    Found::Server(stream) => remote(stream, &passwd(given), &mut |_| Ok(())),
                    Found::Nobody(_) => Err(Failure::failed("the server has stopped")),
                });
                done.map_err(|failure| in_part(failure, set, all, file))?;
                printer.progress(set as u64 + 1, all as u64);
            }
            all
        }
        Found::Nobody(_lock) => {
            let mut all = 0;
            let name = file.to_owned();
            on_data(
                config,
                false,
                async move |admin, output| {
                    let given = write(
                        &name,
                        &said(admin, Command::UserWithoutPassword(UserWithoutPassword {})).await?,
                    )?;
                    let all = given.len();
                    for (set, given) in given.into_iter().enumerate() {
                        said(admin, passwd(given))
                            .await
                            .map_err(|failure| in_part(failure, set, all, &name))?;
                        output.progress(set as u64 + 1, all as u64).await?;
                    }
                    Ok(())
                },
                &mut |reply| {
                    if let Reply::Progress { done, total } = reply {
                        all = usize::try_from(total).unwrap_or_default();
                        printer.progress(done, total);
                    }
                    Ok(())
                },
            )?;
            all
        }
    };
    // If all accounts have a password, no file is written.
    printer.item(json!({"file": (given > 0).then_some(file), "accounts": given}))?;
    printer.finish()
}

/// Writes the file, if any account has no password, and returns the generated passwords.
fn write(file: &Path, people: &[Value]) -> Result<Vec<Given>, Failure> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let mut given = Vec::with_capacity(people.len());
    let mut making = Making::begin(file)?;
    making.write(b"login,password,email\n")?;
    for person in people {
        let (login, secret) = (text(&person["name"]), made_up()?);
        making.write(
            format!("{},{},{}\n", field(login), secret.0, field(text(&person["email"]))).as_bytes(),
        )?;
        given.push((login.to_owned(), secret));
    }
    making.finish()?;
    Ok(given)
}

fn passwd((name, password): Given) -> Command {
    Command::UserPasswd(UserPasswd { name, password })
}

/// Runs a command on the data itself and returns its items.
async fn said(admin: &Admin, command: Command) -> Result<Vec<Value>, Failure> {
    let (output, mut replies) = Output::new();
    let running = async move {
        let done = admin.run(&operator(), command, &output).await;
        drop(output);
        done
    };
    let gathering = async move {
        let mut items = Vec::new();
        while let Some(reply) = replies.recv().await {
            items.extend(item(reply));
        }
        items
    };
    let (done, items) = tokio::join!(running, gathering);
    done.map(|()| items)
}

fn item(reply: Reply) -> Option<Value> {
    match reply {
        Reply::Item(item) => Some(item),
        Reply::Progress { .. } | Reply::Bytes(_) => None,
    }
}

/// The failure if only some passwords could be set.
fn in_part(failure: Failure, set: usize, all: usize, file: &Path) -> Failure {
    let Failure { kind, message } = failure;
    let message = format!(
        "{message}; the passwords of the first {set} of {all} accounts in {} were set; run it \
         again with another file for the others",
        file.display()
    );
    Failure { kind, message }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A CSV field, quoted if needed.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
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
