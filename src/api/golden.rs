//! The content of the golden wire samples of all dialects: one room, two users and a few messages
//! in each dialect's format.
//!
//! `tests/golden/<dialect>/*.json` are written by hand from the contract; [`same`] compares with
//! them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::Value;
use warp::reply::Response;

use crate::live::Encoded;
use crate::model::{
    AccountFlags, Availability, Change, Claim, CommandAnswer, CustomEmoji, DraftPlace,
    EmojiPicture, Error, Event, Follow, LiveState, Look, Media, MediaId, Message, MessageId,
    NotifyLevel, OwnSettings, Participant, Personal, Preferences, QuietHours, Reaction,
    ReactionCount, ReadMark, Rev, Role, Room, RoomCard, RoomEvent, RoomFacts, RoomId,
    RoomRetention, RoomState, Seq, SlashCommand, SlashCommandId, SocketId, Status, Timestamp,
    Unsent, User, UserId, Visibility, WebhookBot, WebhookSecret, Who,
};

/// 2025-07-15T14:32:10.245Z
pub(crate) const NOW: Timestamp = Timestamp(1_752_589_930_245);
/// Half a minute before [`NOW`].
pub(crate) const BEFORE: Timestamp = Timestamp(1_752_589_900_007);
pub(crate) const ROOM: RoomId = RoomId(7);
pub(crate) const ANN: UserId = UserId(1);
pub(crate) const PETR: UserId = UserId(2);

