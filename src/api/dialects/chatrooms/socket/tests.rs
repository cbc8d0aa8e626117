//! The frames of this dialect against the golden samples.

use std::collections::HashMap;
use std::sync::Arc;

use super::*;
use crate::api::chatrooms::error;
use crate::api::golden::{self, ANN, NOW, PETR, ROOM};
use crate::api::{Greeting, RequestContext};
use crate::live::Audience;
use crate::model::{
    Change, Changes, Command, DraftPlace, Entered, Error, Event, Hash32, LiveState, Marked,
    MediaId, MessageId, MessageRef, NewDraft, NewMessage, Outcome, Personal, Result, Rev, Room,
    RoomChanges, RoomId, Seq, Session, SessionId, SocketId, Stored, Subscription, Unsent,
    Visibility,
};

#[track_caller]
fn says(name: &str, frame: &str) {
    golden::same("chatrooms", name, &golden::frame(frame));
}

fn state() -> State {
    State { login: "ann".to_owned() }
}

fn question(verb: &str, reference: Option<&str>) -> RequestContext {
    RequestContext { reference: reference.map(str::to_owned), verb: verb.to_owned() }
}

#[track_caller]
fn answers(name: &str, asked: &RequestContext, outcome: Result<Outcome>) {
    says(name, &reply(&state(), asked, outcome, NOW).unwrap());
}

fn r1() -> RequestContext {
    question("any", Some("r1"))
}

fn plain() -> RequestContext {
    question("any", None)
}

#[test]
fn the_first_frame_greets() {
    let session = Session {
        id: SessionId(9),
        user: ANN,
        login: "ann".to_owned(),
        name: "Ann Lee".to_owned(),
        admin: false,
        guest: false,
        token: Hash32([0; 32]),
        device: String::new(),
        address: None,
        peer: None,
        created: NOW,
        seen: NOW,
        expires: NOW,
        grant: None,
        unproven: false,
    };
    says(
        "frame.connection_established.json",
        &greet(
            &state(),
            &Greeting { session: &session, heartbeat_seconds: 30, epoch: "e1", now: NOW },
        ),
    );
}

#[test]
fn pings_leaves_and_silence_are_answered() {
    answers("frame.pong.json", &r1(), Ok(Outcome::Pong));
    answers("frame.room_left.json", &r1(), Ok(Outcome::Left(ROOM)));
    assert!(reply(&state(), &r1(), Ok(Outcome::Silent), NOW).is_none());
}

#[test]
fn an_entry_says_what_is_there() {
    let facts = Arc::new(golden::facts());
    let online = vec!["ann".to_owned(), "Петр".to_owned()];
    let messages = vec![golden::plain()];
    let entered = Entered {
        facts,
        state: LiveState::Active,
        rev: Rev(15),
        online,
        online_count: 2,
        messages,
        reset: false,
        first: true,
    };
    let reset = Entered {
        online: Vec::new(),
        online_count: 0,
        messages: Vec::new(),
        reset: true,
        ..entered.clone()
    };
    answers("frame.room_joined.json", &r1(), Ok(Outcome::Entered(Box::new(entered))));
    answers("frame.room_joined-reset.json", &plain(), Ok(Outcome::Entered(Box::new(reset))));
}

#[test]
fn what_was_stored_is_acknowledged() {
    let stored = Stored {
        message: golden::plain().id(),
        rev: Rev(15),
        at: NOW,
        client_id: Some("c-1".to_owned()),
        repeated: false,
    };
    answers("frame.message_sent.json", &r1(), Ok(Outcome::Stored(stored.clone())));
    answers(
        "frame.message_sent-plain.json",
        &plain(),
        Ok(Outcome::Stored(Stored { client_id: None, ..stored })),
    );
    answers(
        "frame.read_marked.json",
        &r1(),
        Ok(Outcome::Marked(Marked { mark: golden::mark(), login: "ann".to_owned() })),
    );
    answers("frame.draft_saved.json", &r1(), Ok(Outcome::Draft(golden::draft())));
    answers("frame.user_presence.json", &r1(), Ok(Outcome::Watched(golden::available())));
}

