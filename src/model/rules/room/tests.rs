//! Tests changes of rooms as tables, without a database.

use super::*;
use crate::model::{AccountFlags, RoomId, RoomRetention};

const USABLE: AccountFlags = AccountFlags { bot: false, guest: false, disabled: false };
const GUEST: AccountFlags = AccountFlags { guest: true, ..USABLE };
const DISABLED: AccountFlags = AccountFlags { disabled: true, ..USABLE };
const NOW: Timestamp = Timestamp(5);

const ANN: UserId = UserId(1);
const BEN: UserId = UserId(2);
const CLEO: UserId = UserId(3);

fn account(user: UserId, flags: AccountFlags) -> User {
    User {
        id: user,
        login: format!("u{}", user.0),
        name: format!("U{}", user.0),
        email: None,
        birth: None,
        media: None,
        status: None,
        admin: false,
        disabled: flags.disabled,
        bot: flags.bot,
        guest: flags.guest,
        second_factor: false,
        created: Timestamp(0),
    }
}

fn participant(user: UserId, role: Role, account: AccountFlags) -> Participant {
    Participant {
        user,
        login: format!("u{}", user.0),
        name: format!("U{}", user.0),
        media: None,
        edited_name: String::new(),
        role,
        since: Rev(1),
        joined: Timestamp(1),
        account,
    }
}

fn room(visibility: Visibility, people: &[(UserId, Role, AccountFlags)]) -> RoomFacts {
    RoomFacts {
        room: Room {
            id: RoomId(7),
            name: Some("tea".to_owned()),
            topic: None,
            description: None,
            visibility,
            archived: None,
            read_only: false,
            owner: None,
            owner_login: String::new(),
            created: Timestamp(0),
            last_seq: Seq(3),
            rev: Rev(9),
            facts_rev: Rev(4),
            mode_rev: Rev(2),
            retention: RoomRetention::default(),
            expired: Seq(0),
        },
        participants: people
            .iter()
            .map(|(user, role, account)| participant(*user, *role, *account))
            .collect(),
    }
}

/// Returns the steps as short texts.
fn steps(changes: &[Change]) -> Vec<String> {
    let step = |change: &Change| match change {
        Change::Updated(room) => format!(
            "room {} owner {}",
            room.name.as_deref().unwrap_or("-"),
            room.owner.map_or(0, |owner| owner.0)
        ),
        Change::ParticipantAdded(p) => format!("add {} {}", p.user.0, p.role.as_str()),
        Change::ParticipantChanged(p) => {
            format!(
                "change {} {} {:?} since {}",
                p.user.0,
                p.role.as_str(),
                p.edited_name,
                p.since.0
            )
        }
        Change::ParticipantRemoved(person) => format!("remove {}", person.id.0),
        Change::RoomDeleted => "delete".to_owned(),
        other => format!("{other:?}"),
    };
    changes.iter().map(step).collect()
}

fn planned(
    facts: &RoomFacts,
    change: &RoomChange,
    newcomers: &[User],
) -> Result<Vec<String>, Refusal> {
    let changes = plan(facts, change, newcomers, NOW)?;
    let mut after = facts.clone();
    for change in &changes {
        after.apply(Rev(10), change);
    }
    let once = after.clone();
    for change in &changes {
        after.apply(Rev(10), change);
    }
    let gone = changes.iter().any(|change| matches!(change, Change::RoomDeleted));
    assert!(gone || after == once, "applying twice changes nothing");
    Ok(steps(&changes))
}

