//! A Mattermost bulk export: what it holds of people and channels first, then its posts and their
//! replies in the order of their times.

mod input;
mod people;
mod posts;
mod rooms;
mod survey;
mod wire;

pub(super) use self::input::Input;

use self::posts::Posts;
use self::survey::Survey;
use super::importer::Taker;
use crate::admin::Failure;

/// Takes a whole export in.
pub(super) fn read(mut input: Input, taker: &mut Taker<'_>) -> Result<(), Failure> {
    let mut survey = Survey::make(&mut input, taker)?;
    people::read(&survey, &mut input, taker)?;
    rooms::read(&survey, taker)?;
    let mut entries = std::mem::take(&mut survey.entries);
    entries.sort_unstable();
    let mut posts = Posts::new(input, taker);
    for entry in entries {
        posts.take(entry)?;
    }
    Ok(())
}

/// Direct channels have no name; they are who is in them.
fn direct_key(members: &[String]) -> String {
    let mut members: Vec<&str> = members.iter().map(String::as_str).collect();
    members.sort_unstable();
    members.dedup();
    format!("direct:{}", members.join(","))
}

fn channel_key(team: &str, channel: &str) -> String {
    format!("{team}/{channel}")
}

/// Whether one of the roles, which are separated by spaces, is this.
fn has_role(roles: &str, wanted: &str) -> bool {
    roles.split_whitespace().any(|role| role == wanted)
}
