//! The look of the server: parts change one by one, survive a restart, and are recorded.

use chatctl::model::{ActorKind, Attribution, AuditActor, Event, Look, LookChange, LookIcon};
use chatctl::store::AuditQuery;

use super::{World, contract};

contract!(
    parts_of_the_look_change_one_by_one,
    the_icon_is_kept_with_its_tag,
    changes_of_the_look_are_told_and_recorded_once,
);

#[expect(clippy::unnecessary_wraps, reason = "as the fields are")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn icon(tag: &str, byte: u8) -> LookIcon {
    LookIcon { tag: tag.to_owned(), png: vec![byte; 100_000] }
}

fn name(name: Option<&str>) -> LookChange {
    LookChange { name: Some(name.map(str::to_owned)), ..LookChange::default() }
}

async fn parts_of_the_look_change_one_by_one(mut world: World) {
    let change = async |world: &World, change| world.store.change_look(change).await.unwrap();
    assert_eq!(world.store.look().await.unwrap(), Look::default());
    assert_eq!(change(&world, name(Some("Pier"))).await.name, text("Pier"));
    let rest =
        LookChange { accent: Some(text("#2a6fdb")), motd: Some(text("")), ..LookChange::default() };
    let all = Look { name: text("Pier"), accent: text("#2a6fdb"), motd: text(""), icon: None };
    assert_eq!(change(&world, rest).await, all);
    assert_eq!(change(&world, LookChange::default()).await, all);
    world.open_again_after_close().await;
    assert_eq!(world.store.look().await.unwrap(), all);
    assert_eq!(change(&world, name(None)).await, Look { name: None, ..all });
}

async fn the_icon_is_kept_with_its_tag(mut world: World) {
    assert_eq!(world.store.icon().await.unwrap(), None);
    for wanted in [icon("a", 1), icon("b", 2)] {
        let change = LookChange { icon: Some(Some(wanted.clone())), ..LookChange::default() };
        assert_eq!(world.store.change_look(change).await.unwrap().icon, Some(wanted.tag.clone()));
        world.store.change_look(name(Some(&wanted.tag))).await.unwrap();
        assert_eq!(world.store.icon().await.unwrap(), Some(wanted));
    }
    world.open_again_after_close().await;
    assert_eq!(world.store.icon().await.unwrap(), Some(icon("b", 2)));
    let none = LookChange { icon: Some(None), ..LookChange::default() };
    assert_eq!(world.store.change_look(none).await.unwrap().icon, None);
    assert_eq!(world.store.icon().await.unwrap(), None);
}

async fn changes_of_the_look_are_told_and_recorded_once(mut world: World) {
    let by = Attribution {
        actor: AuditActor {
            kind: ActorKind::Server,
            user: None,
            name: "server".to_owned(),
            from: "test".to_owned(),
        },
        action: "server.set".to_owned(),
    };
    let store = world.store.attributed(by);
    for name in [name(Some("Pier")), name(Some("Pier")), name(None)] {
        store.change_look(name).await.unwrap();
    }
    let told: Vec<_> = world
        .events()
        .into_iter()
        .map(|event| match event {
            Event::LookChanged { look, .. } => look.name.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [text("Pier"), None]);
    let query = AuditQuery { oldest_first: true, limit: 100, ..AuditQuery::default() };
    let entries = world.store.audit(&query).await.unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.note.before.as_deref(), entry.note.after.as_deref()))
        .collect();
    let (none, pier) = (Some(r#"{"name":null}"#), Some(r#"{"name":"Pier"}"#));
    assert_eq!(told, [(none, pier), (pier, none)]);
    assert!(entries.iter().all(|entry| entry.note.target.as_ref().unwrap().kind == "server"));
}
