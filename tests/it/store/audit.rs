//! The audit log: one entry for each change made through an attributed store, none for what changes
//! nothing; pages by every filter.

use chatctl::model::{
    ActorKind, Attribution, AuditActor, AuditEntry, AuditNote, AuditTarget, Role, Timestamp, UserId,
};
use chatctl::store::{
    AuditQuery, Basis, Ended, Missing, NewRoom, RoomChange, StoreError, UserChange,
};

use super::sessions::new_session;
use super::{World, contract, draft, new_user};

contract!(
    each_attributed_change_is_recorded_once,
    what_changes_nothing_is_not_recorded,
    entries_are_filtered_and_paged,
);

fn by(name: &str, action: &str) -> Attribution {
    let actor = AuditActor {
        kind: ActorKind::User,
        user: Some(UserId(7)),
        name: name.to_owned(),
        from: "192.0.2.7".to_owned(),
    };
    Attribution { actor, action: action.to_owned() }
}

fn all() -> AuditQuery {
    AuditQuery { oldest_first: true, limit: 1000, ..AuditQuery::default() }
}

/// Returns action, kind of the target and its name.
fn told(entry: &AuditEntry) -> (&str, &str, Option<&str>) {
    let target = entry.note.target.as_ref().unwrap();
    (&entry.by.action, &target.kind, target.name.as_deref())
}

