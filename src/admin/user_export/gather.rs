//! Fills the archive. Each room is as it is when it is read.

mod own;

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::archive::Archive;
use crate::admin::outcome::Failure;
use crate::admin::walk::Walk;
use crate::admin::{Call, audit, items};
use crate::chat::AuditQuery;
use crate::model::{
    Error, Media, MediaId, Message, MessageId, NotifyLevel, RoomFacts, RoomId, Session, Timestamp,
    User,
};
use crate::store::OwnFile;

/// Version of the form of the archive.
const VERSION: u32 = 1;
/// Number of rooms, files, saved messages and entries per page.
const PAGE: u32 = 200;
/// Number of messages read concurrently.
const TOGETHER: usize = 16;
/// In unnamed rooms, at most this many other members are named.
const NAMED: usize = 10;

/// Gathers everything of a user.
pub(super) async fn everything(
    call: &Call<'_>,
    user: &User,
    archive: Archive,
) -> Result<items::Exported, Failure> {
    let exported = items::Exported {
        name: user.login.clone(),
        rooms: 0,
        messages: 0,
        reactions: 0,
        files: 0,
        files_missing: 0,
    };
    let mut gathering = Gathering { call, user, archive, exported };
    gathering.account().await?;
    gathering.rooms().await?;
    let left = call.admin.chat().left_behind(call.operator, user.id).await?;
    gathering.messages().await?;
    gathering.reactions().await?;
    gathering.saved(left.saved).await?;
    gathering.threads(left.follows).await?;
    gathering.drafts(left.drafts).await?;
    gathering.pins().await?;
    gathering.sessions().await?;
    gathering.audit().await?;
    gathering.files().await?;
    let Gathering { archive, exported, .. } = gathering;
    archive.end().await?;
    Ok(exported)
}

struct Gathering<'g> {
    call: &'g Call<'g>,
    user: &'g User,
    archive: Archive,
    exported: items::Exported,
}

