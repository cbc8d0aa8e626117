//! Outgoing webhooks: names are unique, places only move forward, and what changes is recorded.

use chatctl::model::{
    ActorKind, Attribution, AuditActor, Claim, NewOutgoingWebhook, OutgoingWebhook, Rev, Role,
    RoomId, Seq, Timestamp, UserId, Visibility, WebhookBot, WebhookChange, WebhookEvent, WebhookId,
    WebhookPlace, WebhookSecret,
};
use chatctl::store::{AuditQuery, Basis, RoomChange, RoomSettings, StoreError};

use super::{World, contract};

contract!(
    webhooks_have_names_of_their_own_and_ids_that_are_never_reused,
    places_of_webhooks_only_move_forward,
    a_webhook_is_disabled_and_enabled_again,
    changes_of_webhooks_are_recorded_and_what_they_meet_is_not,
    places_come_and_go_with_public_rooms,
    who_joined_and_left_is_known_in_order,
);

fn place(room: i64, rev: i64, seq: i64) -> WebhookPlace {
    WebhookPlace { room: RoomId(room), rev: Rev(rev), seq: Seq(seq), sent: None }
}

fn new_webhook(name: &str) -> NewOutgoingWebhook {
    NewOutgoingWebhook {
        name: name.to_owned(),
        url: "https://example.org/secret".to_owned(),
        secret: WebhookSecret([7; 32]),
        events: vec![WebhookEvent::Posted, WebhookEvent::Deleted],
        all_public: false,
        creator: "ann".to_owned(),
        bot: None,
        places: vec![place(1, 5, 3), place(2, 9, 0)],
    }
}

async fn all(world: &World) -> Vec<OutgoingWebhook> {
    world.store.webhooks().await.unwrap()
}

async fn webhooks_have_names_of_their_own_and_ids_that_are_never_reused(mut world: World) {
    assert_eq!(all(&world).await, []);
    let one = world.store.add_webhook(new_webhook("one")).await.unwrap();
    let wanted = new_webhook("one");
    assert_eq!((&one.url, &one.secret, &one.events), (&wanted.url, &wanted.secret, &wanted.events));
    assert_eq!((&*one.creator, one.places.clone()), ("ann", wanted.places));
    assert_eq!((one.restarts, &one.failing, &one.disabled), (0, &None, &None));
    let again = world.store.add_webhook(new_webhook("one")).await;
    assert_eq!(again.unwrap_err(), StoreError::Taken(Claim::Token));
    let bot = Some(WebhookBot { id: UserId(7), login: "hook-two".to_owned() });
    let new = NewOutgoingWebhook { bot: bot.clone(), ..new_webhook("two") };
    let two = world.store.add_webhook(new).await.unwrap();
    assert!(two.id > one.id && two.bot == bot && one.bot.is_none());
    world.open_again_after_close().await;
    assert_eq!(all(&world).await, [one.clone(), two.clone()]);
    assert_eq!(world.store.remove_webhook(two.id).await.unwrap(), Some(two.clone()));
    assert_eq!(world.store.remove_webhook(two.id).await.unwrap(), None);
    let three = world.store.add_webhook(new_webhook("two")).await.unwrap();
    assert!(three.id > two.id);
    let unknown = WebhookId(1 << 40);
    assert_eq!(world.store.change_webhook(unknown, WebhookChange::Working).await.unwrap(), None);
    assert_eq!(all(&world).await, [one, three]);
}

async fn places_of_webhooks_only_move_forward(mut world: World) {
    let id = world.store.add_webhook(new_webhook("one")).await.unwrap().id;
    let other = world.store.add_webhook(new_webhook("two")).await.unwrap();
    let sent = |at| WebhookPlace { sent: Some(Timestamp(at)), ..place(1, 6, 4) };
    world.store.move_webhook(id, sent(77)).await.unwrap();
    world.store.move_webhook(id, place(1, 6, 3)).await.unwrap();
    let places = async |world: &World| all(world).await[0].places.clone();
    assert_eq!(places(&world).await, [sent(77), place(2, 9, 0)]);
    // The time of what was sent stays.
    world.store.move_webhook(id, place(1, 8, 4)).await.unwrap();
    let moved = WebhookPlace { rev: Rev(8), ..sent(77) };
    assert_eq!(places(&world).await, [moved, place(2, 9, 0)]);
    world.store.leave_webhook(id, RoomId(2)).await.unwrap();
    world.store.move_webhook(id, place(2, 99, 99)).await.unwrap();
    world.open_again_after_close().await;
    assert_eq!(places(&world).await, [moved]);
    assert_eq!(all(&world).await[1], other);
}