#[test]
fn a_subscriber_gets_pages_and_then_the_list() {
    let changes = Changes {
        epoch: "e1".to_owned(),
        rev: Rev(15),
        more: true,
        reset: false,
        room: Some(golden::facts()),
        messages: vec![golden::plain()],
    };
    let page = RoomChanges { room: ROOM, changes, state: LiveState::Active };
    let mut reset = page.clone();
    reset.changes =
        Changes { more: false, reset: true, room: None, messages: Vec::new(), ..reset.changes };
    answers("frame.changes.json", &r1(), Ok(Outcome::Changes(Box::new(page))));
    answers("frame.changes-reset.json", &plain(), Ok(Outcome::Changes(Box::new(reset))));
    let first = Subscription {
        room: ROOM,
        rev: Rev(15),
        last_seq: Seq(12),
        unread: 3,
        mentions: 1,
        reset: false,
    };
    let second = Subscription {
        room: RoomId(1234),
        rev: Rev(1),
        last_seq: Seq(0),
        unread: 0,
        mentions: 0,
        reset: true,
    };
    answers("frame.subscribed.json", &r1(), Ok(Outcome::Subscribed(vec![first, second])));
}

#[test]
fn errors_carry_the_ref_and_keep_the_connection() {
    answers("frame.error.json", &question("mark_read", Some("r1")), Err(Error::RoomNotFound));
    let asked = decode(r#"{"type": "shout"}"#);
    answers(
        "frame.error-unknown_message_type.json",
        &asked.question,
        Err(asked.command.unwrap_err()),
    );
}

#[track_caller]
fn tells(name: &str, event: &Event, to: Audience) {
    let said = golden::only(encode(event));
    says(name, &said.frame);
    assert_eq!((said.to, said.then_close), (to, None), "{name}");
}

#[test]
fn what_happens_to_messages_is_told_to_all() {
    tells(
        "frame.chat_message.json",
        &golden::step(vec![Change::Posted(golden::rich())]),
        Audience::All,
    );
    tells("frame.chat_message-plain.json", &golden::event("Posted"), Audience::All);
    tells("frame.message_edited.json", &golden::event("Edited"), Audience::All);
    tells("frame.message_deleted.json", &golden::event("Deleted"), Audience::All);
    tells("frame.reaction_added.json", &golden::event("Reacted"), Audience::All);
    tells("frame.reaction_removed.json", &golden::event("Unreacted"), Audience::All);
}

#[test]
fn what_happens_to_rooms_is_told_to_all() {
    tells("frame.room_updated.json", &golden::event("Updated"), Audience::All);
    let nameless = Room {
        name: None,
        visibility: Visibility::Private,
        owner: None,
        owner_login: String::new(),
        ..golden::room()
    };
    tells(
        "frame.room_updated-nameless.json",
        &golden::step(vec![Change::Updated(nameless)]),
        Audience::All,
    );
    tells("frame.participant_added.json", &golden::event("ParticipantAdded"), Audience::All);
    tells("frame.participant_changed.json", &golden::event("ParticipantChanged"), Audience::All);
    tells("frame.participant_removed.json", &golden::event("ParticipantRemoved"), Audience::All);
    tells("frame.room_deleted.json", &golden::event("RoomDeleted"), Audience::All);
    tells("frame.room_added.json", &golden::event("RoomAdded"), Audience::Only(PETR));
}

#[test]
fn hints_go_to_the_others() {
    tells("frame.user_joined.json", &golden::event("Entered"), Audience::AllBut(SocketId(5)));
    tells("frame.user_left.json", &golden::event("Left"), Audience::AllButUser(PETR));
    tells("frame.user_typing.json", &golden::event("Typing"), Audience::AllButUser(PETR));
    tells("frame.presence.json", &golden::event("Presence"), Audience::All);
}

#[test]
fn changes_of_custom_emoji_go_to_everybody() {
    tells("frame.emoji_added.json", &golden::event("EmojiAdded"), Audience::All);
    tells("frame.emoji_removed.json", &golden::event("EmojiRemoved"), Audience::All);
}

#[test]
fn a_read_mark_goes_to_the_reader_and_to_the_others() {
    let said = encode(&golden::event("Marked"));
    says("frame.read_marked-event.json", &said[0].frame);
    says("frame.message_read.json", &said[1].frame);
    assert_eq!((said[0].to, said[1].to), (Audience::Only(ANN), Audience::AllButUser(ANN)));
}

#[test]
fn what_only_its_user_sees_goes_to_the_user() {
    let to = Audience::Only(ANN);
    tells("frame.room_settings.json", &golden::event("PersonalRoom"), to);
    tells("frame.my_settings.json", &golden::event("PersonalPreferences"), to);
    tells("frame.message_saved.json", &golden::event("PersonalSaved"), to);
    tells("frame.message_unsaved.json", &golden::event("PersonalUnsaved"), to);
    tells("frame.thread_changed.json", &golden::event("PersonalThread"), to);
    tells("frame.read_marked-event.json", &golden::event("PersonalMark"), to);
    tells("frame.command_response.json", &golden::event("PersonalAnswer"), to);
    let place = DraftPlace { room: ROOM, thread: None };
    let none = Unsent { place, text: String::new(), reply_to: None, at: NOW };
    let removed = Event::Personal { user: ANN, change: Personal::Draft(none, None), at: NOW };
    tells("frame.draft_saved-removed.json", &removed, to);
}

#[test]
fn a_status_is_told_to_all_who_are_chosen() {
    let set = golden::event("StatusChanged");
    tells("frame.status_changed.json", &set, Audience::All);
    let Event::StatusChanged { person, rooms, at, .. } = set else { panic!("{set:?}") };
    let removed = Event::StatusChanged { person, status: None, rooms, at };
    tells("frame.status_changed-removed.json", &removed, Audience::All);
}

#[test]
fn who_watches_hears_who_is_available() {
    let changed = golden::event("Availability");
    tells("frame.user_presence-changed.json", &changed, Audience::All);
}

#[test]
fn a_changed_look_goes_to_everybody() {
    tells("frame.server_updated.json", &golden::event("LookChanged"), Audience::All);
}

#[test]
fn what_happens_in_a_thread_is_told_of_the_thread_too() {
    let said = encode(&golden::step(vec![Change::Posted(golden::reply())]));
    says("frame.thread_updated.json", &said[1].frame);
    let gone = Change::Deleted(golden::reply());
    let said = encode(&golden::step(vec![gone]));
    says("frame.thread_updated-deleted.json", &said[1].frame);
    assert_eq!(encode(&golden::step(vec![Change::Edited(golden::reply())])).len(), 1);
}

#[test]
fn a_step_of_several_changes_is_several_frames() {
    let both = vec![
        Change::ParticipantAdded(golden::petr_there()),
        Change::ParticipantRemoved(golden::ann_there().person()),
    ];
    assert_eq!(encode(&golden::step(both)).len(), 2);
}

#[test]
fn events_of_caches_are_not_said() {
    for (name, event) in golden::every_event() {
        assert_eq!(
            encode(&event).is_empty(),
            matches!(
                name,
                "UserChanged"
                    | "SessionEnded"
                    | "AvailableElsewhere"
                    | "Head"
                    | "Lost"
                    | "LostPersonal"
            ),
            "{name}"
        );
    }
}

#[test]
fn frames_are_read() {
    let ok = |frame: &str| decode(frame).command.unwrap_or_else(|error| panic!("{frame}: {error}"));
    let message = MessageRef::Id(MessageId { room: ROOM, seq: Seq(12) });
    assert!(matches!(ok(r#"{"type":"ping","x":[{}]}"#), Command::Ping));
    assert!(matches!(
        ok(r#"{"type":"join_room","room_id":"room7","since_rev":3,"epoch":"e"}"#),
        Command::Enter { room: Some(ROOM), since: Some(Rev(3)), epoch: Some(e) } if e == "e"
    ));
    assert!(matches!(
        ok(r#"{"type":"join_room"}"#),
        Command::Enter { room: None, since: None, epoch: None }
    ));
    assert!(matches!(
        ok(r#"{"type":"leave_room","room_id":"nonsense"}"#),
        Command::Leave { room: Some(RoomId::UNKNOWN) }
    ));
    let post = ok(concat!(
        r#"{"type":"chat_message","content":"hi","room_id":null,"client_id":"c","#,
        r#""reply_to":"msg7000000012","media_ids":[4]}"#
    ));
    let Command::Post { room: None, message: new } = post else { panic!("no post: {post:?}") };
    let expected = NewMessage {
        client_id: Some("c".to_owned()),
        reply_to: Some(message),
        media: vec![MediaId(4)],
        ..NewMessage::text("hi")
    };
    assert_eq!(new, expected);
    assert!(matches!(
        ok(r#"{"type":"edit_message","message_id":"?","content":"hi"}"#),
        Command::Edit { message: MessageRef::Unreadable, .. }
    ));
    assert!(matches!(
        ok(r#"{"type":"delete_message","message_id":"msg7000000012"}"#),
        Command::Delete { message: m } if m == message
    ));
    assert!(matches!(
        ok(r#"{"type":"add_reaction","message_id":"msg7000000012","reaction_type":"👍"}"#),
        Command::React { give: true, .. }
    ));
    assert!(matches!(
        ok(r#"{"type":"remove_reaction","message_id":"msg7000000012","reaction_type":"like"}"#),
        Command::React { give: false, .. }
    ));
    assert!(matches!(
        ok(r#"{"type":"mark_read","room_id":"7","message_id":"msg7000000012"}"#),
        Command::MarkRead { room: Some(ROOM), .. }
    ));
    assert!(matches!(
        ok(r#"{"type":"typing","room_id":"room007"}"#),
        Command::Typing { room: Some(ROOM) }
    ));
    assert!(matches!(
        ok(r#"{"type":"subscribe","since":{"room007":4,"nonsense":1},"epoch":"e1"}"#),
        Command::Subscribe { since, .. } if since == HashMap::from([(ROOM, Rev(4))])
    ));
    assert!(matches!(
        ok(r#"{"type":"subscribe"}"#),
        Command::Subscribe { since, epoch: None } if since.is_empty()
    ));
}

#[test]
fn a_draft_is_read_with_what_it_belongs_to() {
    let draft = decode(concat!(
        r#"{"type":"save_draft","room_id":"room7","thread":"msg7000000003","content":"al","#,
        r#""reply_to":"msg7000000012"}"#
    ));
    let command = draft.command.unwrap();
    let Command::SaveDraft { room: Some(ROOM), draft } = command else { panic!("{command:?}") };
    let message = |seq| Some(MessageRef::Id(MessageId { room: ROOM, seq: Seq(seq) }));
    let (thread, reply_to) = (message(3), message(12));
    assert_eq!(draft, NewDraft { thread, text: "al".to_owned(), reply_to });
}

#[test]
fn presence_is_read() {
    let idle = decode(r#"{"type":"set_idle","idle":true}"#).command.unwrap();
    assert!(matches!(idle, Command::SetIdle { idle: true }));
    let watch = decode(r#"{"type":"watch_presence","user_ids":["ann","Bob"]}"#).command.unwrap();
    let Command::Watch { users } = watch else { panic!("{watch:?}") };
    assert_eq!(users, ["ann", "Bob"]);
}

#[test]
fn bad_frames_are_told_apart() {
    let code = |frame: &str| {
        let asked = decode(frame);
        let error = asked.command.expect_err(frame);
        error::socket_code(&asked.question.verb, &error)
    };
    for frame in [
        "",
        "hi",
        "{",
        "[1,",
        r#"{"type":"chat_message","content":"\ud800"}"#,
        r#"{"type":1"#,
        r#"{"type":"ping","ignored":"\ud800"}"#,
        "{} x",
    ] {
        assert_eq!(code(frame), "message_parse_error", "{frame}");
    }
    for frame in [
        "1",
        "null",
        r#"["ping"]"#,
        "{}",
        r#"{"type":1}"#,
        r#"{"type":null}"#,
        r#"{"type":"ping","ref":1}"#,
        r#"{"type":"chat_message"}"#,
        r#"{"type":"chat_message","content":null}"#,
        r#"{"type":"save_draft","room_id":"7"}"#,
        r#"{"type":"set_idle"}"#,
        r#"{"type":"set_idle","idle":"yes"}"#,
        r#"{"type":"watch_presence"}"#,
        r#"{"type":"watch_presence","user_ids":"ann"}"#,
        r#"{"type":"watch_presence","user_ids":[1]}"#,
        r#"{"type":"join_room","room_id":7}"#,
        r#"{"type":"join_room","room_id":"7","since_rev":-1}"#,
        r#"{"type":"add_reaction","message_id":"msg7000000012","reaction_type":"yes"}"#,
        r#"{"type":"subscribe","since":[]}"#,
    ] {
        assert_eq!(code(frame), "invalid_message_format", "{frame}");
    }
    assert_eq!(code(r#"{"type":"shout"}"#), "unknown_message_type");
    for frame in
        [r#"{"type":"chat_message","ref":"r1"}"#, r#"{"type":1,"ref":"r1"}"#, r#"{"ref":"r1"}"#]
    {
        assert_eq!(decode(frame).question.reference.as_deref(), Some("r1"));
    }
}
