//! Imports a Mattermost bulk export: users and channels first, then posts and replies in
//! chronological order.

mod emoji;
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

/// Imports a whole export.
pub(super) fn read(mut input: Input, taker: &mut Taker<'_>) -> Result<(), Failure> {
    let mut survey = Survey::make(&mut input, taker)?;
    people::read(&survey, &mut input, taker)?;
    emoji::read(&survey, &mut input, taker)?;
    rooms::read(&survey, taker)?;
    let mut entries = std::mem::take(&mut survey.entries);
    entries.sort_unstable();
    let mut posts = Posts::new(input, taker);
    for entry in entries {
        posts.take(entry)?;
    }
    Ok(())
}

/// Direct channels have no name; their members identify them.
fn direct_key(members: &[String]) -> String {
    let mut members: Vec<&str> = members.iter().map(String::as_str).collect();
    members.sort_unstable();
    members.dedup();
    format!("direct:{}", members.join(","))
}

fn channel_key(team: &str, channel: &str) -> String {
    format!("{team}/{channel}")
}

/// Whether a space-separated list of roles contains this one.
fn has_role(roles: &str, wanted: &str) -> bool {
    roles.split_whitespace().any(|role| role == wanted)
}