async fn a_webhook_is_disabled_and_enabled_again(world: World) {
    let id = world.store.add_webhook(new_webhook("one")).await.unwrap().id;
    let change = async |change| world.store.change_webhook(id, change).await.unwrap().unwrap();
    let failing = change(WebhookChange::Failing("the receiver answered 500".to_owned())).await;
    assert_eq!(failing.failing.as_ref().unwrap().reason, "the receiver answered 500");
    assert_eq!(all(&world).await, [failing]);
    let disabled = change(WebhookChange::Disable("it is gone".to_owned())).await;
    assert_eq!((&disabled.failing, disabled.restarts), (&None, 0));
    assert_eq!(disabled.disabled.as_ref().unwrap().reason, "it is gone");
    assert_eq!(change(WebhookChange::Failing("late".to_owned())).await, disabled);
    assert_eq!(all(&world).await, [disabled]);
    let enabled = change(WebhookChange::Enable).await;
    assert_eq!((&enabled.disabled, enabled.restarts), (&None, 1));
    assert_eq!(change(WebhookChange::Enable).await, enabled);
    assert_eq!(all(&world).await, [enabled]);
}

async fn changes_of_webhooks_are_recorded_and_what_they_meet_is_not(world: World) {
    let by = |action: &str| Attribution {
        actor: AuditActor {
            kind: ActorKind::Server,
            user: None,
            name: "server".to_owned(),
            from: "webhook".to_owned(),
        },
        action: action.to_owned(),
    };
    let acting = |action: &str| world.store.attributed(by(action));
    let id = acting("create").add_webhook(new_webhook("one")).await.unwrap().id;
    assert!(acting("create").add_webhook(new_webhook("one")).await.is_err());
    let change = async |action: &str, change| {
        acting(action).change_webhook(id, change).await.unwrap();
    };
    change("fail", WebhookChange::Failing("no".to_owned())).await;
    change("work", WebhookChange::Working).await;
    for _ in 0..2 {
        change("disable", WebhookChange::Disable("gone".to_owned())).await;
    }
    for _ in 0..2 {
        change("enable", WebhookChange::Enable).await;
        acting("delete").remove_webhook(id).await.unwrap();
    }
    let query = AuditQuery { oldest_first: true, limit: 100, ..AuditQuery::default() };
    let entries = world.store.audit(&query).await.unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            (&*entry.by.action, text(&entry.note.before), text(&entry.note.after))
        })
        .collect();
    let whole = r#"{"events":["posted","deleted"],"rooms":["room001","room002"]}"#.to_owned();
    let (on, off) = (r#"{"disabled":false}"#, r#"{"disabled":true,"reason":"gone"}"#);
    let wanted = [
        ("create", String::new(), whole.clone()),
        ("disable", on.to_owned(), off.to_owned()),
        ("enable", off.to_owned(), on.to_owned()),
        ("delete", whole, String::new()),
    ];
    assert_eq!(told, wanted);
    for entry in entries {
        let target = entry.note.target.unwrap();
        assert_eq!((&*target.kind, target.name.as_deref()), ("outgoing_webhook", Some("one")));
    }
}

/// A webhook of all public rooms, with places in none so far.
async fn of_all(world: &World, events: Vec<WebhookEvent>) -> WebhookId {
    let new =
        NewOutgoingWebhook { all_public: true, events, places: Vec::new(), ..new_webhook("all") };
    let made = world.store.add_webhook(new).await.unwrap();
    assert!(made.all_public);
    made.id
}

