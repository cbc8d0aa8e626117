//! The JSON of this dialect against the golden samples.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::*;
use crate::api::golden::{self, NOW, ROOM};
use crate::chat::{
    self, ConnectedRoom, Hit, Hits, People, ProfileChange, Registration, RoomPlan, RoomSettings,
    Token,
};
use crate::model::{
    self, AccountFlags, Changes as ModelChanges, Hash32, LiveState, Marked, MediaId, MessageId,
    MessageRef, NewMessage, OwnChange, PreferencesChange, Reaction, Rev, Role, RoomChanges, Seq,
    SessionId, Stored, Visibility, WordQuery,
};
use crate::unfurl::{Picture, Preview};

#[track_caller]
fn same(name: &str, actual: &impl Serialize) {
    golden::same("chatrooms", name, actual);
}

fn read<T: serde::de::DeserializeOwned>(body: serde_json::Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(body)
}

#[test]
fn users_show_email_and_birth_to_themselves_alone() {
    same("rest.user-own.json", &User::own(&golden::ann()));
    same("rest.user-public.json", &User::public(&golden::ann()));
    same("rest.verified.json", &Verified::new(&golden::ann()));
    let lunch = model::User { status: Some(golden::lunch()), ..golden::ann() };
    same("rest.statuses.json", &Statuses::from([lunch, golden::petr()].as_slice()));
    same("rest.users.json", &Users::from([golden::ann(), golden::petr()].as_slice()));
}

#[test]
fn sessions_say_which_is_the_own() {
    let session = |id: i64, device: &str| model::Session {
        id: SessionId(id),
        user: golden::ANN,
        login: "ann".to_owned(),
        name: "Ann".to_owned(),
        admin: false,
        guest: false,
        token: Hash32([0; 32]),
        device: device.to_owned(),
        address: None,
        peer: None,
        created: golden::BEFORE,
        seen: NOW,
        expires: NOW,
        grant: None,
        unproven: false,
    };
    same(
        "rest.sessions.json",
        &Sessions::new(&[session(9, "curl/8"), session(4, "")], &[SessionId(9)], SessionId(4)),
    );
    same("rest.media.json", &Media::from(&golden::picture()));
    let ann = model::Participant { media: Some(golden::picture()), ..golden::ann_there() };
    same("rest.participant-picture.json", &Participant::from(&ann));
    same("rest.muted.json", &Muted { room_id: ROOM.into(), muted: true });
}

#[test]
fn subscriptions_to_push_notifications_are_read_and_said() {
    let none = chat::PushState { key: None, text: true, subscription: None };
    same("rest.push-off.json", &Push::from(&none));
    let given = golden::subscription();
    let subscription = model::PushSubscription {
        session: SessionId(4),
        user: golden::ANN,
        given: given.clone(),
        at: NOW,
    };
    let key = Some("BAAB".to_owned());
    let on = chat::PushState { key, text: false, subscription: Some(subscription) };
    same("rest.push.json", &Push::from(&on));
    let body = json!({
        "endpoint": "https://push.example/1",
        "expirationTime": null,
        "keys": {"p256dh": "BAUG", "auth": "Bwg"},
        "all": true,
        "text": false,
    });
    let new = |body: &serde_json::Value| {
        model::NewSubscription::try_from(read::<Subscribe>(body.clone()).unwrap())
    };
    assert_eq!(new(&body), Ok(given));
    let plain = json!({"endpoint": "e", "keys": {"p256dh": "BAUG=", "auth": "Bwg="}});
    let plain = new(&plain).unwrap();
    assert!(!plain.all && plain.text && plain.secret == [7, 8], "padding is accepted");
    let odd = new(&json!({"endpoint": "e", "keys": {"p256dh": "B*", "auth": "Bwg"}}));
    assert!(matches!(odd, Err(model::Error::Invalid { field, .. }) if field == "keys.p256dh"));
}

