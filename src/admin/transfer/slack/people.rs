//! Imports the users of a Slack export: the listed ones, and those that only channels and messages
//! mention.

use super::Listed;
use super::files::Files;
use super::survey::{Seen, Survey};
use super::wire::User;
use crate::admin::Failure;
use crate::admin::transfer::archive::Archive;
use crate::admin::transfer::foreign::Person;
use crate::admin::transfer::importer::Taker;
use crate::model::Timestamp;
use crate::store::transfer::Reason;

/// User id of Slackbot.
const SLACKBOT: &str = "USLACKBOT";

/// Imports all users.
pub(super) fn read(
    users: Vec<User>,
    channels: &[Listed],
    survey: &Survey,
    files: &Files,
    archive: &mut Archive,
    taker: &mut Taker<'_>,
) -> Result<(), Failure> {
    for user in users {
        if user.id.is_empty() {
            taker.report.note(
                Reason::NotUnderstood,
                format!("users.json: a user without id, {:?}", user.name),
            );
        } else if !taker.knows(&user.id) {
            let picture = files.picture(archive, &user.id);
            let mut person = person(user, survey);
            let key = person.key.clone();
            person.picture = picture.map(|_| format!("picture:{key}"));
            taker.person(person)?;
            if let Some(place) = picture {
                let bytes = archive.read(place, taker.target.max_bytes);
                taker.picture(&key, bytes.ok())?;
            }
        }
    }
    // A user of another workspace, or one who is no longer listed.
    for (id, seen) in &survey.people {
        if !id.is_empty() && !taker.knows(id) {
            taker.person(stranger(id, seen))?;
        }
    }
    for listed in channels {
        for id in listed.channel.members.iter().chain(&listed.channel.creator) {
            if !id.is_empty() && !taker.knows(id) {
                taker.person(stranger(id, &Seen::default()))?;
            }
        }
    }
    taker.flush()
}

fn person(user: User, survey: &Survey) -> Person {
    let names = [user.profile.real_name, user.real_name, user.profile.display_name];
    let name = names.into_iter().flatten().find(|name| !name.trim().is_empty()).unwrap_or_default();
    let bot = user.is_bot || user.id == SLACKBOT;
    let created =
        survey.people.get(&user.id).and_then(|seen| seen.first).unwrap_or_else(Timestamp::now);
    Person {
        key: user.id,
        login: user.name,
        name,
        email: user.profile.email,
        disabled: user.deleted,
        admin: (user.is_admin || user.is_owner) && !user.deleted,
        guest: user.is_restricted || user.is_ultra_restricted,
        bot,
        created,
        ..Person::default()
    }
}

/// A user who is only mentioned by a message or a channel.
fn stranger(id: &str, seen: &Seen) -> Person {
    let login = seen.login.clone().unwrap_or_else(|| format!("user-{}", id.to_lowercase()));
    Person {
        key: id.to_owned(),
        name: seen.name.clone().unwrap_or_else(|| login.clone()),
        login,
        disabled: true,
        bot: seen.bot,
        stranger: true,
        created: seen.first.unwrap_or_else(Timestamp::now),
        ..Person::default()
    }
}