/// Reads the sample of this name.
pub(crate) fn sample(dialect: &str, name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(dialect).join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Panics unless the value equals the sample, key by key.
#[track_caller]
pub(crate) fn same(dialect: &str, name: &str, actual: &impl Serialize) {
    let actual = serde_json::to_value(actual).unwrap();
    assert_eq!(pretty(&actual), pretty(&sample(dialect, name)), "{dialect}/{name}");
}

/// Parses a text frame.
pub(crate) fn frame(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Returns the only frame.
#[track_caller]
pub(crate) fn only(said: Vec<Encoded>) -> Encoded {
    let only = <[Encoded; 1]>::try_from(said);
    let [only] = only.unwrap_or_else(|said| panic!("{} frames", said.len()));
    only
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// Returns status, error headers and body.
pub(crate) async fn taken_apart(response: Response) -> Value {
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    let mut parts = serde_json::json!({ "status": head.status.as_u16(), "body": body });
    for name in ["allow", "retry-after", "upgrade"] {
        if let Some(value) = head.headers.get(name) {
            parts[name] = value.to_str().unwrap().into();
        }
    }
    parts
}

/// One error of every kind, with its name.
pub(crate) fn every_error() -> Vec<(&'static str, Error)> {
    let all = [
        Error::Malformed("expected value at line 1 column 1".to_owned()),
        Error::invalid("role", "must be admin, sub-admin or member"),
        Error::Empty("content"),
        Error::TooLong("content", 4000),
        Error::TooFew("userIds"),
        Error::NoSession,
        Error::BadSession,
        Error::BadCredentials { known: true },
        Error::BadCredentials { known: false },
        Error::SecondFactorRequired,
        Error::SecondFactorMissing(UserId(1)),
        Error::Forbidden,
        Error::Archived,
        Error::ReadOnly,
        Error::ForeignOrigin,
        Error::RegistrationClosed,
        Error::InvitationNeeded,
        Error::SecondFactorOff,
        Error::SecondFactorKept,
        Error::LocalLoginOff,
        Error::RoomNotFound,
        Error::MessageNotFound,
        Error::UserNotFound,
        Error::ParticipantNotFound,
        Error::SessionNotFound,
        Error::MediaNotFound,
        Error::EmojiNotFound,
        Error::CommandNotFound,
        Error::NotInRoom,
        Error::MissingRoom,
        Error::NotJoined,
        Error::UnknownType("shout".to_owned()),
        Error::Taken(Claim::Login),
        Error::TooManyReactions,
        Error::RoomClosing,
        Error::TooLarge,
        Error::RateLimited(Duration::from_millis(1500)),
        Error::Unavailable,
        Error::Internal,
        Error::NotFound,
        Error::MethodNotAllowed("GET, POST".to_owned()),
        Error::UpgradeRequired,
    ];
    all.into_iter().map(|error| (name(&error), error)).collect()
}

/// Name of an error. A new kind of error gets a name here and an example above.
fn name(error: &Error) -> &'static str {
    match error {
        Error::Malformed(_) => "Malformed",
        Error::Invalid { .. } => "Invalid",
        Error::Empty(_) => "Empty",
        Error::TooLong(..) => "TooLong",
        Error::TooFew(_) => "TooFew",
        Error::NoSession => "NoSession",
        Error::BadSession => "BadSession",
        Error::BadCredentials { known: true } => "BadCredentials known",
        Error::BadCredentials { known: false } => "BadCredentials unknown",
        Error::SecondFactorRequired => "SecondFactorRequired",
        Error::SecondFactorMissing(_) => "SecondFactorMissing",
        Error::Forbidden => "Forbidden",
        Error::Archived => "Archived",
        Error::ReadOnly => "ReadOnly",
        Error::ForeignOrigin => "ForeignOrigin",
        Error::RegistrationClosed => "RegistrationClosed",
        Error::InvitationNeeded => "InvitationNeeded",
        Error::SecondFactorOff => "SecondFactorOff",
        Error::SecondFactorKept => "SecondFactorKept",
        Error::LocalLoginOff => "LocalLoginOff",
        Error::RoomNotFound => "RoomNotFound",
        Error::MessageNotFound => "MessageNotFound",
        Error::UserNotFound => "UserNotFound",
        Error::ParticipantNotFound => "ParticipantNotFound",
        Error::SessionNotFound => "SessionNotFound",
        Error::MediaNotFound => "MediaNotFound",
        Error::EmojiNotFound => "EmojiNotFound",
        Error::CommandNotFound => "CommandNotFound",
        Error::NotInRoom => "NotInRoom",
        Error::MissingRoom => "MissingRoom",
        Error::NotJoined => "NotJoined",
        Error::UnknownType(_) => "UnknownType",
        Error::Taken(_) => "Taken",
        Error::TooManyReactions => "TooManyReactions",
        Error::RoomClosing => "RoomClosing",
        Error::TooLarge => "TooLarge",
        Error::RateLimited(_) => "RateLimited",
        Error::Unavailable => "Unavailable",
        Error::Internal => "Internal",
        Error::NotFound => "NotFound",
        Error::MethodNotAllowed(_) => "MethodNotAllowed",
        Error::UpgradeRequired => "UpgradeRequired",
    }
}

/// A user with every field set.
pub(crate) fn ann() -> User {
    User {
        id: ANN,
        login: "ann".to_owned(),
        name: "Ann Lee".to_owned(),
        email: Some("ann@example.org".to_owned()),
        birth: Some("1990-04-01".to_owned()),
        media: Some(picture()),
        status: None,
        admin: true,
        disabled: false,
        bot: false,
        guest: false,
        second_factor: false,
        created: BEFORE,
    }
}

/// A user with only the required fields.
pub(crate) fn petr() -> User {
    User {
        id: PETR,
        login: "Петр".to_owned(),
        name: "Петр".to_owned(),
        email: None,
        birth: None,
        media: None,
        status: None,
        admin: false,
        disabled: false,
        bot: false,
        guest: false,
        second_factor: false,
        created: NOW,
    }
}

pub(crate) fn picture() -> Media {
    Media {
        id: MediaId(3),
        name: "c0ffee".to_owned(),
        kind: "png".to_owned(),
        owner: ANN,
        is_image: true,
        size: 2048,
        width: Some(64),
        height: Some(32),
        file_name: Some("cat.png".to_owned()),
        created: BEFORE,
    }
}

pub(crate) fn paper() -> Media {
    let name = "beef".to_owned();
    Media {
        id: MediaId(4),
        name,
        kind: "pdf".to_owned(),
        is_image: false,
        width: None,
        height: None,
        file_name: None,
        ..picture()
    }
}

pub(crate) fn ann_there() -> Participant {
    let (login, name) = ("ann".to_owned(), "Ann Lee".to_owned());
    Participant {
        user: ANN,
        login,
        name,
        edited_name: String::new(),
        media: None,
        role: Role::Admin,
        since: Rev(1),
        joined: BEFORE,
        account: AccountFlags::default(),
    }
}

pub(crate) fn petr_there() -> Participant {
    let (login, name, edited_name) = ("Петр".to_owned(), "Петр".to_owned(), "Pete".to_owned());
    Participant {
        user: PETR,
        login,
        name,
        edited_name,
        media: None,
        role: Role::Member,
        since: Rev(2),
        joined: NOW,
        account: AccountFlags::default(),
    }
}

pub(crate) fn room() -> Room {
    Room {
        id: ROOM,
        name: Some("General".to_owned()),
        topic: None,
        description: None,
        visibility: Visibility::Public,
        archived: None,
        read_only: false,
        owner: Some(ANN),
        owner_login: "ann".to_owned(),
        created: BEFORE,
        last_seq: Seq(12),
        rev: Rev(15),
        facts_rev: Rev(2),
        mode_rev: Rev(0),
        retention: RoomRetention::default(),
        expired: Seq(0),
    }
}

pub(crate) fn facts() -> RoomFacts {
    RoomFacts { room: room(), participants: vec![petr_there(), ann_there()] }
}

/// A private room without name, owner and participants.
pub(crate) fn bare_facts() -> RoomFacts {
    let bare = Room {
        id: RoomId(1234),
        name: None,
        visibility: Visibility::Private,
        owner: None,
        owner_login: String::new(),
        last_seq: Seq(0),
        rev: Rev(1),
        ..room()
    };
    RoomFacts { room: bare, participants: Vec::new() }
}

pub(crate) fn state(facts: RoomFacts, state: LiveState) -> RoomState {
    RoomState { facts: Arc::new(facts), state }
}

pub(crate) fn card() -> RoomCard {
    RoomCard {
        facts: facts(),
        user_count: 11,
        last_message: Some(plain()),
        mark: Seq(9),
        unread: 3,
        mentions: 1,
        own: OwnSettings { notify: Some(NotifyLevel::Nothing), favourite: true },
    }
}

pub(crate) fn bare_card() -> RoomCard {
    RoomCard {
        facts: bare_facts(),
        user_count: 0,
        last_message: None,
        mark: Seq(0),
        unread: 0,
        mentions: 0,
        own: OwnSettings::default(),
    }
}

/// A message with every field set.
pub(crate) fn rich() -> Message {
    let given = |word: &str, users: &[&str]| ReactionCount {
        reaction: Reaction::parse(word).unwrap(),
        users: users.iter().map(|user| (*user).to_owned()).collect(),
    };
    Message {
        edited: Some(NOW),
        reply_to: Some(Seq(11)),
        thread: None,
        client_id: Some("c-1".to_owned()),
        reactions: vec![given("like", &["ann", "Петр"]), given("👍", &["ann"])],
        media: vec![picture(), paper()],
        ..plain()
    }
}

/// A message with only a text.
pub(crate) fn plain() -> Message {
    Message {
        room: ROOM,
        seq: Seq(12),
        rev: Rev(15),
        author: petr_there().person().into(),
        text: "Hello \"all\" <b>".to_owned(),
        created: BEFORE,
        edited: None,
        deleted: None,
        reply_to: None,
        thread: None,
        client_id: None,
        reactions: Vec::new(),
        media: Vec::new(),
    }
}

/// A reply in a thread.
pub(crate) fn reply() -> Message {
    Message { reply_to: Some(Seq(11)), thread: Some(Seq(9)), ..plain() }
}

/// How Ann stands to that thread.
pub(crate) fn follow() -> Follow {
    let root = MessageId { room: ROOM, seq: Seq(9) };
    Follow { root, following: true, read: Seq(11), unread: Some(Seq(12)) }
}

/// A deleted message of a deleted user.
pub(crate) fn deleted() -> Message {
    Message { author: Who::Deleted, text: String::new(), deleted: Some(NOW), ..plain() }
}

/// Changes that Ann makes to the room.
pub(crate) fn step(changes: Vec<Change>) -> Event {
    let by = ann_there().person();
    Event::Room(Arc::new(RoomEvent {
        room: ROOM,
        rev: Rev(15),
        at: NOW,
        by: by.into(),
        socket: Some(SocketId(5)),
        changes,
    }))
}

/// Ann has read up to message 12.
pub(crate) fn mark() -> ReadMark {
    ReadMark { room: ROOM, user: ANN, seq: Seq(12), at: NOW, unread: 2 }
}

/// One event of every kind, and one with every kind of change.
pub(crate) fn every_event() -> Vec<(&'static str, Event)> {
    steps().into_iter().chain(others()).collect()
}

fn steps() -> [(&'static str, Event); 10] {
    let like = || Reaction::parse("like").unwrap();
    [
        ("Posted", step(vec![Change::Posted(plain())])),
        ("Edited", step(vec![Change::Edited(Message { edited: Some(NOW), ..plain() })])),
        (
            "Deleted",
            step(vec![Change::Deleted(Message {
                text: String::new(),
                deleted: Some(NOW),
                ..plain()
            })]),
        ),
        ("Reacted", step(vec![Change::Reacted { seq: Seq(12), reaction: like() }])),
        ("Unreacted", step(vec![Change::Unreacted { seq: Seq(12), reaction: like() }])),
        ("Updated", step(vec![Change::Updated(room())])),
        ("ParticipantAdded", step(vec![Change::ParticipantAdded(petr_there())])),
        ("ParticipantChanged", step(vec![Change::ParticipantChanged(ann_there())])),
        ("ParticipantRemoved", step(vec![Change::ParticipantRemoved(petr_there().person())])),
        ("RoomDeleted", step(vec![Change::RoomDeleted])),
    ]
}

fn others() -> Vec<(&'static str, Event)> {
    let (person, at) = (petr_there().person(), NOW);
    vec![
        (
            "RoomAdded",
            Event::RoomAdded { user: PETR, facts: Arc::new(facts()), state: LiveState::Closed, at },
        ),
        (
            "Marked",
            Event::Marked {
                mark: mark(),
                person: ann_there().person(),
                author: PETR,
                participants: 2,
            },
        ),
        ("PersonalRoom", personal(Personal::Room(ROOM, card().own))),
        ("PersonalPreferences", personal(Personal::Preferences(preferences()))),
        ("PersonalSaved", personal(Personal::Saved(plain().id(), true))),
        ("PersonalUnsaved", personal(Personal::Saved(plain().id(), false))),
        ("PersonalMark", personal(Personal::Mark(mark(), "ann".to_owned()))),
        ("PersonalThread", personal(Personal::Thread(follow()))),
        ("PersonalDraft", personal(Personal::Draft(draft(), None))),
        ("PersonalAnswer", personal(Personal::Answer(command_answer()))),
        ("UserChanged", Event::UserChanged { user: ANN }),
        ("StatusChanged", status_changed()),
        ("EmojiAdded", emoji(Some(emoji_picture()))),
        ("EmojiRemoved", emoji(None)),
        ("SessionEnded", Event::SessionEnded { user: ANN, sessions: Vec::new() }),
        ("LookChanged", Event::LookChanged { look: Arc::new(look()), at }),
        ("Entered", Event::Entered { room: ROOM, person: person.clone(), socket: SocketId(5), at }),
        ("Left", Event::Left { room: ROOM, person: person.clone(), at }),
        (
            "Presence",
            Event::Presence {
                room: ROOM,
                joined: vec!["ann".to_owned()],
                left: vec!["Петр".to_owned()],
                online: 201,
                at,
            },
        ),
        ("Typing", Event::Typing { room: ROOM, person }),
        ("Availability", Event::Availability { users: available(), at }),
        ("AvailableElsewhere", Event::AvailableElsewhere { users: vec![ANN] }),
        ("Head", Event::Head { room: ROOM, rev: Rev(1) }),
        ("Lost", Event::Lost { room: None }),
        ("LostPersonal", Event::LostPersonal { user: None }),
    ]
}

fn emoji(picture: Option<EmojiPicture>) -> Event {
    Event::Emoji { name: "party_parrot".to_owned(), picture, at: NOW }
}

fn emoji_picture() -> EmojiPicture {
    EmojiPicture::of(&custom_emoji())
}

/// A custom emoji of Ann.
pub(crate) fn custom_emoji() -> CustomEmoji {
    CustomEmoji {
        name: "party_parrot".to_owned(),
        creator: "ann".to_owned(),
        media: picture(),
        created: BEFORE,
    }
}

fn personal(change: Personal) -> Event {
    Event::Personal { user: ANN, change, at: NOW }
}

/// A slash command.
pub(crate) fn slash_command() -> SlashCommand {
    SlashCommand {
        id: SlashCommandId(3),
        name: "deploy".to_owned(),
        url: "https://ops.example.org/deploy".to_owned(),
        secret: WebhookSecret([7; 32]),
        description: "Deploy a service".to_owned(),
        hint: "[service]".to_owned(),
        rooms: Vec::new(),
        creator: "ann".to_owned(),
        created: BEFORE,
        bot: WebhookBot { id: PETR, login: "hook-deploy".to_owned() },
    }
}

/// A late answer to a slash command of Ann.
pub(crate) fn command_answer() -> CommandAnswer {
    CommandAnswer { room: ROOM, command: "deploy".to_owned(), text: "Build 7 is out.".to_owned() }
}

/// A look with every part.
pub(crate) fn look() -> Look {
    Look {
        name: Some("Pier Nine".to_owned()),
        accent: Some("#2a6fdb".to_owned()),
        motd: Some("Maintenance on Sunday.".to_owned()),
        icon: Some("5f3a90c2d1e4b687".to_owned()),
    }
}

/// Users of each availability.
pub(crate) fn available() -> Vec<(String, Availability)> {
    [("ann", Availability::Online), ("Петр", Availability::Away), ("cyd", Availability::Offline)]
        .map(|(login, now)| (login.to_owned(), now))
        .to_vec()
}

fn status_changed() -> Event {
    let status = Some(Status { until: Some(NOW), ..lunch() });
    Event::StatusChanged { person: ann_there().person(), status, rooms: vec![ROOM], at: NOW }
}

/// A draft of a thread with every field set.
pub(crate) fn draft() -> Unsent {
    Unsent {
        place: DraftPlace { room: ROOM, thread: Some(Seq(3)) },
        text: "almost \"done\"".to_owned(),
        reply_to: Some(Seq(12)),
        at: NOW,
    }
}

/// What a device has given for push notifications, with short keys.
pub(crate) fn subscription() -> crate::model::NewSubscription {
    crate::model::NewSubscription {
        endpoint: "https://push.example/1".to_owned(),
        key: vec![4, 5, 6],
        secret: vec![7, 8],
        all: true,
        text: false,
    }
}

/// A status without an end.
pub(crate) fn lunch() -> Status {
    Status { emoji: Some("🍜".to_owned()), text: "at lunch".to_owned(), until: None }
}

/// Preferences with every field set.
pub(crate) fn preferences() -> Preferences {
    let [from, to, zone] = ["22:00", "07:00", "Asia/Seoul"].map(str::to_owned);
    Preferences {
        notify: NotifyLevel::Mentions,
        keywords: vec!["배포".to_owned(), "release".to_owned()],
        quiet: Some(QuietHours { from, to, zone }),
        language: Some("ko".to_owned()),
    }
}

/// Returns the event of this name.
pub(crate) fn event(name: &str) -> Event {
    every_event()
        .into_iter()
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("no event {name}"))
        .1
}