impl Gathering<'_> {
    async fn account(&mut self) -> Result<(), Failure> {
        let Call { admin, operator, .. } = *self.call;
        let user = self.user;
        let preferences = admin.chat().preferences_of(operator, user.id).await?;
        let mut account = json!(items::User::from(user));
        let identities = admin.chat().identities_of(operator, user.id).await?;
        let identities: Vec<_> = identities.into_iter().map(items::Identity::from).collect();
        account["identities"] = json!(identities);
        account["birth"] = json!(user.birth);
        account["picture"] = json!(user.media.as_ref().map(path_of));
        account["status"] = json!(user.status.as_ref().map(|status| json!({
            "emoji": status.emoji,
            "text": status.text,
            "until": status.until.map(Timestamp::seconds),
        })));
        let quiet = preferences.quiet.as_ref();
        self.archive.file("account.json", 0).await?;
        let whole = json!({
            "type": "chatctl.user",
            "version": VERSION,
            "exported": Timestamp::now().seconds(),
            "account": account,
            "preferences": {
                "notify": preferences.notify.as_str(),
                "keywords": preferences.keywords,
                "quiet_hours": quiet.map(|hours| json!({
                    "from": hours.from, "to": hours.to, "zone": hours.zone,
                })),
                "language": preferences.language,
            },
        });
        self.archive.line(whole).await
    }

    /// Lists the rooms in which the user takes part.
    async fn rooms(&mut self) -> Result<(), Failure> {
        let Call { admin, operator, .. } = *self.call;
        self.archive.file("rooms.jsonl", 0).await?;
        for card in admin.chat().cards_of(operator, self.user.id).await? {
            let id = card.facts.room.id;
            let facts = match admin.chat().room(operator, id).await {
                Err(Error::RoomNotFound) => continue,
                state => state?.facts,
            };
            let mut room = self.room(&facts);
            room["read_up_to"] = json!(card.mark.0);
            room["unread"] = json!(card.unread);
            room["notify"] = json!(card.own.notify.map(NotifyLevel::as_str));
            room["favourite"] = json!(card.own.favourite);
            self.archive.line(room).await?;
            self.exported.rooms += 1;
        }
        Ok(())
    }

    fn room(&self, facts: &RoomFacts) -> Value {
        let room = &facts.room;
        let own = facts.participant(self.user.id);
        // Others are only named where their names are that of the room.
        let others = facts.participants.iter().filter(|other| other.user != self.user.id);
        let others: Vec<&str> = others.map(|other| other.login.as_str()).take(NAMED).collect();
        json!({
            "room": room.id.key(),
            "name": room.name,
            "with": room.name.is_none().then_some(others),
            "visibility": room.visibility.as_str(),
            "owner": room.owner == Some(self.user.id),
            "role": own.map(|own| own.role.as_str()),
            "name_in_room": own.map(|own| &own.edited_name).filter(|name| !name.is_empty()),
            "joined": own.map(|own| own.joined.seconds()),
        })
    }

    async fn messages(&mut self) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = *self.call;
        self.archive.file("messages.jsonl", 0).await?;
        let mut walk = Walk::of(self.user.id);
        while let Some((room, found)) = walk.next(self.call).await? {
            let mut reading = stream::iter(found.written)
                .map(|seq| admin.chat().message_of(operator, MessageId { room, seq }).boxed())
                .buffered(TOGETHER);
            while let Some(message) = reading.try_next().await? {
                // Others were deleted meanwhile.
                if let Some(message) = message.filter(|message| message.deleted.is_none()) {
                    self.archive.line(shown(&message)).await?;
                    self.exported.messages += 1;
                }
            }
            output.progress(self.exported.messages, 0).await?;
        }
        Ok(())
    }

    async fn reactions(&mut self) -> Result<(), Failure> {
        self.archive.file("reactions.jsonl", 0).await?;
        let mut walk = Walk::of(self.user.id);
        while let Some((room, found)) = walk.next(self.call).await? {
            for (seq, reaction, at) in found.reactions {
                let line = json!({
                    "message": MessageId { room, seq }.key(),
                    "room": room.key(),
                    "reaction": reaction.as_str(),
                    "time": at.millis(),
                });
                self.archive.line(line).await?;
                self.exported.reactions += 1;
            }
        }
        Ok(())
    }

    async fn sessions(&mut self) -> Result<(), Failure> {
        let Call { admin, operator, .. } = *self.call;
        let login = &self.user.login;
        self.archive.file("sessions.jsonl", 0).await?;
        let push = admin.chat().push_sessions_of(operator, self.user.id).await?;
        for session in admin.chat().sessions_of(operator, login).await? {
            let mut line = session_line(&session);
            line["push"] = json!(push.contains(&session.id));
            self.archive.line(line).await?;
        }
        self.archive.file("tokens.jsonl", 0).await?;
        for session in admin.chat().tokens_of(operator, login).await? {
            let mut line = session_line(&session);
            if let Some(grant) = &session.grant {
                line["name"] = json!(grant.name);
                line["scope"] = json!(grant.scope.as_str());
                line["room"] = json!(grant.scope.room().map(RoomId::key));
            }
            self.archive.line(line).await?;
        }
        Ok(())
    }

    /// Lists what the audit log says about the user.
    async fn audit(&mut self) -> Result<(), Failure> {
        let Call { admin, operator, .. } = *self.call;
        self.archive.file("audit.jsonl", 0).await?;
        let mut query = AuditQuery {
            person: Some(self.user.login.clone()),
            oldest_first: true,
            limit: PAGE,
            ..AuditQuery::default()
        };
        loop {
            let page = admin.chat().audit_log(operator, &query).await?;
            let (last, count) = (page.last().map(|entry| entry.id), page.len());
            for mut entry in page {
                // The query is by name, which somebody else may have had before.
                let own = entry.by.actor.user == Some(self.user.id);
                let target = entry.note.target.as_ref();
                let id = self.user.id.0.to_string();
                if !own && !target.is_some_and(|to| to.kind == "user" && to.id == id) {
                    continue;
                }
                if !own {
                    // From where others acted is theirs.
                    entry.by.actor.from.clear();
                }
                self.archive.line(audit::Entry::from(entry)).await?;
            }
            if count < PAGE as usize {
                return Ok(());
            }
            query.cursor = last;
        }
    }

    async fn files(&mut self) -> Result<(), Failure> {
        self.archive.file("files.jsonl", 0).await?;
        let mut after = Some(MediaId(0));
        while let Some(from) = after {
            let (page, next) = self.page_of_files(from).await?;
            for OwnFile { media, .. } in &page {
                self.archive.line(file_line(media)).await?;
            }
            after = next;
        }
        after = Some(MediaId(0));
        while let Some(from) = after {
            let (page, next) = self.page_of_files(from).await?;
            for OwnFile { media, .. } in &page {
                self.content(media).await?;
            }
            after = next;
        }
        Ok(())
    }

    async fn page_of_files(
        &self,
        after: MediaId,
    ) -> Result<(Vec<OwnFile>, Option<MediaId>), Failure> {
        let Call { admin, operator, .. } = *self.call;
        Ok(admin.chat().files_of_user(operator, self.user.id, after, PAGE).await?)
    }

    async fn content(&mut self, media: &Media) -> Result<(), Failure> {
        let Call { admin, .. } = *self.call;
        let name = &media.name;
        let failed = |error| Failure::from_io(&format!("cannot read the file {name}"), error);
        let files = &admin.0.parts.files;
        let found = files.read(name, 0..media.size, media.size).await.map_err(failed)?;
        let Some(mut bytes) = found else {
            tracing::error!("An uploaded file is missing: {name}");
            self.exported.files_missing += 1;
            return Ok(());
        };
        self.archive.file(path_of(media), media.size).await?;
        while let Some(some) = bytes.try_next().await.map_err(failed)? {
            self.archive.bytes(some).await?;
        }
        self.exported.files += 1;
        Ok(())
    }
}

/// The path of an uploaded file in the archive; its own name may be none of a file system.
fn path_of(media: &Media) -> String {
    format!("files/{}.{}", media.id.0, media.kind)
}

fn file_line(media: &Media) -> Value {
    json!({
        "path": path_of(media),
        "file_name": media.file_name,
        "bytes": media.size,
        "sha512": media.name,
        "uploaded": media.created.seconds(),
    })
}

fn shown(message: &Message) -> Value {
    json!({
        "message": message.id().key(),
        "room": message.room.key(),
        "seq": message.seq.0,
        "time": message.created.millis(),
        "content": message.text,
        "edited": message.edited.map(Timestamp::millis),
        "reply_to": message.reply_to.map(|seq| MessageId { room: message.room, seq }.key()),
        "files": message.media.iter().map(path_of).collect::<Vec<_>>(),
    })
}

fn session_line(session: &Session) -> Value {
    json!({
        "id": session.id.0,
        "device": session.device,
        "address": session.address.map(|address| address.to_string()),
        "created": session.created.seconds(),
        "last_seen": session.seen.seconds(),
        "expires": session.expires.seconds(),
    })
}
