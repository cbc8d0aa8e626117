//! The whole matrix of the rules of management, as a table.

use super::*;
use crate::model::{Person, Rev, Room, RoomId, Seq, Timestamp};

const ADMIN: UserId = UserId(1);
const SECOND_ADMIN: UserId = UserId(2);
const SUB: UserId = UserId(3);
const OTHER_SUB: UserId = UserId(4);
const MEMBER: UserId = UserId(5);
const OTHER_MEMBER: UserId = UserId(6);
const OUTSIDER: UserId = UserId(7);
const OWNER_OUTSIDE: UserId = UserId(8);

fn participant(user: UserId, role: Role) -> Participant {
    Participant {
        user,
        login: format!("u{user}"),
        name: format!("U{user}"),
        edited_name: String::new(),
        media: None,
        role,
        since: Rev(1),
        joined: Timestamp(0),
    }
}

fn room(visibility: Visibility, participants: &[(UserId, Role)]) -> RoomFacts {
    RoomFacts {
        room: Room {
            id: RoomId(1),
            name: None,
            visibility,
            owner: Some(OWNER_OUTSIDE),
            owner_login: String::new(),
            created: Timestamp(0),
            last_seq: Seq(0),
            rev: Rev(1),
            facts_rev: Rev(1),
        },
        participants: participants.iter().map(|(user, role)| participant(*user, *role)).collect(),
    }
}

fn managed(visibility: Visibility) -> RoomFacts {
    use Role::{Admin, Member, SubAdmin};
    room(visibility, &[(ADMIN, Admin), (SECOND_ADMIN, Admin), (SUB, SubAdmin), (OTHER_SUB, SubAdmin), (MEMBER, Member), (OTHER_MEMBER, Member)])
}

fn user(user: UserId) -> Actor {
    Actor { user, server_admin: false }
}

const ROOT: Actor = Actor { user: UserId(9), server_admin: true };

#[test]
fn rooms_with_an_admin_are_managed_by_roles() {
    let facts = managed(Visibility::Private);
    // (act, admin, sub-admin, member)
    let table = [
        (Act::Rename, true, true, false),
        (Act::Add(Role::Member), true, true, false),
        (Act::Add(Role::SubAdmin), true, false, false),
        (Act::Add(Role::Admin), true, false, false),
        (Act::Remove(OTHER_MEMBER), true, true, false),
        (Act::Remove(OTHER_SUB), true, false, false),
        (Act::Remove(SECOND_ADMIN), true, false, false),
        (Act::ChangeRole(OTHER_MEMBER, Role::SubAdmin), true, false, false),
        (Act::ChangeRole(SECOND_ADMIN, Role::Member), true, false, false),
        (Act::EditName(OTHER_MEMBER), true, false, false),
        (Act::Delete, true, false, false),
    ];
    for (act, admin, sub, member) in table {
        for (who, allowed) in [(ADMIN, admin), (SUB, sub), (MEMBER, member)] {
            let answer = manage(&facts, user(who), act);
            assert_eq!(answer, if allowed { Ok(()) } else { Err(Error::Forbidden) }, "{act:?} by {who}");
        }
        assert_eq!(manage(&facts, ROOT, act), Ok(()), "{act:?} by a server administrator");
        assert_eq!(manage(&facts, user(OUTSIDER), act), Err(Error::RoomNotFound), "{act:?} by an outsider of a private room");
        assert_eq!(manage(&managed(Visibility::Public), user(OUTSIDER), act), Err(Error::Forbidden), "{act:?} by an outsider of a public room");
    }
}

#[test]
fn everybody_leaves_and_names_themselves() {
    let facts = managed(Visibility::Private);
    for who in [ADMIN, SUB, MEMBER] {
        assert_eq!(manage(&facts, user(who), Act::Remove(who)), Ok(()));
        assert_eq!(manage(&facts, user(who), Act::EditName(who)), Ok(()));
    }
}

#[test]
fn rooms_without_an_admin_are_managed_by_all_alike() {
    let facts = room(Visibility::Private, &[(SUB, Role::SubAdmin), (MEMBER, Role::Member), (OTHER_MEMBER, Role::Member)]);
    for who in [SUB, MEMBER] {
        let acts = [
            Act::Rename,
            Act::Add(Role::Member),
            Act::Add(Role::Admin),
            Act::Remove(OTHER_MEMBER),
            Act::ChangeRole(OTHER_MEMBER, Role::Admin),
            Act::EditName(who),
            Act::Delete,
        ];
        for act in acts {
            assert_eq!(manage(&facts, user(who), act), Ok(()), "{act:?} by {who}");
        }
        assert_eq!(manage(&facts, user(who), Act::EditName(OTHER_MEMBER)), Err(Error::Forbidden));
    }
}

#[test]
fn the_owner_may_always_delete_and_nothing_else_from_outside() {
    let facts = managed(Visibility::Private);
    assert_eq!(manage(&facts, user(OWNER_OUTSIDE), Act::Delete), Ok(()));
    assert_eq!(manage(&facts, user(OWNER_OUTSIDE), Act::Rename), Err(Error::RoomNotFound));
}

