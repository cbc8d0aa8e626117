//! What an entry of the audit log says of a change: pure functions of the objects before and after.
//! None: nothing has changed.

use serde_json::{Map, Value, json};

use crate::model::{
    AuditNote, AuditTarget, CustomEmoji, Identity, Invitation, InvitationId, Look, MessageId,
    OutgoingWebhook, RoomFacts, RoomId, Session, SessionId, SlashCommand, Timestamp, User, UserId,
    WebhookEvent,
};

/// Characters kept of topics and descriptions.
const LONGEST: usize = 200;
/// Participants named in one entry; of more, only the number is kept.
const NAMED: usize = 20;

type Properties = Map<String, Value>;

fn properties(all: Value) -> Properties {
    match all {
        Value::Object(all) => all,
        _ => Map::new(),
    }
}

/// Without what is not set.
fn set(mut all: Properties) -> Properties {
    all.retain(|_, value| !matches!(value, Value::Null | Value::Bool(false)));
    all
}

/// Keeps what differs on both sides.
fn differing(before: &mut Properties, after: &mut Properties) {
    let same: Vec<String> = before
        .iter()
        .filter(|(key, value)| after.get(*key) == Some(value))
        .map(|(key, _)| key.clone())
        .collect();
    for key in same {
        before.remove(&key);
        after.remove(&key);
    }
}

fn text(properties: Properties) -> Option<String> {
    (!properties.is_empty()).then(|| Value::Object(properties).to_string())
}

fn note(target: AuditTarget, before: Properties, after: Properties) -> Option<AuditNote> {
    let (before, after) = (text(before), text(after));
    (before.is_some() || after.is_some()).then_some(AuditNote {
        target: Some(target),
        before,
        after,
    })
}

fn of_user(user: &User) -> Properties {
    properties(json!({
        "display_name": user.name,
        "email": user.email,
        "admin": user.admin,
        "disabled": user.disabled,
        "bot": user.bot,
        "guest": user.guest,
        "second_factor": user.second_factor,
    }))
}

fn user(id: UserId, login: &str) -> AuditTarget {
    AuditTarget::new("user", id.0.to_string(), Some(login))
}

fn with_ended(mut after: Properties, sessions: u32) -> Properties {
    if sessions > 0 {
        after.insert("sessions_ended".to_owned(), sessions.into());
    }
    after
}

fn with_identities(mut all: Properties, identities: &[Identity]) -> Properties {
    if !identities.is_empty() {
        let keys: Vec<String> = identities.iter().map(Identity::key).collect();
        all.insert("identities".to_owned(), keys.into());
    }
    all
}

/// A new account.
pub(super) fn user_added(new: &User, identities: &[Identity]) -> Option<AuditNote> {
    let after = with_identities(set(of_user(new)), identities);
    note(user(new.id, &new.login), Map::new(), after)
}

/// An account created with an invitation.
pub(super) fn user_invited(new: &User, with: &Invitation) -> Option<AuditNote> {
    let mut after = set(of_user(new));
    after.insert("invitation".to_owned(), with.id.0.into());
    note(user(new.id, &new.login), Map::new(), after)
}

/// An invitation used by somebody who has an account.
pub(super) fn invitation_accepted(by: &User, with: &Invitation) -> Option<AuditNote> {
    let mut after = Map::new();
    after.insert("invitation".to_owned(), with.id.0.into());
    note(user(by.id, &by.login), Map::new(), after)
}

fn of_invitation(invitation: &Invitation) -> Properties {
    set(properties(json!({
        "uses": invitation.uses,
        "guest": invitation.guest,
        "rooms": invitation.rooms.iter().map(|room| room.key()).collect::<Vec<_>>(),
        "expires": invitation.expires.seconds(),
        "mailed_to": invitation.mailed_to,
    })))
}

fn invitation(id: InvitationId) -> AuditTarget {
    AuditTarget::new("invitation", id.0.to_string(), None)
}

/// A new invitation.
pub(super) fn invitation_added(new: &Invitation) -> Option<AuditNote> {
    note(invitation(new.id), Map::new(), of_invitation(new))
}

/// A revoked invitation.
pub(super) fn invitation_revoked(gone: &Invitation) -> Option<AuditNote> {
    let mut before = of_invitation(gone);
    before.insert("used".to_owned(), gone.used.into());
    note(invitation(gone.id), before, Map::new())
}