#[test]
fn what_only_its_user_sees_is_said() {
    same("rest.own-settings.json", &OwnSettings::new(ROOM, golden::card().own));
    same("rest.own-settings-default.json", &OwnSettings::new(ROOM, golden::bare_card().own));
    same("rest.preferences.json", &Preferences::from(golden::preferences()));
    same("rest.preferences-default.json", &Preferences::from(model::Preferences::default()));
    same("rest.message-reply.json", &Message::from(&golden::reply()));
    same("rest.follows.json", &Follows::from([golden::follow()].as_slice()));
    let thread = model::FollowedThread {
        root: golden::plain(),
        last: golden::reply(),
        replies: 3,
        unread: 1,
    };
    same("rest.followed-threads.json", &FollowedThreads::new(&[thread], 1));
    let summary = model::ThreadSummary {
        root: Seq(9),
        replies: 3,
        last_seq: Seq(12),
        last: NOW,
        repliers: vec![golden::petr_there().person()],
    };
    same("rest.thread-summaries.json", &ThreadSummaries::new(ROOM, &[summary]));
    let saved = [model::Saved { message: golden::plain(), at: NOW }];
    same("rest.saved.json", &SavedMessages::new(&saved, 1));
    let last = serde_json::to_value(SavedMessages::new(&saved, 2)).unwrap();
    assert_eq!(last.get("cursor"), None, "there is no next page");
    let soon = model::Unsent {
        place: model::DraftPlace { room: ROOM, thread: None },
        text: "soon".to_owned(),
        reply_to: None,
        at: golden::BEFORE,
    };
    same("rest.drafts.json", &Drafts::from([golden::draft(), soon].as_slice()));
}

#[test]
fn changes_of_what_only_its_user_sees_are_read() {
    let own = |body| OwnChange::try_from(read::<ChangeOwn>(body).unwrap());
    let notify = Some(Some(model::NotifyLevel::Mentions));
    assert_eq!(
        own(json!({"notify": "mentions"})),
        Ok(OwnChange { notify, ..OwnChange::default() })
    );
    let default = OwnChange { notify: Some(None), favourite: Some(true) };
    assert_eq!(own(json!({"notify": null, "favourite": true})), Ok(default));
    assert_eq!(own(json!({})), Ok(OwnChange::default()));
    let odd = own(json!({"notify": "loud"}));
    assert!(matches!(odd, Err(model::Error::Invalid { field, .. }) if field == "notify"));
    let all = |body| PreferencesChange::try_from(read::<ChangePreferences>(body).unwrap());
    let none = all(json!({"quiet": null})).unwrap();
    assert_eq!(none, PreferencesChange { quiet: Some(None), ..PreferencesChange::default() });
    assert_eq!(all(json!({})), Ok(PreferencesChange::default()));
    assert!(read::<ChangePreferences>(json!({"quiet": {"from": "22:00"}})).is_err());
}

#[test]
fn a_login_says_token_and_expiry() {
    let token = Token {
        text: "aaa.bbb.ccc".to_owned(),
        expires: NOW,
        session_expires: NOW,
        login: "ann".to_owned(),
    };
    same("rest.token.json", &LoggedIn::from(&token));
}

#[test]
fn rooms_have_names_or_null_and_owners_or_nothing() {
    same("rest.room.json", &Room::from(&golden::state(golden::facts(), LiveState::Active)));
    same(
        "rest.room-nameless.json",
        &Room::from(&golden::state(golden::bare_facts(), LiveState::Closed)),
    );
    same("rest.participant.json", &Participant::from(&golden::petr_there()));
}

#[test]
fn what_is_beyond_the_document_is_said_where_it_is_so_and_in_rest_only() {
    let account = AccountFlags { bot: true, guest: true, disabled: false };
    let room = model::Room {
        topic: Some("책".to_owned()),
        description: Some("What we read\nand why".to_owned()),
        read_only: true,
        archived: Some(NOW),
        ..golden::room()
    };
    let facts = model::RoomFacts {
        room,
        participants: vec![model::Participant { account, ..golden::petr_there() }],
    };
    same("rest.room-archived.json", &Room::in_rest(&facts, LiveState::Closed));
    let mut frame = golden::sample("chatrooms", "rest.room-archived.json");
    for key in ["topic", "description", "readOnly", "archived", "archivedAt"] {
        frame.as_object_mut().unwrap().remove(key);
    }
    for key in ["bot", "guest"] {
        frame["participants"][0].as_object_mut().unwrap().remove(key);
    }
    assert_eq!(serde_json::to_value(Room::in_frame(&facts, LiveState::Closed)).unwrap(), frame);
    let bot = model::User { bot: true, guest: true, ..golden::petr() };
    let shown = serde_json::to_value(User::public(&bot)).unwrap();
    assert_eq!((&shown["bot"], &shown["guest"]), (&json!(true), &json!(true)));
    let by = model::Person { id: golden::ANN, login: "ann".to_owned(), name: "Ann Lee".to_owned() };
    let pins = [
        model::Pin { message: golden::plain(), by: Some(by.into()), at: NOW },
        model::Pin { message: golden::plain(), by: None, at: golden::BEFORE },
    ];
    same("rest.pins.json", &Pins::from(pins.as_slice()));
}

