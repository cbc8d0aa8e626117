//! Outgoing webhooks: names are unique, places only move forward, and what changes is recorded.

use chatctl::model::{
    ActorKind, Attribution, AuditActor, Claim, NewOutgoingWebhook, OutgoingWebhook, Rev, RoomId,
    Seq, Timestamp, UserId, WebhookBot, WebhookChange, WebhookEvent, WebhookId, WebhookPlace,
    WebhookSecret,
};
use chatctl::store::{AuditQuery, StoreError};

use super::{World, contract};

contract!(
    webhooks_have_names_of_their_own_and_ids_that_are_never_reused,
    places_of_webhooks_only_move_forward,
    a_webhook_is_disabled_and_enabled_again,
    changes_of_webhooks_are_recorded_and_what_they_meet_is_not,
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
