//! Custom emoji: the rows of one partition, whose static `version` guards every change.
//!
//! For each picture there are rows with its names, so that the collector of unused files finds
//! them. They are plain rows, whose timestamp grows with the version: written before the emoji is
//! there, and removed when it is gone. What an import has loaded is in these rows only, and is added
//! to the list once.

use super::encoding::{decode, encode};
use super::lists::{self, LIST, next};
use super::media::{self, StoredMedia};
use super::tables::schema::people::{EMOJI, EMOJI_NAMES};
use super::tables::{Consistency, Put, Row, Slice};
use super::{Cluster, audit, known_users};
use crate::model::{
    Claim, CustomEmoji, EmojiPicture, Event, FileKind, MAX_EMOJI, Media, MediaId, Missing,
    NewEmoji, Timestamp, UserId,
};
use crate::store::{StoreError, audit_notes};

const VERSION: u8 = 1;
/// Attempts, each of which another change may overtake.
const TRIES: usize = 20;
/// Rows of one page of the table that is read whole.
const ROWS: u32 = 500;
/// Names added to the list in one write.
const AT_ONCE: usize = 50;

/// A row of the list.
struct Entry {
    name: String,
    media: Media,
    created: Timestamp,
}

/// All emoji, and the version of their partition.
struct Listed {
    version: Option<i64>,
    emoji: Vec<Entry>,
}

impl Listed {
    fn find(&self, name: &str) -> Option<&Entry> {
        self.emoji.iter().find(|entry| entry.name == name)
    }
}

/// Returns all custom emoji, ascending by name.
pub(super) async fn all(at: &Cluster) -> Result<Vec<CustomEmoji>, StoreError> {
    let mut listed = list(at, Consistency::Quorum).await?;
    if listed.version.is_none() {
        adopt(at).await?;
        listed = list(at, Consistency::Quorum).await?;
    }
    named(at, listed.emoji).await
}

/// Returns the custom emoji of this name.
pub(super) async fn one(at: &Cluster, name: &str) -> Result<Option<CustomEmoji>, StoreError> {
    let slice = Slice::of(&EMOJI_NAMES, [LIST.into()]).under([name.into()]);
    let rows = at.tables().read(slice).await?;
    let found: Vec<Entry> =
        rows.iter().filter_map(|row| entry(row).transpose()).collect::<Result<_, _>>()?;
    Ok(named(at, found).await?.pop())
}

/// Adds a custom emoji, whose picture is a file of this user.
pub(super) async fn add(
    at: &Cluster,
    owner: UserId,
    new: NewEmoji,
) -> Result<CustomEmoji, StoreError> {
    let mut found = media::attachable(at, owner, &[new.media], None).await?;
    let picture = found.pop().filter(|file| file.is_image && FileKind::of(&file.kind).is_emoji());
    let media = picture.ok_or(StoreError::NotFound(Missing::Media))?;
    let entry = Entry { name: new.name, media, created: Timestamp::now() };
    for _ in 0..TRIES {
        let listed = adopted(at).await?;
        if listed.find(&entry.name).is_some() {
            return Err(StoreError::Taken(Claim::Emoji));
        }
        if listed.emoji.len() >= MAX_EMOJI {
            return Err(StoreError::TooManyEmoji);
        }
        let next = next(listed.version);
        at.tables().write(vec![used(&entry.name, entry.media.id, entry.created, next)]).await?;
        let added = one_named(at, &entry).await?;
        let begun = audit::begin(at, || audit_notes::emoji_added(&added)).await?;
        let is_there = |listed: &Listed| {
            listed.find(&entry.name).is_some_and(|found| found.media.id == entry.media.id)
        };
        let made = make(at, listed.version, vec![row(&entry)?], is_there).await;
        if audit::settle(at, begun, made, |made| *made).await? {
            let picture = Some(EmojiPicture::of(&added));
            at.emit(Event::Emoji { name: added.name.clone(), picture, at: entry.created }).await;
            return Ok(added);
        }
    }
    Err(StoreError::Unavailable)
}

