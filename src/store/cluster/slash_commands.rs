//! Slash commands: the rows of one partition, whose static `version` guards every change.

use serde::{Deserialize, Serialize};

use super::encoding::{decode, encode};
use super::lists::{self, LIST};
use super::tables::schema::people::SLASH_COMMANDS;
use super::tables::{Consistency, Put, Slice};
use super::{Cluster, audit, ids};
use crate::model::{
    Claim, NewSlashCommand, RoomId, SlashCommand, SlashCommandId, Timestamp, UserId, WebhookBot,
    WebhookSecret,
};
use crate::store::transfer::{Key, SlashCommandRecord};
use crate::store::{StoreError, audit_notes};

const VERSION: u8 = 1;
/// Attempts, each of which another change may overtake.
const TRIES: usize = 20;

/// Version 1 of a stored command.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    url: String,
    secret: [u8; 32],
    description: String,
    hint: String,
    rooms: Vec<i64>,
    creator: String,
    created: i64,
    bot: (i64, String),
}

impl Stored {
    fn of(command: &SlashCommand) -> Self {
        Self {
            name: command.name.clone(),
            url: command.url.clone(),
            secret: command.secret.0,
            description: command.description.clone(),
            hint: command.hint.clone(),
            rooms: command.rooms.iter().map(|room| room.0).collect(),
            creator: command.creator.clone(),
            created: command.created.0,
            bot: (command.bot.id.0, command.bot.login.clone()),
        }
    }

    fn command(self, id: SlashCommandId) -> SlashCommand {
        let (bot, login) = self.bot;
        SlashCommand {
            id,
            name: self.name,
            url: self.url,
            secret: WebhookSecret(self.secret),
            description: self.description,
            hint: self.hint,
            rooms: self.rooms.into_iter().map(RoomId).collect(),
            creator: self.creator,
            created: Timestamp(self.created),
            bot: WebhookBot { id: UserId(bot), login },
        }
    }
}

/// All commands, and the version of their partition.
struct Listed {
    version: Option<i64>,
    commands: Vec<SlashCommand>,
}

async fn list(at: &Cluster, consistency: Consistency) -> Result<Listed, StoreError> {
    let slice = Slice::of(&SLASH_COMMANDS, [LIST.into()]).at(consistency);
    // After a write of unknown outcome even a failed read says nothing.
    let rows = at.tables().read(slice).await.map_err(|_| StoreError::Unavailable)?;
    let mut listed = Listed { version: None, commands: Vec::new() };
    for row in rows {
        listed.version = row.int("version");
        let (Some(id), Some(body)) = (row.int("id").map(SlashCommandId), row.bytes("body")) else {
            continue;
        };
        let stored: Stored = decode(VERSION, body)?;
        listed.commands.push(stored.command(id));
    }
    Ok(listed)
}

/// Returns all commands.
pub(super) async fn all(at: &Cluster) -> Result<Vec<SlashCommand>, StoreError> {
    Ok(list(at, Consistency::Quorum).await?.commands)
}

/// Writes one command, or removes it, if the partition still has the version that was read. A write
/// that is refused may have been made by an earlier attempt: `is_made` looks for it.
async fn make(
    at: &Cluster,
    before: Option<i64>,
    put: Put,
    is_made: impl Fn(&Listed) -> bool,
) -> Result<bool, StoreError> {
    let is_written = lists::write(at, &SLASH_COMMANDS, before, vec![put]).await?;
    Ok(is_written || is_made(&list(at, Consistency::Serial).await?))
}

/// Adds a command.
pub(super) async fn add(at: &Cluster, new: NewSlashCommand) -> Result<SlashCommand, StoreError> {
    let id = SlashCommandId(ids::take(at, ids::Kind::SlashCommand).await?);
    let added = new.added(id, Timestamp::now());
    if list(at, Consistency::Serial).await?.commands.iter().any(|other| other.name == added.name) {
        return Err(StoreError::Taken(Claim::Token));
    }
    let entry = audit::begin(at, || audit_notes::command_added(&added)).await?;
    let made = insert(at, &added).await;
    audit::settle(at, entry, made, |()| true).await?;
    Ok(added)
}

