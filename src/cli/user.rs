//! `chatctl user`: accounts and where they are signed in.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::Value;

use super::ask::{Destructive, PasswordSource};
use super::print::{Format, Layout, cell, note};
use super::{Global, execute, init, passwords};
use crate::admin::command::Secret;
use crate::admin::{Command, Failure, Kind};

/// What to do with accounts.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl user create ann --admin --generate\n  chatctl user \
                        list -o jsonl | jq -r 'select(.disabled) | .name'")]
pub(super) enum Verb {
    /// List all accounts
    List,
    /// Show one account
    Show {
        /// Login name
        name: String,
    },
    /// Make an account
    Create(Create),
    /// Set another password; ends all sessions of the account
    #[command(after_help = "Examples:\n  chatctl user passwd ann --generate\n  chatctl user \
                            passwd --all-without --generate --to passwords.csv")]
    Passwd {
        /// Login name
        #[arg(required_unless_present = "all_without")]
        name: Option<String>,
        #[command(flatten)]
        password: PasswordSource,
        /// Give every imported account that has no password yet one, and write them to a file
        #[arg(long, conflicts_with = "name", requires = "generate", requires = "to")]
        all_without: bool,
        /// New file for login names, passwords and e-mail addresses (CSV), readable by its owner
        /// only
        #[arg(long, value_name = "FILE", requires = "all_without")]
        to: Option<PathBuf>,
    },
    /// Give another display name; the login name never changes
    Rename {
        /// Login name
        name: String,
        /// Display name
        to: String,
    },
    /// Disable an account and end its sessions
    Disable {
        /// Login name
        name: String,
        /// Do not ask, even for the last administrator
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Let them log in again
    Enable {
        /// Login name
        name: String,
    },
    /// Delete an account; its messages in rooms with others stay, without their author
    Delete {
        /// Login name
        name: String,
        /// One that is not there is no failure
        #[arg(long)]
        if_exists: bool,
        #[command(flatten)]
        destructive: Destructive,
    },
    /// Let them administer the server
    Promote {
        /// Login name
        name: String,
    },
    /// Remove the administrator role
    Demote {
        /// Login name
        name: String,
        /// Do not ask, even for the last administrator
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Mark an account as a bot or a guest; guests see and enter only the rooms they are in
    Mark(Mark),
    /// List where they are signed in
    Sessions {
        /// Login name
        name: String,
    },
    /// End a session, or all; their sockets close
    Logout {
        /// Login name
        name: String,
        /// Only this session
        #[arg(long, value_name = "ID")]
        session: Option<i64>,
    },
}

/// Options of `user create`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct Create {
    /// Login name
    name: String,
    /// Display name; the login name when left out
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// E-mail address
    #[arg(long)]
    email: Option<String>,
    /// May administer the server
    #[arg(long)]
    admin: bool,
    /// One that is there already is left as it is, its password too
    #[arg(long)]
    if_not_exists: bool,
    /// Make the data directory when it is not there
    #[arg(long, requires = "admin")]
    init: bool,
    /// With --init: begin with an empty database although uploads, logs or backups are there
    #[arg(long, requires = "init")]
    new: bool,
    #[command(flatten)]
    password: PasswordSource,
}

/// Options of `user mark`.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct Marks {
    /// Show the account as a program
    #[arg(long)]
    bot: bool,
    /// Show it as a person again
    #[arg(long, conflicts_with = "bot")]
    no_bot: bool,
    /// Keep the account to the rooms it is in, as a member
    #[arg(long)]
    guest: bool,
    /// Let it see public rooms and everybody again
    #[arg(long, conflicts_with = "guest")]
    no_guest: bool,
}

/// Arguments of `user mark`.
#[derive(Debug, clap::Args)]
pub(super) struct Mark {
    /// Login name
    name: String,
    #[command(flatten)]
    marks: Marks,
}