async fn places_come_and_go_with_public_rooms(mut world: World) {
    let ann = world.user("ann").await;
    let id = of_all(&world, vec![WebhookEvent::Posted]).await;
    let room = world.public("hall", &ann).await.room.id;
    let enter = async |world: &World| world.store.enter_webhook(id, room).await.unwrap();
    let begins = WebhookPlace { room, rev: Rev(1), seq: Seq(0), sent: None };
    assert_eq!(enter(&world).await, Some(begins));
    world.say(room, &ann, "one").await;
    assert_eq!(enter(&world).await, Some(begins));
    let moved = WebhookPlace { rev: Rev(2), seq: Seq(1), ..begins };
    world.store.move_webhook(id, moved).await.unwrap();
    assert_eq!(enter(&world).await, Some(moved));
    let change = async |world: &World, change| {
        let changed = world.store.change_room(room, Basis::Nobody, None, change).await;
        changed.unwrap().rev
    };
    let closings = [
        [Visibility::Private, Visibility::Public].map(|visibility| RoomSettings {
            visibility: Some(visibility),
            ..RoomSettings::default()
        }),
        [true, false]
            .map(|archived| RoomSettings { archived: Some(archived), ..RoomSettings::default() }),
    ];
    for [close, open] in closings {
        change(&world, RoomChange::Settings(close)).await;
        assert_eq!(enter(&world).await, None);
        world.say(room, &ann, "closed").await;
        let seq = world.facts(room).await.room.last_seq;
        let rev = change(&world, RoomChange::Settings(open)).await;
        world.open_again_after_close().await;
        let opened = enter(&world).await.unwrap();
        assert_eq!((opened.rev, opened.seq), (rev, seq));
    }
    change(&world, RoomChange::Delete).await;
    assert_eq!(enter(&world).await, None);
}

async fn who_joined_and_left_is_known_in_order(mut world: World) {
    let users = world.users(4).await;
    let room = world.public("hall", &users[0]).await.room.id;
    let begins = WebhookPlace { room, ..place(1, 1, 0) };
    let new = NewOutgoingWebhook {
        events: vec![WebhookEvent::Joined, WebhookEvent::Left],
        places: vec![begins],
        ..new_webhook("people")
    };
    let id = world.store.add_webhook(new).await.unwrap().id;
    let change = async |by: Option<UserId>, change| {
        let changed = world.store.change_room(room, Basis::Nobody, by, change).await;
        changed.unwrap().rev
    };
    let first = change(Some(users[1].id), RoomChange::Add(users[1].id, Role::Member)).await;
    world.say(room, &users[0], "one").await;
    let ids = |which: &[usize]| which.iter().map(|at| users[*at].id).collect::<Vec<_>>();
    let replace = RoomChange::Replace { name: None, users: ids(&[0, 2, 3]) };
    let second = change(None, replace).await;
    world.open_again_after_close().await;
    let told = async |world: &World, since: i64, upto: Rev| {
        let found = world.store.memberships(room, Rev(since), upto).await.unwrap();
        let mut told: Vec<_> = found
            .into_iter()
            .map(|it| (it.rev, it.seq, it.person.id, it.joined, it.by.id()))
            .collect();
        told.sort();
        told
    };
    let joined = (first, Seq(0), users[1].id, true, Some(users[1].id));
    let replaced = [
        (second, Seq(1), users[1].id, false, None),
        (second, Seq(1), users[2].id, true, None),
        (second, Seq(1), users[3].id, true, None),
    ];
    let all = [&[joined][..], &replaced].concat();
    assert_eq!(told(&world, 1, second).await, all);
    assert_eq!(told(&world, 1, first).await, [joined]);
    assert_eq!(told(&world, first.0, second).await, replaced);
    // What is not sent yet stays known.
    world.store.move_webhook(id, WebhookPlace { rev: first, ..begins }).await.unwrap();
    assert_eq!(told(&world, first.0, second).await, replaced);
    world.store.remove_webhook(id).await.unwrap();
}