async fn insert(at: &Cluster, added: &SlashCommand) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let listed = list(at, Consistency::Serial).await?;
        if listed.commands.iter().any(|other| other.name == added.name) {
            return Err(StoreError::Taken(Claim::Token));
        }
        let body = encode(VERSION, &Stored::of(added))?;
        let cells = [("body", body.into())];
        let put = Put::conditional(&SLASH_COMMANDS, [LIST.into()], [added.id.0.into()], cells);
        let is_there =
            |listed: &Listed| listed.commands.iter().any(|command| command.id == added.id);
        if make(at, listed.version, put, is_there).await? {
            return Ok(());
        }
    }
    Err(StoreError::Unavailable)
}

/// Adds a command of an export of another instance, all of whose ids are known here.
pub(super) async fn load(at: &Cluster, record: &SlashCommandRecord) -> Result<(), StoreError> {
    let rooms = record.rooms.iter().filter_map(Key::number).map(RoomId).collect();
    let Some(bot) = record.bot.number() else { return Ok(()) };
    let bot = WebhookBot { id: UserId(bot), login: record.bot_login.clone() };
    // Who made the records has told of those that cannot be commands.
    let Ok(new) = record.command(rooms, bot) else { return Ok(()) };
    let id = SlashCommandId(ids::take(at, ids::Kind::SlashCommand).await?);
    match insert(at, &new.added(id, record.created)).await {
        // An import that was interrupted begins again.
        Ok(()) | Err(StoreError::Taken(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes a command.
pub(super) async fn remove(
    at: &Cluster,
    id: SlashCommandId,
) -> Result<Option<SlashCommand>, StoreError> {
    for _ in 0..TRIES {
        let listed = list(at, Consistency::Serial).await?;
        let gone = listed.commands.into_iter().find(|command| command.id == id);
        let Some(gone) = gone else { return Ok(None) };
        let entry = audit::begin(at, || audit_notes::command_removed(&gone)).await?;
        let put = Put::conditional(&SLASH_COMMANDS, [LIST.into()], [id.0.into()], []).deleted();
        let is_gone = |listed: &Listed| listed.commands.iter().all(|other| other.id != id);
        let made = make(at, listed.version, put, is_gone).await;
        if audit::settle(at, entry, made, |made| *made).await? {
            return Ok(Some(gone));
        }
    }
    Err(StoreError::Unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::cluster::faulty::open;
    use crate::store::cluster::tables::memory::{Faults, Memory};

    fn new() -> NewSlashCommand {
        NewSlashCommand {
            name: "deploy".to_owned(),
            url: "https://example.org/x".to_owned(),
            secret: WebhookSecret([9; 32]),
            description: "d".to_owned(),
            hint: "h".to_owned(),
            rooms: vec![RoomId(7)],
            creator: "ann".to_owned(),
            bot: WebhookBot { id: UserId(4), login: "hook".to_owned() },
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_servers_that_add_the_same_name_at_once_one_wins_under_faults() {
        let mut won = 0;
        for seed in 0..20 {
            eprintln!("seed {seed}");
            let memory = Memory::with_faults(Faults::often(seed));
            let (one, two) = (open(&memory).await.0, open(&memory).await.0);
            let (first, second) = tokio::join!(add(&one, new()), add(&two, new()));
            let added = [first, second].iter().filter(|added| added.is_ok()).count();
            let found = loop {
                if let Ok(found) = all(&one).await {
                    break found;
                }
            };
            assert!(added <= 1 && found.len() >= added && found.len() <= 1, "{found:?}");
            won += added;
        }
        assert!(won > 10, "{won}");
    }

    #[test]
    fn a_stored_command_of_version_1_is_read() {
        let command = new().added(SlashCommandId(3), Timestamp(5));
        let bytes = encode(VERSION, &Stored::of(&command)).unwrap();
        let read: Stored = decode(VERSION, &bytes).unwrap();
        assert_eq!(read.command(SlashCommandId(3)), command);
        let kept = concat!(
            "01",
            "066465706c6f79",
            "15",
            "68747470733a2f2f6578616d706c652e6f72672f78",
            "0909090909090909090909090909090909090909090909090909090909090909",
            "0164",
            "0168",
            "010e",
            "03616e6e",
            "0a",
            "08",
            "04686f6f6b"
        );
        assert_eq!(hex::encode(bytes), kept);
    }
}