/// A changed account, before and after, with its identities; a new password is only mentioned.
pub(super) fn user_changed(
    [before, after]: [&User; 2],
    identities: &[Vec<Identity>; 2],
    password: bool,
    sessions_ended: u32,
) -> Option<AuditNote> {
    let mut old = with_identities(of_user(before), &identities[0]);
    let mut new = with_identities(of_user(after), &identities[1]);
    differing(&mut old, &mut new);
    if password {
        new.insert("password".to_owned(), "changed".into());
    }
    note(user(after.id, &after.login), old, with_ended(new, sessions_ended))
}

/// A deleted account.
pub(super) fn user_removed(gone: &User, sessions_ended: u32) -> Option<AuditNote> {
    note(user(gone.id, &gone.login), set(of_user(gone)), with_ended(Map::new(), sessions_ended))
}

/// Ended sessions of an account.
pub(super) fn sessions_ended(
    id: UserId,
    login: &str,
    one: Option<SessionId>,
    ended: u32,
) -> Option<AuditNote> {
    if ended == 0 {
        return None;
    }
    let mut after = with_ended(Map::new(), ended);
    if let Some(one) = one {
        after.insert("session".to_owned(), one.0.into());
    }
    note(user(id, login), Map::new(), after)
}

/// A new API token or webhook; log-ins are not recorded.
pub(super) fn token_created(session: &Session) -> Option<AuditNote> {
    let grant = session.grant.as_ref()?;
    let after = json!({
        "session": session.id.0,
        "name": grant.name,
        "scope": grant.scope.as_str(),
        "room": grant.scope.room().map(RoomId::key),
        "expires": session.fixed_expiry().map(Timestamp::seconds),
    });
    note(user(session.user, &session.login), Map::new(), set(properties(after)))
}

/// The address may contain a secret of the receiver, so it is left out.
fn of_webhook(webhook: &OutgoingWebhook) -> Properties {
    let events: Vec<&str> = webhook.events.iter().copied().map(WebhookEvent::as_str).collect();
    if webhook.all_public {
        return properties(json!({"events": events, "all_public_rooms": true}));
    }
    let rooms: Vec<String> = webhook.places.iter().map(|place| place.room.key()).collect();
    properties(json!({"events": events, "rooms": rooms}))
}

fn webhook(webhook: &OutgoingWebhook) -> AuditTarget {
    AuditTarget::new("outgoing_webhook", webhook.id.0.to_string(), Some(&webhook.name))
}

/// A new outgoing webhook.
pub(super) fn webhook_added(new: &OutgoingWebhook) -> Option<AuditNote> {
    note(webhook(new), Map::new(), of_webhook(new))
}

/// An outgoing webhook that was enabled or disabled; what it meets otherwise is no change of it.
pub(super) fn webhook_changed(
    before: &OutgoingWebhook,
    after: &OutgoingWebhook,
) -> Option<AuditNote> {
    let of = |webhook: &OutgoingWebhook| {
        let disabled = webhook.disabled.as_ref();
        properties(json!({
            "disabled": disabled.is_some(),
            "reason": disabled.map(|problem| &problem.reason),
        }))
    };
    let (mut old, mut new) = (of(before), of(after));
    differing(&mut old, &mut new);
    old.retain(|_, value| !value.is_null());
    new.retain(|_, value| !value.is_null());
    note(webhook(after), old, new)
}

/// A removed outgoing webhook.
pub(super) fn webhook_removed(gone: &OutgoingWebhook) -> Option<AuditNote> {
    note(webhook(gone), of_webhook(gone), Map::new())
}

/// The address may contain a secret of the program, so it is left out.
fn of_command(command: &SlashCommand) -> Properties {
    let rooms: Vec<String> = command.rooms.iter().map(|room| room.key()).collect();
    properties(json!({
        "description": short(Some(&command.description)),
        "hint": command.hint,
        "rooms": rooms,
    }))
}

fn command(command: &SlashCommand) -> AuditTarget {
    AuditTarget::new("slash_command", command.id.0.to_string(), Some(&command.name))
}

/// A new slash command.
pub(super) fn command_added(new: &SlashCommand) -> Option<AuditNote> {
    note(command(new), Map::new(), of_command(new))
}

/// A removed slash command.
pub(super) fn command_removed(gone: &SlashCommand) -> Option<AuditNote> {
    note(command(gone), of_command(gone), Map::new())
}

