//! Imports channels and direct channels with their members.

use std::collections::HashMap;

use super::survey::Survey;
use super::wire::Channel;
use super::{channel_key, has_role};
use crate::admin::Failure;
use crate::admin::transfer::foreign::{Member, Place};
use crate::admin::transfer::importer::Taker;
use crate::model::Timestamp;

/// Imports all rooms.
pub(super) fn read(survey: &Survey, taker: &mut Taker<'_>) -> Result<(), Failure> {
    let mut inside: HashMap<String, Vec<(String, bool)>> = HashMap::new();
    for user in &survey.users {
        for team in &user.teams {
            for channel in &team.channels {
                inside
                    .entry(channel_key(&team.name, &channel.name))
                    .or_default()
                    .push((user.username.clone(), has_role(&channel.roles, "channel_admin")));
            }
        }
    }
    for channel in &survey.channels {
        let members = inside.remove(&channel_key(&channel.team, &channel.name)).unwrap_or_default();
        taker.place(named(channel, members, survey))?;
    }
    for (key, direct) in &survey.direct {
        let members = direct.members.iter().map(|user| (user.clone(), false)).collect();
        let place = placed(
            Place { key: key.clone(), topic: direct.topic.clone(), ..Place::default() },
            members,
            survey,
        );
        taker.place(place)?;
    }
    taker.flush()
}

fn named(channel: &Channel, members: Vec<(String, bool)>, survey: &Survey) -> Place {
    let name =
        if channel.display_name.trim().is_empty() { &channel.name } else { &channel.display_name };
    let place = Place {
        key: channel_key(&channel.team, &channel.name),
        name: Some(name.clone()),
        topic: channel.header.clone(),
        description: channel.purpose.clone(),
        public: channel.kind == "O",
        archived: channel.deleted_at > 0 || channel.delete_at > 0,
        ..Place::default()
    };
    placed(place, members, survey)
}

/// A room that was created at its first post or join; most members have no other join time.
fn placed(mut place: Place, members: Vec<(String, bool)>, survey: &Survey) -> Place {
    let joined = |user: &str| survey.joined.get(&(place.key.clone(), user.to_owned())).copied();
    let times = members
        .iter()
        .filter_map(|(user, _)| joined(user))
        .chain(survey.began.get(&place.key).copied());
    let created = times.min().unwrap_or_else(Timestamp::now);
    let mut known: Vec<Member> = Vec::new();
    for (user, admin) in members {
        match known.iter_mut().find(|member| member.user == user) {
            Some(member) => member.admin |= admin,
            None => known.push(Member { joined: joined(&user).unwrap_or(created), user, admin }),
        }
    }
    place.writers = survey.writers.get(&place.key).cloned().unwrap_or_default();
    (place.members, place.created) = (known, created);
    place
}