async fn each_attributed_change_is_recorded_once(world: World) {
    let acting = |action| world.store.attributed(by("Root", action));
    let ann = acting("user.create").add_user(new_user("ann")).await.unwrap();
    let ben = world.user("ben").await;
    world.sessions.start(new_session(&ann, 1)).await.unwrap();
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    acting("user.disable").change_user(ann.id, disable).await.unwrap();
    world.sessions.start(new_session(&ben, 2)).await.unwrap();
    let ended = world.sessions.attributed(by("Root", "user.logout"));
    assert_eq!(ended.end(ben.id, Ended::All).await.unwrap(), 1);
    let new = NewRoom {
        name: Some("hall".to_owned()),
        visibility: chatctl::model::Visibility::Public,
        owner: ben.id,
        participants: vec![(ben.id, Role::Admin)],
        reuse: false,
    };
    let room = acting("room.create").add_room(new).await.unwrap().value.room.id;
    let cleo = world.user("cleo").await;
    let add = RoomChange::Add(cleo.id, Role::Member);
    acting("room.add").change_room(room, Basis::Nobody, None, add).await.unwrap();
    // Not attributed.
    world.store.post(room, Basis::Nobody, draft(&ben, "hello")).await.unwrap();
    acting("room.delete").change_room(room, Basis::Nobody, None, RoomChange::Delete).await.unwrap();
    acting("user.delete").remove_user(ann.id).await.unwrap();
    let note = AuditNote {
        target: Some(AuditTarget::new("backup", "b1", None)),
        before: None,
        after: Some("{}".to_owned()),
    };
    world.store.record(by("Root", "backup.create"), note.clone()).await.unwrap();
    let entries = world.store.audit(&all()).await.unwrap();
    assert_eq!(
        entries.iter().map(told).collect::<Vec<_>>(),
        [
            ("user.create", "user", Some("ann")),
            ("user.disable", "user", Some("ann")),
            ("user.logout", "user", Some("ben")),
            ("room.create", "room", Some("hall")),
            ("room.add", "room", Some("hall")),
            ("room.delete", "room", Some("hall")),
            ("user.delete", "user", Some("ann")),
            ("backup.create", "backup", None),
        ]
    );
    assert_eq!(entries[7].note, note);
    assert!(entries.iter().all(|entry| entry.by.actor == by("Root", "").actor));
    assert!(entries.is_sorted_by(|one, next| one.id < next.id && one.at <= next.at));
    let after = |n: usize| entries[n].note.after.as_deref().unwrap_or_default();
    assert_eq!(after(1), r#"{"disabled":true,"sessions_ended":1}"#);
    assert_eq!(after(2), r#"{"sessions_ended":1}"#);
    assert_eq!(after(4), r#"{"roles":{"cleo":"member"}}"#);
}

async fn what_changes_nothing_is_not_recorded(world: World) {
    let renaming = world.store.attributed(by("root", "user.rename"));
    let mut new = new_user("ann");
    new.email = Some("ann@example.org".to_owned());
    let ann = world.store.add_user(new).await.unwrap();
    let ben = world.user("ben").await;
    let taken = UserChange {
        name: Some("Benjamin".to_owned()),
        email: Some(Some("ann@example.org".to_owned())),
        ..UserChange::default()
    };
    renaming.change_user(ben.id, taken).await.unwrap_err();
    renaming.add_user(new_user("Ann")).await.unwrap_err();
    let same = UserChange { name: Some("ann".to_owned()), ..UserChange::default() };
    renaming.change_user(ann.id, same).await.unwrap();
    let missing = StoreError::NotFound(Missing::User);
    assert_eq!(renaming.remove_user(UserId(99)).await.unwrap_err(), missing);
    let room = world.private(&[&ann]).await.room.id;
    let again = RoomChange::Rename(Some("private".to_owned()));
    renaming.change_room(room, Basis::Nobody, None, again).await.unwrap();
    let twice = RoomChange::Add(ann.id, Role::Member);
    renaming.change_room(room, Basis::Nobody, None, twice).await.unwrap_err();
    let ended = world.sessions.attributed(by("root", "user.logout"));
    assert_eq!(ended.end(ann.id, Ended::All).await.unwrap(), 0);
    assert_eq!(world.store.audit(&all()).await.unwrap(), []);
}

async fn entries_are_filtered_and_paged(world: World) {
    let actions = ["user.create", "user.disable", "room.add", "username.odd", "user"];
    let mut made = Vec::new();
    for n in 0..60 {
        let (action, actor) = (actions[n % 5], ["Ann", "BEN", "Василий"][n % 3]);
        let kind = if n % 4 == 0 { "user" } else { "room" };
        let note = AuditNote {
            target: Some(AuditTarget::new(kind, n.to_string(), Some(["ann", "cleo"][n % 2]))),
            before: None,
            after: Some(format!("{{\"n\":{n}}}")),
        };
        world.store.record(by(actor, action), note).await.unwrap();
        made.push((action, actor, kind, ["ann", "cleo"][n % 2]));
        if n == 29 {
            // Entries before and after are of different milliseconds.
            let last = Timestamp::now();
            while Timestamp::now() == last {
                tokio::task::yield_now().await;
            }
        }
    }
    let entries = world.store.audit(&all()).await.unwrap();
    assert_eq!(entries.len(), 60);
    let middle = entries[30].at;
    assert!(entries[29].at < middle);
    let is_of = |action: &str, wanted: &str| {
        action == wanted || (!wanted.contains('.') && action.starts_with(&format!("{wanted}.")))
    };
    for action in [None, Some("user"), Some("user.disable"), Some("room"), Some("none")] {
        for person in [None, Some("ANN"), Some("василий"), Some("Cleo"), Some("nobody")] {
            for (since, until) in [(None, None), (Some(middle), None), (None, Some(middle))] {
                let wanted: Vec<i64> = (0..60)
                    .filter(|n| {
                        let (of, actor, kind, target) = made[*n];
                        let folded = person.map(str::to_lowercase);
                        // An action without a dot is none of a noun.
                        action.is_none_or(|action| is_of(of, action) && of.contains('.'))
                            && folded.is_none_or(|person| {
                                actor.to_lowercase() == person
                                    || (kind == "user" && target == person)
                            })
                            && (since.is_none() || *n >= 30)
                            && (until.is_none() || *n < 30)
                    })
                    .map(|n| entries[n].id)
                    .collect();
                let query = AuditQuery {
                    action: action.map(str::to_owned),
                    person: person.map(str::to_owned),
                    since,
                    until,
                    ..all()
                };
                check(&world, &query, &wanted).await;
            }
        }
    }
    let late = AuditQuery { since: Some(Timestamp(i64::MAX)), ..all() };
    assert_eq!(world.store.audit(&late).await.unwrap(), []);
}

/// Reads the entries of a query in both orders and in pages of three sizes.
async fn check(world: &World, query: &AuditQuery, wanted: &[i64]) {
    for oldest_first in [true, false] {
        for limit in [1, 7, 100] {
            let (mut found, mut cursor) = (Vec::new(), None);
            loop {
                let page = AuditQuery { oldest_first, limit, cursor, ..query.clone() };
                let page = world.store.audit(&page).await.unwrap();
                assert!(page.len() <= limit as usize);
                found.extend(page.iter().map(|entry| entry.id));
                cursor = page.last().map(|entry| entry.id);
                if page.len() < limit as usize {
                    break;
                }
            }
            if !oldest_first {
                found.reverse();
            }
            assert_eq!(found, wanted, "{query:?} {oldest_first} {limit}");
        }
    }
}
