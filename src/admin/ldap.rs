//! Commands on the LDAP directory: trying the configuration out, and comparing accounts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::database::verdict;
use super::outcome::Failure;
use super::secret::Secret;
use super::{Call, items};
use crate::chat::{AccountOutlook, Outlook};
use crate::config::Ldap;
use crate::ldap::{Person, Probe, Step, probe};

/// Try the LDAP directory of the configuration file out, loaded or not, step by step; with a name,
/// also what a log-in would find.
/// Nothing is changed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LdapTest {
    /// A name as it is typed at log-in.
    #[serde(default)]
    pub name: Option<String>,
    /// Its password, to be checked too.
    #[serde(default)]
    pub password: Option<Secret>,
}

impl LdapTest {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let (config, unloaded) = call.admin.configuration_on_disk("ldap").await?;
        let ldap = configured(&config.ldap)?;
        let mut rows = Rows { call, problems: 0 };
        if !unloaded.is_empty() {
            let found = format!(
                "as it is on disk; the running server has not loaded {} yet: chatctl reload",
                unloaded.join(", ")
            );
            rows.tell("configuration", true, &found).await?;
        }
        let tried = self.probe(ldap).await?;
        for step in steps(ldap, &tried) {
            rows.tell(&step.step, step.ok, &step.found).await?;
        }
        if let Probe { person: Some(person), failed: None, .. } = &tried {
            let outlook = call.admin.chat().directory_outlook(call.operator, person).await?;
            rows.outlook(&outlook, person).await?;
        }
        verdict(rows.problems)
    }
}

impl LdapTest {
    async fn probe(self, ldap: &Ldap) -> Result<Probe, Failure> {
        let password = self.password.map(|password| password.0);
        if password.is_some() && self.name.is_none() {
            return Err(Failure::usage("a password can only be checked with a name"));
        }
        Ok(probe(ldap, self.name, password).await)
    }

    /// Tries a configuration out that no server uses: the accounts are not looked at. Blocks.
    pub fn try_apart(self, ldap: &Ldap) -> Result<Vec<items::LdapStep>, Failure> {
        let ldap = configured(ldap)?;
        let runtime = tokio::runtime::Runtime::new();
        let runtime = runtime.map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
        let tried = runtime.block_on(self.probe(ldap))?;
        Ok(steps(ldap, &tried))
    }
}

/// The steps of a trial, with what the entry of the user says.
fn steps(ldap: &Ldap, tried: &Probe) -> Vec<items::LdapStep> {
    let mut all = Vec::new();
    for (step, found) in &tried.done {
        all.push(items::LdapStep::new(named(*step), true, found));
        if *step == Step::User
            && let Some(person) = &tried.person
        {
            all.extend(entry(ldap, person));
        }
    }
    let failed = tried.failed.iter();
    all.extend(failed.map(|(step, why)| items::LdapStep::new(named(*step), false, why)));
    all
}

/// What the entry of a user says.
fn entry(ldap: &Ldap, person: &Person) -> Vec<items::LdapStep> {
    let mut all = vec![items::LdapStep::new("id", true, &person.id)];
    for (step, value, attribute) in [
        ("login name", &person.login, &ldap.login_attribute),
        ("display name", &person.name, &ldap.name_attribute),
        ("e-mail", &person.email, &ldap.email_attribute),
    ] {
        let none = || format!("none: the entry has no attribute {attribute}");
        all.push(items::LdapStep::new(step, true, &value.clone().unwrap_or_else(none)));
    }
    all
}

/// Compare the accounts that are linked to the LDAP directory with their entries now, as the server
/// does at the interval of `[ldap] recheck_minutes`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LdapSync {}

impl LdapSync {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        configured(&call.admin.0.parts.config.get().ldap)?;
        let synced = call.admin.chat().sync_directory(call.operator).await;
        for one in synced.map_err(|why| Failure::failed(why.to_string()))? {
            let item = items::LdapSynced {
                name: one.login,
                entry: one.found,
                sessions_ended: one.sessions_ended,
            };
            call.output.item(item).await?;
        }
        Ok(())
    }
}

fn configured(ldap: &Ldap) -> Result<&Ldap, Failure> {
    if ldap.is_on() {
        Ok(ldap)
    } else {
        Err(Failure::usage("no LDAP directory is configured; set url and base in [ldap]"))
    }
}

fn named(step: Step) -> &'static str {
    match step {
        Step::Connect => "connect",
        Step::Bind => "bind",
        Step::Base => "base",
        Step::User => "entry",
        Step::Groups => "groups",
        Step::Password => "password",
    }
}

/// The rows of the output.
struct Rows<'a> {
    call: Call<'a>,
    problems: usize,
}

impl Rows<'_> {
    async fn tell(&mut self, step: &str, ok: bool, found: &str) -> Result<(), Failure> {
        self.problems += usize::from(!ok);
        self.call.output.item(items::LdapStep::new(step, ok, found)).await
    }

    async fn outlook(&mut self, outlook: &Outlook, person: &Person) -> Result<(), Failure> {
        for group in &person.groups {
            self.tell("group", true, group).await?;
        }
        let admin = match outlook.admin {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not decided by the directory: [ldap] administrators is empty",
        };
        self.tell("administrator", true, admin).await?;
        for (room, exists) in &outlook.rooms {
            let found = if *exists {
                room.clone()
            } else {
                format!("{room:?} does not exist, or not once")
            };
            self.tell("room", *exists, &found).await?;
        }
        let (ok, found) = account(&outlook.account, person);
        self.tell("account", ok, &found).await
    }
}

fn account(outlook: &AccountOutlook, person: &Person) -> (bool, String) {
    match outlook {
        AccountOutlook::Linked { login, disabled: false } => (true, format!("{login}, linked")),
        AccountOutlook::Linked { login, disabled: true } => (
            false,
            format!("{login}, linked, but disabled; enable it: chatctl user enable {login}"),
        ),
        AccountOutlook::Created(login) => {
            (true, format!("{login}, which is created at the first log-in"))
        }
        AccountOutlook::NotLinked => (
            false,
            format!(
                "none is linked, and create_accounts is false; link one: chatctl user link NAME \
                 --ldap {}",
                person.id
            ),
        ),
        AccountOutlook::Taken(login) => (
            false,
            format!(
                "{login} has a password of its own; link it: chatctl user link {login} --ldap {}",
                person.id
            ),
        ),
        AccountOutlook::Impossible(why) => (false, format!("none: the entry {why}")),
    }
}
