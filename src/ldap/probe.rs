//! Trying out a configuration step by step.

use super::ask::Bound;
use super::connection::{self, contained};
use super::{Found, Person, Unavailable, Who};
use crate::config::Ldap;

/// A step of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Connecting, with TLS if it is configured.
    Connect,
    /// Binding as the configured DN, or anonymously.
    Bind,
    /// Reading the entry of the base.
    Base,
    /// Finding the entry of a user.
    User,
    /// Finding the groups of that user.
    Groups,
    /// Binding with the password of that user.
    Password,
}

/// What a trial has found.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// The steps that worked, with what they found.
    pub done: Vec<(Step, String)>,
    /// The step that did not, and why.
    pub failed: Option<(Step, String)>,
    /// The entry of the user.
    pub person: Option<Person>,
}

/// Tries a configuration out: connects, binds and looks for a user, whose password is checked if one
/// is given. Always ends within about the configured time.
pub async fn probe(ldap: &Ldap, login: Option<String>, password: Option<String>) -> Probe {
    let (sender, mut steps) = tokio::sync::mpsc::unbounded_channel();
    let (config, mut probe) = (ldap.clone(), Probe::default());
    let tried = contained(ldap.patience(), async move {
        try_out(&config, login, password, &|step, found| {
            // Nobody listens any more if the time is over.
            drop(sender.send((step, found)));
        })
        .await
    });
    // Its end drops the sender.
    let tried = tried.await;
    let mut current = Step::Connect;
    while let Some((step, found)) = steps.recv().await {
        match found {
            Progress::Begins => current = step,
            Progress::Done(what) => probe.done.push((step, what)),
            Progress::Found(person) => probe.person = Some(person),
        }
    }
    if let Err(Unavailable(why)) = tried {
        probe.failed = Some((current, why));
    }
    probe
}

enum Progress {
    Begins,
    Done(String),
    Found(Person),
}

async fn try_out(
    ldap: &Ldap,
    login: Option<String>,
    password: Option<String>,
    tell: &(dyn Fn(Step, Progress) + Send + Sync),
) -> Result<(), Unavailable> {
    tell(Step::Connect, Progress::Begins);
    let mut connection = connection::open(ldap).await?;
    tell(Step::Connect, Progress::Done(encryption(ldap).to_owned()));

    tell(Step::Bind, Progress::Begins);
    connection.bind_as_service(ldap).await?;
    let who = ldap.bind_dn.as_deref().unwrap_or("anonymous").to_owned();
    tell(Step::Bind, Progress::Done(who));

    tell(Step::Base, Progress::Begins);
    connection.has_base(ldap).await?;
    tell(Step::Base, Progress::Done(ldap.base.clone().unwrap_or_default()));
    let Some(login) = login else { return Ok(()) };

    tell(Step::User, Progress::Begins);
    let mut person = match connection.find(ldap, &Who::Login(login)).await? {
        Found::One(person) => person,
        Found::Nobody => return Err(Unavailable::new("no entry matches user_filter")),
        Found::Several => {
            return Err(Unavailable::new("more than one entry matches user_filter"));
        }
    };
    tell(Step::User, Progress::Done(person.dn.clone()));
    tell(Step::User, Progress::Found(person.clone()));

    if ldap.needs_groups() {
        tell(Step::Groups, Progress::Begins);
        connection.find_groups(ldap, &mut person).await?;
        let groups = person.groups.len();
        tell(Step::Groups, Progress::Done(crate::model::rules::count(groups, "group")));
        tell(Step::Groups, Progress::Found(person.clone()));
    }
    let Some(password) = password else { return Ok(()) };

    tell(Step::Password, Progress::Begins);
    match connection.bind_as(&person.dn, &password).await? {
        Bound::Yes => tell(Step::Password, Progress::Done("the password is right".to_owned())),
        Bound::No(why) => {
            return Err(Unavailable::new(format!("the password is refused: {why}")));
        }
    }
    Ok(())
}

fn encryption(ldap: &Ldap) -> &'static str {
    let is_ldaps = ldap.url.as_deref().is_some_and(|url| url.starts_with("ldaps:"));
    match (is_ldaps, ldap.starttls) {
        (true, _) => "TLS",
        (false, true) => "StartTLS",
        (false, false) => "not encrypted",
    }
}