#[test]
fn every_change_takes_its_steps() {
    use Role::{Admin, Member, SubAdmin};
    use Visibility::{Private, Public};
    let two = || room(Private, &[(ANN, Admin, USABLE), (BEN, Member, USABLE)]);
    let cleo = [account(CLEO, USABLE)];
    let leave = |user, successor| RoomChange::Remove { user, successor, socket: None };
    let replace = |name: Option<&str>, users: &[UserId]| RoomChange::Replace {
        name: name.map(str::to_owned),
        users: users.to_vec(),
    };
    for (facts, change, expected) in [
        (two(), RoomChange::Rename(Some("tea".to_owned())), vec![]),
        (two(), RoomChange::Rename(None), vec!["room - owner 0"]),
        (two(), RoomChange::Settings(RoomSettings::default()), vec![]),
        (two(), RoomChange::Pin(Seq(1), true), vec!["room tea owner 0"]),
        (two(), RoomChange::Add(CLEO, SubAdmin), vec!["add 3 sub-admin"]),
        // The first participant of a public room becomes its admin and, if it has none, its owner.
        (room(Public, &[]), RoomChange::Add(CLEO, Member), vec!["add 3 admin", "room tea owner 3"]),
        (room(Private, &[]), RoomChange::Add(CLEO, Member), vec!["add 3 member"]),
        (two(), RoomChange::Role(BEN, Member), vec![]),
        (two(), RoomChange::Role(BEN, Admin), vec!["change 2 admin \"\" since 10"]),
        (two(), RoomChange::EditedName(BEN, String::new()), vec![]),
        (
            two(),
            RoomChange::EditedName(BEN, "B".to_owned()),
            vec!["change 2 member \"B\" since 10"],
        ),
        (two(), leave(BEN, None), vec!["remove 2"]),
        (two(), leave(ANN, Some(BEN)), vec!["remove 1", "change 2 admin \"\" since 10"]),
        (room(Private, &[(ANN, Member, USABLE)]), leave(ANN, None), vec!["remove 1", "delete"]),
        (room(Public, &[(ANN, Member, USABLE)]), leave(ANN, None), vec!["remove 1"]),
        (two(), replace(None, &[BEN, ANN]), vec![]),
        (
            two(),
            replace(Some("den"), &[ANN, CLEO, CLEO]),
            vec!["room den owner 0", "add 3 member", "remove 2"],
        ),
        (two(), replace(None, &[]), vec!["remove 1", "remove 2", "delete"]),
        // Any way into an empty public room makes a user its first participant.
        (room(Public, &[]), replace(None, &[CLEO]), vec!["add 3 admin", "room tea owner 3"]),
        (two(), RoomChange::Expire(Seq(2)), vec!["room tea owner 0"]),
        (two(), RoomChange::Expire(Seq(0)), vec![]),
        (two(), RoomChange::Delete, vec!["delete"]),
    ] {
        let found = planned(&facts, &change, &cleo).unwrap();
        assert_eq!(found, expected, "{change:?}");
    }
}

#[test]
fn a_guest_is_first_in_a_room_without_becoming_its_admin() {
    let empty = room(Visibility::Public, &[]);
    let guest = [account(CLEO, GUEST)];
    let found = planned(&empty, &RoomChange::Add(CLEO, Role::Member), &guest).unwrap();
    assert_eq!(found, ["add 3 member"]);
}

#[test]
fn what_a_change_names_must_be_there() {
    let facts =
        room(Visibility::Private, &[(ANN, Role::Admin, USABLE), (BEN, Role::Member, USABLE)]);
    let user = Refusal::NotFound(Missing::User);
    let participant = Refusal::NotFound(Missing::Participant);
    let leave = |user, successor| RoomChange::Remove { user, successor, socket: None };
    for (change, expected) in [
        (RoomChange::Add(CLEO, Role::Member), user),
        (RoomChange::Add(BEN, Role::Member), Refusal::Taken(Claim::Participant)),
        (RoomChange::Role(CLEO, Role::Admin), participant),
        (RoomChange::EditedName(CLEO, "C".to_owned()), participant),
        (leave(CLEO, None), participant),
        (leave(ANN, Some(CLEO)), participant),
        (leave(ANN, Some(ANN)), participant),
        (RoomChange::Replace { name: None, users: vec![ANN, CLEO] }, user),
    ] {
        assert_eq!(planned(&facts, &change, &[]), Err(expected), "{change:?}");
    }
}

