//! Slash commands: names are unique, ids are never reused, and what changes is recorded.

use chatctl::model::{
    ActorKind, Attribution, AuditActor, Claim, NewSlashCommand, RoomId, SlashCommand,
    SlashCommandId, Timestamp, UserId, WebhookBot, WebhookSecret,
};
use chatctl::store::{AuditQuery, StoreError};

use super::{World, contract};

contract!(
    late_answers_are_counted_up_to_a_limit,
    commands_have_names_of_their_own_and_ids_that_are_never_reused,
    changes_of_commands_are_recorded_without_their_secrets,
);

fn new_command(name: &str, rooms: &[i64]) -> NewSlashCommand {
    NewSlashCommand {
        name: name.to_owned(),
        url: "https://example.org/secret".to_owned(),
        secret: WebhookSecret([7; 32]),
        description: "Deploys".to_owned(),
        hint: "[service]".to_owned(),
        rooms: rooms.iter().copied().map(RoomId).collect(),
        creator: "ann".to_owned(),
        bot: WebhookBot { id: UserId(7), login: "hook-deploy".to_owned() },
    }
}

async fn all(world: &World) -> Vec<SlashCommand> {
    world.store.slash_commands().await.unwrap()
}

async fn commands_have_names_of_their_own_and_ids_that_are_never_reused(mut world: World) {
    assert_eq!(all(&world).await, []);
    let one = world.store.add_slash_command(new_command("one", &[1, 5])).await.unwrap();
    assert_eq!(one, new_command("one", &[1, 5]).added(one.id, one.created));
    let again = world.store.add_slash_command(new_command("one", &[])).await;
    assert_eq!(again.unwrap_err(), StoreError::Taken(Claim::Token));
    let two = world.store.add_slash_command(new_command("two", &[])).await.unwrap();
    assert!(two.id > one.id && two.rooms.is_empty());
    assert!(two.works_in(RoomId(9)) && one.works_in(RoomId(5)) && !one.works_in(RoomId(9)));
    world.open_again_after_close().await;
    assert_eq!(all(&world).await, [one.clone(), two.clone()]);
    assert_eq!(world.store.remove_slash_command(two.id).await.unwrap(), Some(two.clone()));
    assert_eq!(world.store.remove_slash_command(two.id).await.unwrap(), None);
    let three = world.store.add_slash_command(new_command("two", &[])).await.unwrap();
    assert!(three.id > two.id);
    let unknown = SlashCommandId(1 << 40);
    assert_eq!(world.store.remove_slash_command(unknown).await.unwrap(), None);
    assert_eq!(all(&world).await, [one, three]);
}

async fn changes_of_commands_are_recorded_without_their_secrets(world: World) {
    let actor = AuditActor {
        kind: ActorKind::Cli,
        user: None,
        name: "ann".to_owned(),
        from: "tests".to_owned(),
    };
    let doing = |action: &str| Attribution { actor: actor.clone(), action: action.to_owned() };
    let store = world.store.attributed(doing("slash_command.create"));
    let made = store.add_slash_command(new_command("deploy", &[1])).await.unwrap();
    let store = world.store.attributed(doing("slash_command.delete"));
    store.remove_slash_command(made.id).await.unwrap();
    store.remove_slash_command(made.id).await.unwrap();
    let query = AuditQuery { limit: 10, ..AuditQuery::default() };
    let entries = world.store.audit(&query).await.unwrap();
    let actions: Vec<&str> = entries.iter().map(|entry| &*entry.by.action).collect();
    assert_eq!(actions, ["slash_command.delete", "slash_command.create"]);
    let shown = format!("{entries:?}");
    assert!(shown.contains("deploy") && shown.contains("room001"), "{shown}");
    assert!(!shown.contains("example.org"), "{shown}");
}

async fn late_answers_are_counted_up_to_a_limit(mut world: World) {
    let expires = Timestamp(Timestamp::now().0 + 600_000);
    let count = async |world: &World, nonce: &str| {
        world.store.count_answer(nonce, 2, expires).await.unwrap()
    };
    assert!(count(&world, "one").await);
    world.open_again_after_close().await;
    assert!(count(&world, "one").await);
    assert!(!count(&world, "one").await && count(&world, "two").await);
    world.store.uncount_answer("one", expires).await.unwrap();
    world.store.uncount_answer("three", expires).await.unwrap();
    assert!(count(&world, "one").await && !count(&world, "one").await);
}
