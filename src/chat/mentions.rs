//! Whom a message mentions: participants by name, and all of them with `@all` and `@here`.

use std::collections::HashSet;

use super::Chat;
use super::access::{self, Actor};
use crate::model::rules::{Call, EVERYONE, call};
use crate::model::{RoomFacts, fold, mentioned_names};

/// If more are online, `@here` mentions all participants, as `@all` does.
const MOST_HERE: usize = 500;

impl Chat {
    /// Returns the names that a text could mention, as the store takes them: at each place the
    /// longest first. Those who are called with `@here` are added, or [`EVERYONE`].
    ///
    /// Online are participants with a socket on this server, and those whom another server has told
    /// to be in the room.
    pub(super) fn mentions(&self, facts: &RoomFacts, who: Actor, text: &str) -> Vec<Vec<String>> {
        let mut names = mentioned_names(text);
        // Participants are many, and few texts call them.
        if call(text, |_| false).is_none() || !access::may_call(facts, who) {
            return names;
        }
        let logins: HashSet<String> =
            facts.participants.iter().map(|participant| fold(&participant.login)).collect();
        match call(text, |name| logins.contains(name)) {
            None => {}
            Some(Call::All) => names.push(vec![EVERYONE.to_owned()]),
            Some(Call::Here) => {
                let present = self.0.hub.online(facts.room.id, MOST_HERE + 1).0;
                let mut here: HashSet<String> = present.iter().map(|login| fold(login)).collect();
                let connected = facts
                    .participants
                    .iter()
                    .filter(|participant| !self.0.hub.sockets(participant.user).is_empty());
                here.extend(connected.map(|participant| fold(&participant.login)));
                if here.len() > MOST_HERE {
                    names.push(vec![EVERYONE.to_owned()]);
                } else {
                    names.extend(here.into_iter().map(|login| vec![login]));
                }
            }
        }
        names
    }
}