/// What an account is beside a usual one, in a column of tables.
const MARKS: &str = "marks";
const COLUMNS: Layout = Layout::List(&[
    ("name", "name"),
    ("display name", "display_name"),
    ("e-mail", "email"),
    ("marks", MARKS),
    ("created", "created"),
]);
const SESSIONS: Layout = Layout::List(&[
    ("id", "id"),
    ("device", "device"),
    ("address", "address"),
    ("last seen", "last_seen"),
    ("expires", "expires"),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let (command, layout) = match verb {
        Verb::List => return list(global),
        Verb::Show { name } => (Command::UserShow { name }, Layout::One),
        Verb::Create(create) => return self::create(global, create),
        Verb::Passwd { to: Some(file), .. } => return passwords::for_all_without(global, &file),
        Verb::Passwd { name, password: source, .. } => {
            let password = source.read()?;
            let command =
                Command::UserPasswd { name: name.unwrap_or_default(), password: password.clone() };
            return set_password(global, &command, source.is_generated().then_some(&password));
        }
        Verb::Rename { name, to } => (Command::UserRename { name, to }, Layout::One),
        Verb::Disable { name, yes } => {
            last_administrator(global, &name, yes)?;
            (Command::UserDisable { name }, Layout::One)
        }
        Verb::Enable { name } => (Command::UserEnable { name }, Layout::One),
        Verb::Delete { name, if_exists, destructive } => {
            return delete(global, &name, if_exists, &destructive);
        }
        Verb::Promote { name } => (Command::UserPromote { name }, Layout::One),
        Verb::Demote { name, yes } => {
            last_administrator(global, &name, yes)?;
            (Command::UserDemote { name }, Layout::One)
        }
        Verb::Mark(Mark { name, marks: Marks { bot, no_bot, guest, no_guest } }) => {
            let switch = |on: bool, off: bool| (on || off).then_some(on);
            (
                Command::UserMark {
                    name,
                    bot: switch(bot, no_bot),
                    guest: switch(guest, no_guest),
                },
                Layout::One,
            )
        }
        Verb::Sessions { name } => (Command::UserSessions { name }, SESSIONS),
        Verb::Logout { name, session } => (Command::UserLogout { name, session }, Layout::One),
    };
    execute::run(global, &command, layout)
}

fn create(global: &Global, create: Create) -> Result<(), Failure> {
    let Create { name, display_name, email, admin, if_not_exists, init, new, password } = create;
    if init {
        init::data_directory(global, new)?;
    }
    // Nobody is asked for the password of an account that is left as it is.
    if if_not_exists {
        let found = execute::run(global, &Command::UserShow { name: name.clone() }, Layout::One);
        let missing = matches!(&found, Err(failure) if failure.kind == Kind::NotFound);
        if !(missing && execute::existing(global).is_ok()) {
            return found;
        }
    }
    let secret = password.read()?;
    let command = Command::UserCreate {
        name,
        password: secret.clone(),
        display_name,
        email,
        admin,
        if_not_exists,
    };
    set_password(global, &command, password.is_generated().then_some(&secret))
}

fn list(global: &Global) -> Result<(), Failure> {
    let table = global.output == Format::Table;
    execute::run_with(global, &Command::UserList {}, COLUMNS, &mut |item| {
        if table {
            item[MARKS] = marks(item);
        }
    })
}

/// The marks of an account, in one word each; null: it has none.
fn marks(account: &Value) -> Value {
    let set = ["admin", "guest", "bot", "disabled"].into_iter();
    let set: Vec<&str> = set.filter(|mark| account[*mark] == true).collect();
    if set.is_empty() { Value::Null } else { set.join(", ").into() }
}

/// A generated password is told when it is that of the account, and never before.
fn set_password(
    global: &Global,
    command: &Command,
    generated: Option<&Secret>,
) -> Result<(), Failure> {
    let Some(Secret(password)) = generated else {
        return execute::run(global, command, Layout::One);
    };
    let table = global.output == Format::Table;
    execute::run_with(global, command, Layout::One, &mut |item| {
        if !table {
            item["password"] = Value::from(password.as_str());
        }
    })?;
    if table {
        note(&format!("Password: {password}"));
    }
    Ok(())
}

/// Without an administrator nobody can administer the server over the web or the API: asks before.
fn last_administrator(global: &Global, name: &str, yes: bool) -> Result<(), Failure> {
    if yes || !is_last_administrator(global, name)? {
        return Ok(());
    }
    note(&format!(
        "{name} is the last administrator: nobody else could administer the server in the web UI. \
         Make another first: chatctl user promote NAME"
    ));
    Destructive::default().confirm("Do it all the same?")
}

fn is_last_administrator(global: &Global, name: &str) -> Result<bool, Failure> {
    let acts = |user: &Value| user["admin"] == true && user["disabled"] == false;
    let shown = match execute::ask(global, &Command::UserShow { name: name.to_owned() }) {
        // Whoever does what was asked for says that.
        Err(failure) if failure.kind == Kind::NotFound => return Ok(false),
        shown => shown?,
    };
    let Some(user) = shown.first().filter(|user| acts(user)) else { return Ok(false) };
    Ok(!execute::ask(global, &Command::UserList {})?
        .iter()
        .any(|other| acts(other) && other["name"] != user["name"]))
}

fn delete(
    global: &Global,
    name: &str,
    if_exists: bool,
    destructive: &Destructive,
) -> Result<(), Failure> {
    let command = |dry_run| Command::UserDelete { name: name.to_owned(), dry_run, if_exists };
    if !destructive.dry_run && !destructive.yes {
        let Some(going) = execute::ask(global, &command(true))?.pop() else { return Ok(()) };
        note(&leaving(&going));
        if is_last_administrator(global, name)? {
            note(&format!(
                "{name} is the last administrator: nobody else could administer the server in the \
                 web UI."
            ));
        }
        destructive.confirm("Delete the account?")?;
    }
    execute::run(global, &command(destructive.dry_run), Layout::One)
}

fn leaving(going: &Value) -> String {
    let of = |key: &str| cell(&going[key]);
    format!(
        "{}: leaves {} rooms; {} rooms with nobody else go with {} messages; {} sessions end.",
        of("name"),
        of("rooms_left"),
        of("rooms_deleted"),
        of("messages_deleted"),
        of("sessions_ended")
    )
}