#[test]
fn the_last_admin_names_another_first_unless_alone() {
    let facts = room(Visibility::Private, &[(ADMIN, Role::Admin), (SUB, Role::SubAdmin), (MEMBER, Role::Member)]);
    for who in [user(ADMIN), ROOT] {
        assert_eq!(manage(&facts, who, Act::Remove(ADMIN)), Err(Error::Forbidden));
        assert_eq!(manage(&facts, who, Act::ChangeRole(ADMIN, Role::Member)), Err(Error::Forbidden));
    }
    assert_eq!(manage(&facts, user(ADMIN), Act::ChangeRole(ADMIN, Role::Admin)), Ok(()));
    let alone = room(Visibility::Private, &[(ADMIN, Role::Admin)]);
    assert_eq!(manage(&alone, user(ADMIN), Act::Remove(ADMIN)), Ok(()));
    assert_eq!(manage(&alone, user(ADMIN), Act::ChangeRole(ADMIN, Role::Member)), Ok(()));
}

#[test]
fn the_longest_standing_sub_admin_else_participant_succeeds() {
    let facts = room(Visibility::Private, &[(MEMBER, Role::Member), (ADMIN, Role::Admin), (OTHER_SUB, Role::SubAdmin), (SUB, Role::SubAdmin)]);
    assert_eq!(successor(&facts, ADMIN), Some(OTHER_SUB));
    assert_eq!(successor(&facts, SUB), None);
    let plain = room(Visibility::Private, &[(ADMIN, Role::Admin), (OTHER_MEMBER, Role::Member), (MEMBER, Role::Member)]);
    assert_eq!(successor(&plain, ADMIN), Some(OTHER_MEMBER));
}

#[test]
fn acts_on_strangers_find_no_participant() {
    let facts = managed(Visibility::Private);
    for act in [Act::Remove(OUTSIDER), Act::ChangeRole(OUTSIDER, Role::Admin), Act::EditName(OUTSIDER)] {
        assert_eq!(manage(&facts, user(ADMIN), act), Err(Error::ParticipantNotFound));
    }
}

#[test]
fn what_one_may_not_see_does_not_exist() {
    let (private, public) = (managed(Visibility::Private), managed(Visibility::Public));
    assert_eq!(see(&private, user(OUTSIDER)), Err(Error::RoomNotFound));
    assert_eq!(enter(&private, user(OUTSIDER)), Err(Error::RoomNotFound));
    assert_eq!(enter(&private, ROOT), Err(Error::RoomNotFound));
    assert_eq!(take_part(&private, user(OUTSIDER)).err(), Some(Error::RoomNotFound));
    assert_eq!(see(&public, user(OUTSIDER)), Ok(()));
    assert_eq!(enter(&public, user(OUTSIDER)), Ok(()));
    assert_eq!(take_part(&public, user(OUTSIDER)).err(), Some(Error::Forbidden));
    assert_eq!(take_part(&private, ROOT).err(), Some(Error::Forbidden));
}

#[test]
fn messages_are_edited_by_authors_and_deleted_by_them_or_admins() {
    let by = |author: UserId| Message {
        room: RoomId(1),
        seq: Seq(1),
        rev: Rev(2),
        author: Person { id: author, login: String::new(), name: String::new() },
        text: "x".to_owned(),
        created: Timestamp(0),
        edited: None,
        deleted: None,
        reply_to: None,
        client_id: None,
        reactions: Vec::new(),
        media: Vec::new(),
    };
    let facts = managed(Visibility::Private);
    let message = by(OTHER_MEMBER);
    // (who, edit, delete)
    let table = [
        (user(OTHER_MEMBER), Ok(()), Ok(())),
        (user(MEMBER), Err(Error::Forbidden), Err(Error::Forbidden)),
        (user(SUB), Err(Error::Forbidden), Ok(())),
        (user(ADMIN), Err(Error::Forbidden), Ok(())),
        (user(OUTSIDER), Err(Error::RoomNotFound), Err(Error::RoomNotFound)),
        (ROOT, Err(Error::Forbidden), Ok(())),
    ];
    for (who, may_edit, may_delete) in table {
        assert_eq!(edit(&facts, who, &message), may_edit, "edit by {who:?}");
        assert_eq!(delete(&facts, who, &message), may_delete, "delete by {who:?}");
    }
    // An author who has been removed may not edit any more.
    assert_eq!(edit(&facts, user(OUTSIDER), &by(OUTSIDER)), Err(Error::RoomNotFound));
    // In a room without an admin only the author deletes.
    let plain = room(Visibility::Private, &[(MEMBER, Role::Member), (OTHER_MEMBER, Role::Member)]);
    assert_eq!(delete(&plain, user(MEMBER), &message), Err(Error::Forbidden));
}
