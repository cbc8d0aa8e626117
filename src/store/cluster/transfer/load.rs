//! Loads the records of an export into an empty keyspace.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::future::try_join_all;

use crate::model::rules::check_emoji_name;
use crate::model::{FileKind, MAX_EMOJI, MAX_KEPT_ID, MediaId, RoomId, UserId};
use crate::store::StoreError;
use crate::store::cluster::ids;
use crate::store::cluster::rooms::{self, Loading};
use crate::store::cluster::tables::Put;
use crate::store::cluster::tables::schema::people::{EMOJI, IMPORTED};
use crate::store::cluster::{
    Cluster, emoji, jobs, media, personal, settings, slash_commands, users,
};
use crate::store::transfer::{
    EmojiRecord, Header, Key, Kind, LastIds, MediaRecord, MessageRecord, Reason, Record, Report,
    UserRecord,
};

/// Users and files added at the same time.
const AT_ONCE: usize = 32;

/// Loads the records of one export in their order. Nothing is emitted, since nobody uses the
/// keyspace yet.
pub struct Loader {
    at: Cluster,
    source: String,
    logins: HashMap<i64, String>,
    /// Owners of profile pictures that have not come yet.
    pictures: HashMap<i64, i64>,
    rooms: BTreeMap<RoomId, Loading>,
    /// Names of custom emoji.
    emoji: HashSet<String>,
    /// Deleted users who still have to leave their rooms, with their former names.
    leaving: Vec<(UserId, String, String)>,
    /// Largest ids so far.
    last: LastIds,
}

impl Cluster {
    /// Returns whether the keyspace has neither users nor rooms.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(ids::last(self, ids::Kind::User).await? == 0
            && ids::last(self, ids::Kind::Room).await? == 0)
    }

    /// Begins to load an export; None if the keyspace has data, unless a load of the same export
    /// was interrupted, which is begun again.
    pub async fn load(&self, header: &Header) -> Result<Option<Loader>, StoreError> {
        match settings::loading(self).await? {
            Some(source) if source == header.source => {}
            None if self.is_empty().await? => {
                settings::set_loading(self, None, Some(&header.source)).await?;
            }
            Some(_) | None => return Ok(None),
        }
        raise(self, &header.ids).await?;
        Ok(Some(Loader {
            at: self.clone(),
            source: header.source.clone(),
            logins: HashMap::new(),
            pictures: HashMap::new(),
            rooms: BTreeMap::new(),
            emoji: HashSet::new(),
            leaving: Vec::new(),
            last: LastIds::default(),
        }))
    }
}

/// Ensures that these ids are not given out again.
async fn raise(at: &Cluster, last: &LastIds) -> Result<(), StoreError> {
    for (kind, last) in [
        (ids::Kind::User, last.users),
        (ids::Kind::Room, last.rooms),
        (ids::Kind::Media, last.media),
    ] {
        ids::raise(at, kind, last.clamp(0, MAX_KEPT_ID)).await?;
    }
    Ok(())
}

impl Loader {
    /// Loads records that follow those loaded so far; reports custom emoji.
    pub async fn take(&mut self, records: &[Record]) -> Result<Report, StoreError> {
        let mut report = Report::default();
        let mut users: Vec<&UserRecord> = Vec::new();
        let mut files: Vec<&MediaRecord> = Vec::new();
        let mut messages: BTreeMap<RoomId, Vec<&MessageRecord>> = BTreeMap::new();
        for record in records {
            match record {
                Record::User(user) => users.push(user),
                Record::Media(file) => files.push(file),
                Record::Message(message) => {
                    if let Some(room) = message.room.number() {
                        messages.entry(RoomId(room)).or_default().push(message);
                    }
                }
                _ => {}
            }
        }
        self.users(&users).await?;
        self.files(&files).await?;
        for record in records {
            if let Record::Emoji(emoji) = record {
                self.emoji(emoji, &mut report).await?;
            } else {
                self.other(record).await?;
            }
        }
        self.messages(messages).await?;
        Ok(report)
    }

    /// Completes the rooms.
    pub async fn finish(self) -> Result<(), StoreError> {
        let mut rooms = self.rooms.into_values();
        loop {
            let some: Vec<Loading> = rooms.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            try_join_all(some.into_iter().map(|room| room.finish(&self.at))).await?;
        }
        emoji::adopt(&self.at).await?;
        // The header of an export that was edited may say less.
        raise(&self.at, &self.last).await?;
        for (user, login, name) in self.leaving {
            let farewell = jobs::Work::Farewell { login, name };
            jobs::order(&self.at, user, 1, &[farewell]).await?;
        }
        settings::set_loading(&self.at, Some(&self.source), None).await
    }

    async fn users(&mut self, records: &[&UserRecord]) -> Result<(), StoreError> {
        for some in records.chunks(AT_ONCE) {
            let numbered = some.iter().filter_map(|record| Some((record.id.number()?, *record)));
            let adding = numbered.clone().map(|(id, user)| users::load(&self.at, UserId(id), user));
            try_join_all(adding).await?;
            for (id, record) in numbered {
                self.last.users = self.last.users.max(id);
                self.logins.insert(id, record.login.clone());
                if let Some(picture) = record.media.as_ref().and_then(Key::number) {
                    self.pictures.insert(picture, id);
                }
            }
        }
        Ok(())
    }