fn of_look(look: &Look) -> Properties {
    properties(json!({
        "name": look.name,
        "accent": look.accent,
        "motd": short(look.motd.as_deref()),
        "icon": look.icon,
    }))
}

/// A changed look of the server. What is left to the configuration is null.
pub(super) fn look_changed(before: &Look, after: &Look) -> Option<AuditNote> {
    let (mut old, mut new) = (of_look(before), of_look(after));
    differing(&mut old, &mut new);
    note(AuditTarget::new("server", "look", None), old, new)
}

fn emoji(emoji: &CustomEmoji) -> AuditTarget {
    AuditTarget::new("emoji", emoji.name.clone(), None)
}

fn of_emoji(emoji: &CustomEmoji) -> Properties {
    properties(json!({"file": emoji.media.name, "owner": emoji.creator}))
}

/// A new custom emoji.
pub(super) fn emoji_added(new: &CustomEmoji) -> Option<AuditNote> {
    note(emoji(new), Map::new(), of_emoji(new))
}

/// A removed custom emoji.
pub(super) fn emoji_removed(gone: &CustomEmoji) -> Option<AuditNote> {
    note(emoji(gone), of_emoji(gone), Map::new())
}

fn short(text: Option<&str>) -> Option<String> {
    text.map(|text| text.chars().take(LONGEST).collect())
}

fn of_room(facts: &RoomFacts) -> Properties {
    let room = &facts.room;
    properties(json!({
        "name": room.name,
        "topic": short(room.topic.as_deref()),
        "description": short(room.description.as_deref()),
        "visibility": room.visibility.as_str(),
        "read_only": room.read_only,
        "archived": room.archived.is_some(),
        "retention_days": room.retention.days,
        "keep_pinned": room.retention.keep_pinned,
        "owner": room.owner.map(|_| room.owner_login.as_str()),
    }))
}

fn room(facts: &RoomFacts) -> AuditTarget {
    AuditTarget::new("room", facts.room.id.key(), facts.room.name.as_deref())
}

/// A new room.
pub(super) fn room_added(new: &RoomFacts) -> Option<AuditNote> {
    let mut after = set(of_room(new));
    after.insert("members".to_owned(), new.participants.len().into());
    note(room(new), Map::new(), after)
}

/// A deleted room with this number of participants.
pub(super) fn room_removed(gone: &RoomFacts, members: u64) -> Option<AuditNote> {
    let mut before = set(of_room(gone));
    before.insert("members".to_owned(), members.into());
    before.insert("messages".to_owned(), gone.room.last_seq.0.into());
    note(room(gone), before, Map::new())
}

/// A changed room, or changed participants of it.
pub(super) fn room_changed(before: &RoomFacts, after: &RoomFacts) -> Option<AuditNote> {
    let (mut old, mut new) = (of_room(before), of_room(after));
    differing(&mut old, &mut new);
    for (key, of) in [("roles", role as fn(&RoomFacts) -> Properties), ("names", own_name)] {
        let (mut were, mut are) = (of(before), of(after));
        differing(&mut were, &mut are);
        for (into, some) in [(&mut old, were), (&mut new, are)] {
            if some.len() > NAMED {
                into.insert(key.to_owned(), some.len().into());
            } else if !some.is_empty() {
                into.insert(key.to_owned(), Value::Object(some));
            }
        }
    }
    note(room(before), old, new)
}

/// The roles of participants by their login name.
fn role(facts: &RoomFacts) -> Properties {
    facts.participants.iter().map(|p| (p.login.clone(), p.role.as_str().into())).collect()
}

/// The names of participants in the room, where they differ from their display names.
fn own_name(facts: &RoomFacts) -> Properties {
    let edited = facts.participants.iter().filter(|p| !p.edited_name.is_empty());
    edited.map(|p| (p.login.clone(), p.edited_name.clone().into())).collect()
}

/// A pinned (true) or unpinned message.
pub(super) fn pinned(message: MessageId, pinned: bool) -> Option<AuditNote> {
    let target = AuditTarget::new("message", message.key(), None);
    let before = properties(json!({"room": message.room.key(), "pinned": !pinned}));
    note(target, before, properties(json!({"pinned": pinned})))
}

/// A deleted message of this author. Its text is not kept.
pub(super) fn message_deleted(message: MessageId, author: &str) -> Option<AuditNote> {
    let target = AuditTarget::new("message", message.key(), None);
    let before = properties(json!({"room": message.room.key(), "author": author}));
    note(target, before, properties(json!({"deleted": true})))
}
