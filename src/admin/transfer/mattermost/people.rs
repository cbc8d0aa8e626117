//! Imports users and bots, including those that are no longer listed.

use super::has_role;
use super::input::Input;
use super::survey::{Seen, Survey};
use super::wire::{Bot, User};
use crate::admin::Failure;
use crate::admin::transfer::foreign::Person;
use crate::admin::transfer::importer::Taker;
use crate::model::Timestamp;

/// Imports all users.
pub(super) fn read(
    survey: &Survey,
    input: &mut Input,
    taker: &mut Taker<'_>,
) -> Result<(), Failure> {
    for user in &survey.users {
        if !taker.knows(&user.username) {
            take(person(user, survey), user.profile_image.as_deref(), input, taker)?;
        }
    }
    for bot in &survey.bots {
        if !taker.knows(&bot.username) {
            take(program(bot, survey), bot.profile_image.as_deref(), input, taker)?;
        }
    }
    for (key, seen) in &survey.people {
        if !taker.knows(key) {
            taker.person(stranger(key, Some(seen)))?;
        }
    }
    for name in survey.direct.values().flat_map(|direct| &direct.members) {
        if !taker.knows(name) {
            taker.person(stranger(name, None))?;
        }
    }
    taker.flush()
}

/// Imports a user, with the profile picture if the export contains it.
fn take(
    mut person: Person,
    picture: Option<&str>,
    input: &mut Input,
    taker: &mut Taker<'_>,
) -> Result<(), Failure> {
    let found = picture.filter(|path| !path.is_empty()).and_then(|path| input.find(path));
    let key = person.key.clone();
    person.picture = found.map(|_| format!("picture:{key}"));
    taker.person(person)?;
    let (Some(place), Some(archive)) = (found, &mut input.archive) else { return Ok(()) };
    let bytes = archive.read(place, taker.target.max_bytes);
    taker.picture(&key, bytes.ok())
}

fn person(user: &User, survey: &Survey) -> Person {
    let full = [&user.first_name, &user.last_name]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let nickname = user.nickname.clone().filter(|name| !name.trim().is_empty());
    let created =
        if user.create_at > 0 { Timestamp(user.create_at) } else { first(&user.username, survey) };
    Person {
        key: user.username.clone(),
        login: user.username.clone(),
        name: nickname.unwrap_or(full),
        email: user.email.clone(),
        disabled: user.delete_at > 0 || user.deleted_at > 0,
        admin: has_role(&user.roles, "system_admin"),
        guest: has_role(&user.roles, "system_guest"),
        created,
        ..Person::default()
    }
}

fn program(bot: &Bot, survey: &Survey) -> Person {
    Person {
        key: bot.username.clone(),
        login: bot.username.clone(),
        name: bot.display_name.clone().unwrap_or_default(),
        disabled: true,
        bot: true,
        created: first(&bot.username, survey),
        ..Person::default()
    }
}

/// A user who is only mentioned by a post or a conversation.
fn stranger(key: &str, seen: Option<&Seen>) -> Person {
    let name = seen.map_or(key, |seen| &seen.name);
    Person {
        key: key.to_owned(),
        login: name.to_owned(),
        name: name.to_owned(),
        disabled: true,
        bot: seen.is_some_and(|seen| seen.bot),
        stranger: true,
        created: seen.map_or_else(Timestamp::now, |seen| seen.first),
        ..Person::default()
    }
}

fn first(name: &str, survey: &Survey) -> Timestamp {
    survey.people.get(name).map_or_else(Timestamp::now, |seen| seen.first)
}