/// Removes a custom emoji; its picture stays its owner's file.
pub(super) async fn remove(at: &Cluster, name: &str) -> Result<CustomEmoji, StoreError> {
    for _ in 0..TRIES {
        let listed = adopted(at).await?;
        let entry = listed.find(name).ok_or(StoreError::NotFound(Missing::Emoji))?;
        let gone = one_named(at, entry).await?;
        let begun = audit::begin(at, || audit_notes::emoji_removed(&gone)).await?;
        let put = Put::conditional(&EMOJI_NAMES, [LIST.into()], [name.into()], []).deleted();
        let is_gone = |listed: &Listed| listed.find(name).is_none();
        let made = make(at, listed.version, vec![put], is_gone).await;
        if audit::settle(at, begun, made, |made| *made).await? {
            let mut unused =
                used(name, gone.media.id, gone.created, next(listed.version)).deleted();
            unused.cells.clear();
            if let Err(error) = at.tables().write(vec![unused]).await {
                // The file is kept, although nobody needs it.
                tracing::warn!(%error, "The picture of a deleted emoji is not released");
            }
            let now = Timestamp::now();
            at.emit(Event::Emoji { name: gone.name.clone(), picture: None, at: now }).await;
            return Ok(gone);
        }
    }
    Err(StoreError::Unavailable)
}