#[test]
fn absent_settings_stay_and_null_or_nothing_takes_away() {
    let settings = |body| RoomSettings::try_from(read::<ChangeSettings>(body).unwrap());
    assert_eq!(settings(json!({})).unwrap(), RoomSettings::default());
    let all = settings(json!({
        "topic": null, "description": "", "visibility": "private", "readOnly": true,
        "archived": false,
    }))
    .unwrap();
    let visibility = Some(Visibility::Private);
    assert_eq!(
        all,
        RoomSettings {
            topic: Some(None),
            description: Some(None),
            visibility,
            read_only: Some(true),
            archived: Some(false),
            retention: None,
        }
    );
    assert!(settings(json!({"visibility": "secret"})).is_err());
    assert!(read::<ChangeSettings>(json!({"archived": "yes"})).is_err());
}

#[test]
fn the_directory_says_nothing_of_messages() {
    let rooms = [(golden::card(), LiveState::Idle), (golden::bare_card(), LiveState::Closed)];
    same("rest.rooms-mine.json", &Rooms { chatrooms: rooms.iter().map(Card::mine).collect() });
    same(
        "rest.rooms-public.json",
        &Rooms { chatrooms: rooms[..1].iter().map(Card::public).collect() },
    );
}

#[test]
fn a_connected_room_says_who_is_online() {
    let room = golden::state(golden::facts(), LiveState::Idle);
    same(
        "rest.connected.json",
        &Connected::from(&ConnectedRoom { room, online: vec!["ann".to_owned()], online_count: 1 }),
    );
}

#[test]
fn absent_things_of_a_message_are_left_out() {
    same("rest.message.json", &Message::from(&golden::rich()));
    same("rest.message-plain.json", &Message::from(&golden::plain()));
    same("rest.message-deleted.json", &Message::from(&golden::deleted()));
    let (plain, query) = (golden::plain(), WordQuery::parse("hell").unwrap());
    let hits = Hits {
        hits: vec![Hit { snippet: query.snippet(&plain.text), message: plain }],
        cursor: Some("c".to_owned()),
        indexing: false,
    };
    same("rest.found.json", &Found::from(&hits));
    same("rest.found-nothing.json", &Found::from(&Hits { indexing: true, ..Hits::default() }));
    same("rest.history.json", &History::new(ROOM, &[golden::plain(), golden::deleted()]));
}

pub(crate) fn changes(reset: bool) -> RoomChanges {
    let (room, messages) =
        if reset { (None, Vec::new()) } else { (Some(golden::facts()), vec![golden::plain()]) };
    let changes =
        ModelChanges { epoch: "e1".to_owned(), rev: Rev(15), more: !reset, reset, room, messages };
    RoomChanges { room: ROOM, changes, state: LiveState::Active }
}

#[test]
fn changes_say_reset_and_room_only_where_they_have_one() {
    same("rest.changes.json", &Changes::from(&changes(false)));
    same("rest.changes-reset.json", &Changes::from(&changes(true)));
}

#[test]
fn marks_and_reactions_name_message_and_user() {
    let marked = Marked { mark: golden::mark(), login: "ann".to_owned() };
    same("rest.read.json", &Read::new(&marked, Seq(11)));
    let stored = Stored {
        message: golden::plain().id(),
        rev: Rev(15),
        at: NOW,
        client_id: None,
        repeated: false,
    };
    same(
        "rest.reaction.json",
        &ReactionGiven::new(&stored, "ann", &Reaction::parse("👍").unwrap()),
    );
}

#[test]
fn custom_emoji_name_their_pictures() {
    let list = chat::EmojiList { emoji: vec![golden::custom_emoji()], may_add: true };
    same("rest.emoji.json", &EmojiList::from(&list));
}

#[test]
fn a_command_is_answered_with_what_has_become_of_it() {
    use chat::CommandSaid::{Ephemeral, Failed, Nothing, Posted};
    let commands = [golden::slash_command()];
    same("rest.commands.json", &SlashCommands::from(&commands[..]));
    for (name, said) in [
        ("rest.command-ephemeral.json", Ephemeral("Build 7 is out.".to_owned())),
        ("rest.command-posted.json", Posted(Box::new(golden::plain()))),
        ("rest.command-none.json", Nothing),
        ("rest.command-failed.json", Failed(model::CommandProblem::Status(500))),
    ] {
        let outcome = chat::CommandOutcome { command: "deploy".to_owned(), said };
        same(name, &CommandOutcome::from(&outcome));
    }
}