    async fn files(&mut self, records: &[&MediaRecord]) -> Result<(), StoreError> {
        for some in records.chunks(AT_ONCE) {
            let added = try_join_all(some.iter().map(|record| media::load(&self.at, record)));
            for file in added.await?.into_iter().flatten() {
                self.last.media = self.last.media.max(file.id.0);
                let user = self.pictures.remove(&file.id.0).map(UserId);
                if let Some(user) = user.filter(|user| *user == file.owner) {
                    users::set_picture(&self.at, user, &file).await?;
                }
            }
        }
        Ok(())
    }

    async fn other(&mut self, record: &Record) -> Result<(), StoreError> {
        match record {
            Record::Room(room) => {
                self.last.rooms = self.last.rooms.max(room.id.number().unwrap_or_default());
                self.rooms.extend(Loading::new(room).map(|loading| (loading.id(), loading)));
            }
            Record::Participant(participant) => {
                let (room, user) = (participant.room.number(), participant.user.number());
                if let (Some(room), Some(user)) = (room, user)
                    && let Some(loading) = self.rooms.get_mut(&RoomId(room))
                {
                    let login = self.logins.get(&user).map_or("", String::as_str);
                    loading.participant(participant, UserId(user), login);
                }
            }
            Record::SlashCommand(record) => slash_commands::load(&self.at, record).await?,
            Record::Preferences(record) => self.write(personal::load_preferences(record)).await?,
            Record::Saved(record) => self.write(personal::load_saved(record)).await?,
            Record::Follow(record) => {
                for row in rooms::load_follow(record).into_iter().flatten() {
                    self.write(Some(row)).await?;
                }
            }
            Record::Imported(new) => {
                let partition = [new.source.as_str().into(), new.kind.as_str().into()];
                let key = [new.key.as_str().into()];
                let cells = [("id", new.id.into())];
                self.write(Some(Put::plain(&IMPORTED, 1, partition, key, cells))).await?;
            }
            Record::Job(job) => {
                if let Some(user) = job.user.number() {
                    self.leaving.push((UserId(user), job.login.clone(), job.name.clone()));
                }
            }
            Record::User(_)
            | Record::Media(_)
            | Record::Emoji(_)
            | Record::Message(_)
            | Record::Header(_)
            | Record::File(_)
            | Record::End(_) => {}
        }
        Ok(())
    }

    /// Loads a custom emoji. Its row names only the file, so that what is wrong with the emoji is
    /// found here or never.
    async fn emoji(&mut self, new: &EmojiRecord, report: &mut Report) -> Result<(), StoreError> {
        let EmojiRecord { name, media, created } = new;
        let left_out = |why: &str| format!(":{name}: {why}");
        if let Err(error) = check_emoji_name("the name", name) {
            report.note(Reason::EmojiLeftOut, left_out(&error.to_string()));
            return Ok(());
        }
        if self.emoji.contains(name) {
            report.note(Reason::EmojiLeftOut, left_out("has another picture here"));
            return Ok(());
        }
        let ids: Vec<MediaId> = media.number().map(MediaId).into_iter().collect();
        let Some(file) = media::these(&self.at, &ids).await?.pop() else {
            report.note(Reason::Dangling, format!("emoji {name}: file {media}"));
            return Ok(());
        };
        let is_picture = file.is_image && FileKind::of(&file.kind).is_emoji();
        if !is_picture || self.emoji.len() >= MAX_EMOJI {
            let why = if is_picture { "there are too many" } else { "is no picture" };
            report.note(Reason::EmojiLeftOut, left_out(why));
            return Ok(());
        }
        let cells = [("created", created.0.into())];
        let key = [name.as_str().into()];
        self.write(Some(Put::plain(&EMOJI, 1, [file.id.0.into()], key, cells))).await?;
        self.emoji.insert(name.clone());
        report.taken(Kind::Emoji);
        Ok(())
    }

    async fn write(&self, put: Option<Put>) -> Result<(), StoreError> {
        let Some(put) = put else { return Ok(()) };
        Ok(self.at.tables().write(vec![put]).await?)
    }

    /// Adds messages, those of each room in their order.
    async fn messages(
        &mut self,
        records: BTreeMap<RoomId, Vec<&MessageRecord>>,
    ) -> Result<(), StoreError> {
        let at = &self.at;
        let loading = self.rooms.iter_mut().filter_map(|(id, room)| Some((room, records.get(id)?)));
        let adding = loading.map(async |(room, messages)| {
            room.facts(at).await?;
            for message in messages {
                let ids: Vec<MediaId> =
                    message.media.iter().filter_map(Key::number).map(MediaId).collect();
                let files =
                    if ids.is_empty() { Vec::new() } else { media::these(at, &ids).await? };
                room.message(at, message, files).await?;
            }
            Ok::<_, StoreError>(())
        });
        try_join_all(adding).await.map(drop)
    }
}
