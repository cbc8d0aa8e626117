//! `chatctl user`: accounts and their sessions.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use serde_json::Value;

use super::ask::{Destructive, PasswordSource};
use super::print::{Format, Layout, note};
use super::{Global, execute, init, passwords, person, token};
use crate::admin::identities::{UserEmail, UserLink, UserUnlink};
use crate::admin::reset_link::UserResetLink;
use crate::admin::secret::Secret;
use crate::admin::users::{
    UserCreate, UserDemote, UserDisable, UserEnable, UserList, UserLogout, UserMark, UserPasswd,
    UserPromote, UserRename, UserResetSecondFactor, UserSessions, UserShow,
};
use crate::admin::{Command, Failure, Kind};

/// Verbs of `chatctl user`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl user create ann --admin --generate\n  chatctl user \
                        list -o jsonl | jq -r 'select(.disabled) | .name'")]
pub(super) enum Verb {
    /// List all accounts
    List,
    /// Show an account
    Show {
        /// Login name
        name: String,
    },
    /// Create an account
    Create(Create),
    /// Set the password of an account and end its sessions
    Passwd {
        /// Login name
        #[arg(required_unless_present = "all_without")]
        name: Option<String>,
        #[command(flatten)]
        password: PasswordSource,
        /// Generate a password for every imported account that has none, and write them to a file
        #[arg(long, conflicts_with = "name", requires = "generate", requires = "to")]
        all_without: bool,
        /// New file for login names, passwords and e-mail addresses (CSV), readable by its owner
        /// only
        #[arg(long, value_name = "FILE", requires = "all_without")]
        to: Option<PathBuf>,
    },
    /// Create a link with which the user of an account sets a new password, once
    ResetLink {
        /// Login name
        name: String,
        /// Time until the link ends, at most 7d
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = token::life)]
        expires: Duration,
    },
    /// Turn off two-step login for an account whose user has lost the app and the recovery codes
    ResetSecondFactor {
        /// Login name
        name: String,
    },
    /// Change the display name of an account; the login name never changes
    Rename {
        /// Login name
        name: String,
        /// New display name
        to: String,
    },
    /// Set or remove the e-mail address of an account
    Email {
        /// Login name
        name: String,
        /// New address
        address: Option<String>,
        /// Remove the address
        #[arg(long, conflicts_with = "address")]
        remove: bool,
    },
    /// Link an account to its user in another system, who can then log in through that system
    #[command(group(clap::ArgGroup::new("system").required(true).args(["oidc", "ldap"])))]
    Link {
        /// Login name
        name: String,
        /// Subject (claim sub) of the person at the provider of `[oidc]`
        #[arg(long, value_name = "SUBJECT")]
        oidc: Option<String>,
        /// Id of the entry in the directory of `[ldap]`, which `chatctl ldap test` shows
        #[arg(long, value_name = "ID")]
        ldap: Option<String>,
    },
    /// Unlink an account from other systems, by default from all; its sessions stay
    Unlink {
        /// Login name
        name: String,
        /// Only from the providers of OpenID Connect
        #[arg(long)]
        oidc: bool,
        /// Only from the LDAP directory
        #[arg(long)]
        ldap: bool,
    },
    /// Disable an account and end its sessions
    Disable {
        /// Login name
        name: String,
        /// Do not ask for confirmation, even for the last administrator
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Enable a disabled account
    Enable {
        /// Login name
        name: String,
    },
    /// Delete an account; its messages in rooms with others stay, without an author
    Delete {
        /// Login name
        name: String,
        /// Succeed if it does not exist
        #[arg(long)]
        if_exists: bool,
        #[command(flatten)]
        destructive: Destructive,
    },
    /// Erase a person: the account, the content of all its messages, its reactions and files; if
    /// interrupted, run it again
    Erase {
        /// Login name
        name: String,
        /// Succeed if it does not exist
        #[arg(long)]
        if_exists: bool,
        #[command(flatten)]
        destructive: Destructive,
    },
    /// Export everything of one person to a ZIP file; the access is logged
    Export {
        /// Login name
        name: String,
        /// Output file; standard output for -
        file: PathBuf,
    },
    /// Grant the administrator role
    Promote {
        /// Login name
        name: String,
    },
    /// Remove the administrator role
    Demote {
        /// Login name
        name: String,
        /// Do not ask for confirmation, even for the last administrator
        #[arg(long, short = 'y')]
        yes: bool,
    },
    /// Mark an account as a bot or a guest; guests see only the rooms they were added to
    Mark(Mark),
    /// List the sessions of an account
    Sessions {
        /// Login name
        name: String,
    },
    /// End one session of an account, or all, and close their connections
    Logout {
        /// Login name
        name: String,
        /// End only this session
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
    /// Display name (default: the login name)
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// E-mail address
    #[arg(long)]
    email: Option<String>,
    /// Grant the administrator role
    #[arg(long)]
    admin: bool,
    /// Succeed if it exists, and leave it and its password unchanged
    #[arg(long)]
    if_not_exists: bool,
    /// Create the data directory if it does not exist
    #[arg(long, requires = "admin")]
    init: bool,
    /// With --init: start with an empty database even if uploads, logs or backups exist
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
    /// Mark the account as a bot
    #[arg(long)]
    bot: bool,
    /// Remove the bot mark
    #[arg(long, conflicts_with = "bot")]
    no_bot: bool,
    /// Mark the account as a guest: a plain member, only in rooms it was added to
    #[arg(long)]
    guest: bool,
    /// Remove the guest mark
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

/// Key of the table column for admin, guest, bot and disabled.
const MARKS: &str = "marks";
const COLUMNS: Layout = Layout::List(&[
    ("name", "name"),
    ("display name", "display_name"),
    ("e-mail", "email"),
    ("marks", MARKS),
    ("last seen", "last_seen"),
]);
/// Columns of `bot list`.
pub(super) const BOTS: Layout = Layout::List(&[
    ("name", "name"),
    ("display name", "display_name"),
    ("marks", MARKS),
    ("created", "created"),
]);
const SESSIONS: Layout = Layout::List(&[
    ("id", "id"),
    ("device", "device"),
    ("address", "address"),
    ("last seen", "last_seen"),
    ("expires", "expires"),
    ("push", "push"),
]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    let (command, layout) = match verb {
        Verb::List => return list_of(global, &Command::UserList(UserList {}), COLUMNS),
        Verb::Show { name } => (Command::UserShow(UserShow { name }), Layout::One),
        Verb::Create(create) => return self::create(global, create),
        Verb::Passwd { to: Some(file), .. } => return passwords::for_all_without(global, &file),
        Verb::Passwd { name, password, .. } => return passwd(global, name, &password),
        Verb::ResetLink { name, expires } => {
            let expires_seconds = Some(expires.as_secs());
            let command = Command::UserResetLink(UserResetLink { name, expires_seconds });
            return token::show_once(global, &command, "The link works once.");
        }
        Verb::ResetSecondFactor { name } => {
            (Command::UserResetSecondFactor(UserResetSecondFactor { name }), Layout::One)
        }
        Verb::Rename { name, to } => (Command::UserRename(UserRename { name, to }), Layout::One),
        Verb::Email { name, address, remove } => (email(name, address, remove)?, Layout::One),
        Verb::Link { name, oidc, ldap } => {
            (Command::UserLink(UserLink { name, oidc, ldap }), Layout::One)
        }
        Verb::Unlink { name, oidc, ldap } => {
            (Command::UserUnlink(UserUnlink { name, oidc, ldap }), Layout::One)
        }
        Verb::Disable { name, yes } => {
            person::last_administrator(global, &name, yes)?;
            (Command::UserDisable(UserDisable { name }), Layout::One)
        }
        Verb::Enable { name } => (Command::UserEnable(UserEnable { name }), Layout::One),
        Verb::Delete { name, if_exists, destructive } => {
            return person::delete(global, &name, if_exists, &destructive);
        }
        Verb::Erase { name, if_exists, destructive } => {
            return person::erase(global, &name, if_exists, &destructive);
        }
        Verb::Export { name, file } => return person::export(global, name, &file),
        Verb::Promote { name } => (Command::UserPromote(UserPromote { name }), Layout::One),
        Verb::Demote { name, yes } => {
            person::last_administrator(global, &name, yes)?;
            (Command::UserDemote(UserDemote { name }), Layout::One)
        }
        Verb::Mark(Mark { name, marks: Marks { bot, no_bot, guest, no_guest } }) => {
            let switch = |on: bool, off: bool| (on || off).then_some(on);
            (
                Command::UserMark(UserMark {
                    name,
                    bot: switch(bot, no_bot),
                    guest: switch(guest, no_guest),
                }),
                Layout::One,
            )
        }
        Verb::Sessions { name } => (Command::UserSessions(UserSessions { name }), SESSIONS),
        Verb::Logout { name, session } => {
            (Command::UserLogout(UserLogout { name, session }), Layout::One)
        }
    };
    execute::run(global, &command, layout)
}

fn email(name: String, email: Option<String>, remove: bool) -> Result<Command, Failure> {
    if email.is_none() && !remove {
        let why = "give the new address, or --remove to remove the address of the account";
        return Err(Failure::usage(why));
    }
    Ok(Command::UserEmail(UserEmail { name, email }))
}

fn passwd(global: &Global, name: Option<String>, source: &PasswordSource) -> Result<(), Failure> {
    let password = source.read()?;
    let name = name.unwrap_or_default();
    let command = Command::UserPasswd(UserPasswd { name, password: password.clone() });
    set_password(global, &command, source.is_generated().then_some(&password))
}

fn create(global: &Global, create: Create) -> Result<(), Failure> {
    let Create { name, display_name, email, admin, if_not_exists, init, new, password } = create;
    if init {
        init::data_directory(global, new)?;
    }
    // Do not ask for the password of an account that is left unchanged.
    if if_not_exists {
        let found =
            execute::run(global, &Command::UserShow(UserShow { name: name.clone() }), Layout::One);
        let missing = matches!(&found, Err(failure) if failure.kind == Kind::NotFound);
        if !(missing && execute::existing(global).is_ok()) {
            return found;
        }
    }
    let secret = password.read()?;
    let command = Command::UserCreate(UserCreate {
        name,
        password: secret.clone(),
        display_name,
        email,
        admin,
        if_not_exists,
    });
    set_password(global, &command, password.is_generated().then_some(&secret))
}

/// Prints the accounts that a command lists.
pub(super) fn list_of(global: &Global, command: &Command, columns: Layout) -> Result<(), Failure> {
    let table = global.output == Format::Table;
    execute::run_with(global, command, columns, &mut |item| {
        if table {
            item[MARKS] = marks(item);
        }
    })
}

/// The marks of an account, one word each; null if it has none.
fn marks(account: &Value) -> Value {
    let set = ["admin", "guest", "bot", "disabled"].into_iter();
    let set: Vec<&str> = set.filter(|mark| account[*mark] == true).collect();
    if set.is_empty() { Value::Null } else { set.join(", ").into() }
}

/// Shows a generated password only after it was set.
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