/// An engine may omit participants not concerned by the change, except one.
#[test]
fn a_plan_needs_only_those_concerned() {
    let people =
        [(ANN, Role::Admin, USABLE), (BEN, Role::Member, USABLE), (CLEO, Role::SubAdmin, USABLE)];
    let dan = UserId(4);
    let newcomers = [account(dan, USABLE)];
    for visibility in [Visibility::Public, Visibility::Private] {
        let facts = room(visibility, &people);
        for change in [
            RoomChange::Rename(None),
            RoomChange::Add(dan, Role::Member),
            RoomChange::Add(BEN, Role::Member),
            RoomChange::Role(BEN, Role::Admin),
            RoomChange::EditedName(CLEO, "C".to_owned()),
            RoomChange::Remove { user: ANN, successor: Some(CLEO), socket: None },
            RoomChange::Remove { user: dan, successor: None, socket: None },
            RoomChange::Delete,
        ] {
            let Concerned::Users(users) = change.concerned() else { panic!("{change:?}") };
            let mut part = facts.clone();
            part.participants.retain(|p| users.contains(&p.user));
            let others = facts.participants.iter().filter(|p| !users.contains(&p.user));
            part.participants.extend(others.take(1).cloned());
            assert_eq!(
                planned(&part, &change, &newcomers),
                planned(&facts, &change, &newcomers),
                "{change:?}"
            );
        }
    }
}

#[test]
fn a_deleted_user_hands_on_what_only_they_could_do() {
    use Role::{Admin, Member, SubAdmin};
    use Visibility::{Private, Public};
    let gone = Person { id: ANN, login: "u1".to_owned(), name: "U1".to_owned() };
    for (facts, owned, expected) in [
        (
            room(
                Private,
                &[(ANN, Admin, DISABLED), (BEN, Member, USABLE), (CLEO, SubAdmin, USABLE)],
            ),
            false,
            vec!["remove 1", "change 3 admin \"\" since 10"],
        ),
        (
            room(Private, &[(ANN, Admin, DISABLED), (BEN, Admin, USABLE)]),
            true,
            vec!["remove 1", "room tea owner 2"],
        ),
        (
            room(Private, &[(ANN, Admin, DISABLED), (BEN, Member, GUEST)]),
            true,
            vec!["remove 1", "room tea owner 0"],
        ),
        (
            room(Private, &[(ANN, Admin, DISABLED)]),
            true,
            vec!["remove 1", "room tea owner 0", "delete"],
        ),
        (room(Public, &[(ANN, Admin, DISABLED)]), true, vec!["remove 1", "room tea owner 0"]),
        // The owner had left before.
        (room(Private, &[(BEN, Member, USABLE)]), true, vec!["room tea owner 2"]),
        (room(Private, &[(ANN, Member, DISABLED), (BEN, Member, USABLE)]), false, vec!["remove 1"]),
    ] {
        assert_eq!(steps(&plan_departure(&facts, &gone, owned)), expected, "{facts:?}");
    }
}

#[test]
fn an_unusable_account_hands_on_what_only_it_could_do() {
    use Role::{Admin, Member, SubAdmin};
    for (account, others, expected) in [
        (USABLE, vec![(BEN, Member, USABLE)], vec![]),
        (DISABLED, vec![(BEN, Member, USABLE)], vec!["change 2 admin \"\" since 10"]),
        (DISABLED, vec![(BEN, Admin, USABLE)], vec![]),
        (DISABLED, vec![], vec![]),
        (
            GUEST,
            vec![(BEN, SubAdmin, USABLE)],
            vec!["change 2 admin \"\" since 10", "change 1 member \"\" since 10"],
        ),
        (GUEST, vec![(BEN, Admin, USABLE)], vec!["change 1 member \"\" since 10"]),
    ] {
        let people: Vec<_> = std::iter::once((ANN, Admin, account)).chain(others).collect();
        let facts = room(Visibility::Private, &people);
        assert_eq!(steps(&plan_handover(&facts, ANN)), expected, "{people:?}");
    }
    let facts = room(Visibility::Private, &[(ANN, Member, USABLE)]);
    assert!(plan_handover(&facts, CLEO).is_empty());
    assert_eq!(steps(&plan_rename(&facts, ANN)), ["change 1 member \"\" since 10"]);
}