#[test]
fn null_counts_as_absent_and_unknown_keys_are_ignored() {
    let new: NewUser =
        read(json!({"userId": "ann", "password": "x", "name": null, "email": "a@b", "other": [1]}))
            .unwrap();
    let Registration { login, password, name, email, birth } = new.into();
    assert_eq!(
        (login.as_str(), password.as_str(), name, email.as_deref(), birth),
        ("ann", "x", None, Some("a@b"), None)
    );
    let NewMessage { text, client_id, reply_to, media } =
        read::<Post>(json!({"content": "hi", "replyTo": null, "mediaIds": null})).unwrap().into();
    assert_eq!((text.as_str(), client_id, reply_to, media), ("hi", None, None, Vec::new()));
    assert!(read::<Post>(json!({"content": null})).is_err());
    assert!(read::<NewUser>(json!({"userId": "ann"})).is_err());
}

#[test]
fn null_in_a_profile_takes_away() {
    let change: ProfileChange =
        read::<ChangeMe>(json!({"email": null, "birth": "1990-04-01", "mediaId": null}))
            .unwrap()
            .into();
    assert_eq!(change.email, Some(None));
    assert_eq!(change.birth, Some(Some("1990-04-01".to_owned())));
    assert_eq!(change.media, Some(None));
    let change: ProfileChange =
        read::<ChangeMe>(json!({"name": null, "mediaId": 3})).unwrap().into();
    assert_eq!(
        (change.name, change.email, change.birth, change.media),
        (None, None, None, Some(Some(MediaId(3))))
    );
}

#[test]
fn rooms_are_private_unless_asked_for() {
    let planned = |body| RoomPlan::try_from(read::<NewRoom>(body).unwrap());
    let plain =
        planned(json!({"targetUserIds": ["ann", "ann"], "createdAt": "2020-01-01T00:00:00Z"}))
            .unwrap();
    assert_eq!((plain.name, plain.visibility, plain.reuse), (None, Visibility::Private, false));
    assert!(matches!(plain.people, People::Logins(names) if names == ["ann", "ann"]));
    let public =
        planned(json!({"targetUserIds": [], "name": "n", "visibility": "public", "direct": true}))
            .unwrap();
    assert_eq!(
        (public.name.as_deref(), public.visibility, public.reuse),
        (Some("n"), Visibility::Public, true)
    );
    let odd = planned(json!({"targetUserIds": [], "visibility": "secret"}));
    assert!(matches!(odd, Err(model::Error::Invalid { field, .. }) if field == "visibility"));
}

#[test]
fn roles_and_reactions_are_read() {
    assert_eq!(read::<NewParticipant>(json!({"userId": "a"})).unwrap().role(), Ok(Role::Member));
    assert_eq!(
        read::<NewParticipant>(json!({"userId": "a", "role": "sub-admin"})).unwrap().role(),
        Ok(Role::SubAdmin)
    );
    let unknown = read::<SetRole>(json!({"role": "king"})).unwrap().role();
    assert!(matches!(unknown, Err(model::Error::Invalid { field, .. }) if field == "role"));
    assert!(read::<NewReaction>(json!({"reactionType": "👍👍"})).unwrap().reaction().is_err());
    let post: NewMessage =
        read::<Post>(json!({"content": "", "replyTo": "msg7000000011", "mediaIds": [4]}))
            .unwrap()
            .into();
    assert_eq!(post.reply_to, Some(MessageRef::Id(MessageId { room: ROOM, seq: Seq(11) })));
    assert_eq!(post.media, [MediaId(4)]);
}

#[test]
fn readers_are_marks_with_their_time() {
    let marks = [Marked { mark: golden::mark(), login: "ann".to_owned() }];
    same("rest.readers.json", &Readers::from(marks.as_slice()));
}

#[test]
fn a_preview_has_what_its_page_says() {
    let preview = |title: &str| Preview {
        title: title.to_owned(),
        description: None,
        site: "example.org".to_owned(),
        picture: None,
    };
    let picture = Picture {
        name: String::new(),
        kind: model::FileKind::of("jpg"),
        bytes: vec![1, 2, 3].into(),
        size: model::Size { width: 320, height: 180 },
    };
    let found = |link: &str, key: &str, preview: Preview| chat::LinkPreview {
        link: link.to_owned(),
        key: key.to_owned(),
        preview: Arc::new(preview),
    };
    let rich = Preview {
        description: Some("A plan for the harbour.".to_owned()),
        site: "Pier Nine".to_owned(),
        picture: Some(picture),
        ..preview("The plan")
    };
    let all = [
        found("https://example.org/plan#part", "9f86d081884c7d659a2feaa0c55ad015", rich),
        found("https://example.org/", "0", preview("Example")),
    ];
    same("rest.link-previews.json", &LinkPreviews::from(all.as_slice()));
}