/// Adds the emoji to the list that an import has loaded. Their names are unique in an export.
pub(super) async fn adopt(at: &Cluster) -> Result<(), StoreError> {
    let mut loaded = Vec::new();
    let mut from: Option<Vec<u8>> = None;
    loop {
        let page = at.tables().scan(&EMOJI, from.as_deref(), ROWS).await?;
        for row in &page.rows {
            if let (Some(name), Some(media), Some(created)) =
                (row.text("name"), row.int("media"), row.int("created"))
            {
                loaded.push((name.to_owned(), MediaId(media), Timestamp(created)));
            }
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    let ids: Vec<MediaId> = loaded.iter().map(|(_, media, _)| *media).collect();
    let files = media::these(at, &ids).await?;
    for _ in 0..TRIES + loaded.len() / AT_ONCE {
        let listed = list(at, Consistency::Serial).await?;
        let mut missing: Vec<Entry> = Vec::new();
        for (name, media, created) in &loaded {
            let is_new =
                listed.find(name).is_none() && missing.iter().all(|entry| entry.name != *name);
            if let Some(media) = files.iter().find(|file| file.id == *media && is_new) {
                missing.push(Entry { name: name.clone(), media: media.clone(), created: *created });
            }
        }
        if missing.is_empty() && listed.version.is_some() {
            return Ok(());
        }
        missing.truncate(AT_ONCE);
        let rows = missing.iter().map(row).collect::<Result<_, _>>()?;
        let is_there = |now: &Listed| missing.iter().all(|entry| now.find(&entry.name).is_some());
        make(at, listed.version, rows, is_there).await?;
    }
    Err(StoreError::Unavailable)
}

/// Returns the list, to change it.
async fn adopted(at: &Cluster) -> Result<Listed, StoreError> {
    let listed = list(at, Consistency::Serial).await?;
    if listed.version.is_some() {
        return Ok(listed);
    }
    adopt(at).await?;
    list(at, Consistency::Serial).await
}

async fn list(at: &Cluster, consistency: Consistency) -> Result<Listed, StoreError> {
    let slice = Slice::of(&EMOJI_NAMES, [LIST.into()]).at(consistency);
    // After a write of unknown outcome even a failed read says nothing.
    let rows = at.tables().read(slice).await.map_err(|_| StoreError::Unavailable)?;
    let version = rows.first().and_then(|row| row.int("version"));
    let emoji = rows.iter().filter_map(|row| entry(row).transpose()).collect::<Result<_, _>>()?;
    Ok(Listed { version, emoji })
}

fn entry(row: &Row) -> Result<Option<Entry>, StoreError> {
    let (Some(name), Some(created), Some(body)) =
        (row.text("name"), row.int("created"), row.bytes("body"))
    else {
        return Ok(None);
    };
    let stored: StoredMedia = decode(VERSION, body)?;
    Ok(Some(Entry { name: name.to_owned(), media: stored.into(), created: Timestamp(created) }))
}

/// Names those who have added them.
async fn named(at: &Cluster, found: Vec<Entry>) -> Result<Vec<CustomEmoji>, StoreError> {
    let mut owners: Vec<UserId> = found.iter().map(|entry| entry.media.owner).collect();
    owners.sort_unstable();
    owners.dedup();
    let users = known_users::accounts(at, &owners).await?;
    let login = |id: UserId| users.get(&id).map(|user| user.login.clone()).unwrap_or_default();
    let emoji = found.into_iter().map(|Entry { name, media, created }| CustomEmoji {
        name,
        creator: login(media.owner),
        media,
        created,
    });
    Ok(emoji.collect())
}

async fn one_named(at: &Cluster, entry: &Entry) -> Result<CustomEmoji, StoreError> {
    let Entry { name, media, created } = entry;
    let copy = Entry { name: name.clone(), media: media.clone(), created: *created };
    named(at, vec![copy]).await?.pop().ok_or(StoreError::Unavailable)
}

/// The row that says that a picture has this name from this version on.
fn used(name: &str, media: MediaId, created: Timestamp, version: i64) -> Put {
    // Above that of an import.
    let timestamp = version.saturating_add(1);
    let cells = [("created", created.0.into())];
    Put::plain(&EMOJI, timestamp, [media.0.into()], [name.into()], cells)
}

fn row(entry: &Entry) -> Result<Put, StoreError> {
    let body = encode(VERSION, &StoredMedia::from(&entry.media))?;
    let cells = [("created", entry.created.0.into()), ("body", body.into())];
    Ok(Put::conditional(&EMOJI_NAMES, [LIST.into()], [entry.name.as_str().into()], cells))
}

/// Writes or removes rows if the partition still has the version that was read. A write that is
/// refused may have been made by an earlier attempt: `is_made` looks for it.
async fn make(
    at: &Cluster,
    before: Option<i64>,
    puts: Vec<Put>,
    is_made: impl Fn(&Listed) -> bool,
) -> Result<bool, StoreError> {
    let is_written = lists::write(at, &EMOJI_NAMES, before, puts).await?;
    Ok(is_written || is_made(&list(at, Consistency::Serial).await?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::cluster::faulty::open;
    use crate::store::cluster::tables::memory::{Faults, Memory};
    use crate::store::{NewMedia, NewUser, Store};

    fn ann() -> NewUser {
        NewUser {
            login: "ann".to_owned(),
            folded: "ann".to_owned(),
            look_alike: "ann".to_owned(),
            name: "Ann".to_owned(),
            email: None,
            birth: None,
            password: String::new(),
            md5: None,
            sha1: None,
            admin: true,
            bot: false,
            guest: false,
            identity: None,
        }
    }

    fn new_picture(owner: UserId, name: &str) -> NewMedia {
        NewMedia {
            owner,
            name: name.repeat(128),
            kind: "png".to_owned(),
            is_image: true,
            size: 9,
            width: Some(3),
            height: Some(4),
            file_name: None,
        }
    }

    async fn known(at: &Cluster) -> Vec<CustomEmoji> {
        loop {
            if let Ok(found) = all(at).await {
                return found;
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_servers_that_add_the_same_name_at_once_one_wins_under_faults() {
        let mut won = 0;
        for seed in 0..20 {
            eprintln!("seed {seed}");
            let memory = Memory::with_faults(Faults::often(seed));
            let (one, two) = (open(&memory).await.0, open(&memory).await.0);
            let owner = UserId(1);
            let mut ids = Vec::new();
            for file in ["a", "b"] {
                let media = loop {
                    if let Ok(added) = one.add_media(new_picture(owner, file)).await {
                        break added.value;
                    }
                };
                ids.push(media.id);
            }
            let new = |media: MediaId| NewEmoji { name: "parrot".to_owned(), media };
            let (first, second) =
                tokio::join!(add(&one, owner, new(ids[0])), add(&two, owner, new(ids[1])));
            let added = [first, second].iter().filter(|added| added.is_ok()).count();
            let found = known(&one).await;
            assert!(added <= 1 && found.len() >= added && found.len() <= 1, "{found:?}");
            won += added;
        }
        assert!(won > 0, "{won}");
    }

    #[tokio::test(start_paused = true)]
    async fn emoji_that_an_import_has_loaded_are_listed_once_and_can_be_removed() {
        let at = open(&Memory::new()).await.0;
        let owner = at.add_user(ann()).await.unwrap().id;
        let media = at.add_media(new_picture(owner, "a")).await.unwrap().value;
        let cells = [("created", 5.into())];
        let loaded = Put::plain(&EMOJI, 1, [media.id.0.into()], ["parrot".into()], cells);
        at.tables().write(vec![loaded]).await.unwrap();
        let found = all(&at).await.unwrap();
        let wanted = CustomEmoji {
            name: "parrot".to_owned(),
            creator: "ann".to_owned(),
            media,
            created: Timestamp(5),
        };
        assert_eq!(found, std::slice::from_ref(&wanted));
        assert_eq!(remove(&at, "parrot").await.unwrap(), wanted);
        assert_eq!(all(&at).await.unwrap(), []);
        adopt(&at).await.unwrap();
        assert_eq!(all(&at).await.unwrap(), [], "the row of its picture is gone too");
    }
}
