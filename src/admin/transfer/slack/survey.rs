//! First pass over all messages: collects the users in them, their names, and when they first
//! appear. Users are imported only afterwards, when everything about them is known.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::content::{author, content, is_no_message};
use super::days::Days;
use super::moment::Moment;
use super::text::mentions;
use super::wire::Message;
use crate::model::Timestamp;
use crate::store::transfer::Report;

/// A user who appears in messages.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) login: Option<String>,
    pub(super) name: Option<String>,
    pub(super) bot: bool,
    /// Time of the first appearance.
    pub(super) first: Option<Timestamp>,
}

/// Facts about users from the messages.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) people: BTreeMap<String, Seen>,
    /// Users who posted in a room, in order of their first post, by room id.
    pub(super) writers: HashMap<String, Vec<(String, Timestamp)>>,
    /// Join times, by room id and user id.
    pub(super) joined: HashMap<(String, String), Timestamp>,
    heard: HashSet<(String, String)>,
}

impl Survey {
    /// Reads all days; invalid entries are reported.
    pub(super) fn make(
        days: &mut Days,
        bots: &HashMap<String, String>,
        report: &mut Report,
    ) -> Self {
        let mut survey = Self::default();
        for day in days.all() {
            for (moment, room, message) in days.messages(&day, Some(&mut *report)) {
                survey.add(&room, moment, &message, bots);
            }
        }
        survey
    }

    fn add(
        &mut self,
        room: &str,
        moment: Moment,
        message: &Message,
        bots: &HashMap<String, String>,
    ) {
        let time = moment.time();
        let author = author(message, bots);
        let key = author.key.clone();
        let seen = self.see(&key, time);
        seen.bot |= author.bot;
        seen.login = author.login.or(seen.login.take());
        seen.name = author.name.or(seen.name.take());
        if let Some(event) = is_no_message(message) {
            if matches!(event, "channel_join" | "group_join" | "mpim_join") {
                self.joined.entry((room.to_owned(), key)).or_insert(time);
            }
            return;
        }
        if self.heard.insert((room.to_owned(), key.clone())) {
            self.writers.entry(room.to_owned()).or_default().push((key, time));
        }
        for user in message.reactions.iter().flat_map(|reaction| &reaction.users) {
            self.see(user, time);
        }
        for (user, label) in mentions(&content(message)) {
            let seen = self.see(&user, time);
            seen.login = seen.login.take().or(label);
        }
    }

    fn see(&mut self, key: &str, time: Timestamp) -> &mut Seen {
        let seen = self.people.entry(key.to_owned()).or_default();
        seen.first.get_or_insert(time);
        seen
    }
}
