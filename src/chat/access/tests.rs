//! The complete matrix of the rules of management, as a table.

use super::*;
use crate::model::{AccountFlags, Rev, Room, RoomId, RoomRetention, Seq, Timestamp};

const ADMIN: UserId = UserId(1);
const SECOND_ADMIN: UserId = UserId(2);
const SUB: UserId = UserId(3);
const OTHER_SUB: UserId = UserId(4);
const MEMBER: UserId = UserId(5);
const OTHER_MEMBER: UserId = UserId(6);
const OUTSIDER: UserId = UserId(7);
const OWNER_OUTSIDE: UserId = UserId(8);

pub(super) fn participant(user: UserId, role: Role) -> Participant {
    Participant {
        user,
        login: format!("u{user}"),
        name: format!("U{user}"),
        edited_name: String::new(),
        media: None,
        role,
        since: Rev(1),
        joined: Timestamp(0),
        account: AccountFlags::default(),
    }
}

pub(super) fn room(visibility: Visibility, participants: &[(UserId, Role)]) -> RoomFacts {
    RoomFacts {
        room: Room {
            id: RoomId(1),
            name: None,
            topic: None,
            description: None,
            visibility,
            archived: None,
            read_only: false,
            owner: Some(OWNER_OUTSIDE),
            owner_login: String::new(),
            created: Timestamp(0),
            last_seq: Seq(0),
            rev: Rev(1),
            facts_rev: Rev(1),
            mode_rev: Rev(0),
            retention: RoomRetention::default(),
            expired: Seq(0),
        },
        participants: participants.iter().map(|(user, role)| participant(*user, *role)).collect(),
    }
}

fn managed(visibility: Visibility) -> RoomFacts {
    use Role::{Admin, Member, SubAdmin};
    room(
        visibility,
        &[
            (ADMIN, Admin),
            (SECOND_ADMIN, Admin),
            (SUB, SubAdmin),
            (OTHER_SUB, SubAdmin),
            (MEMBER, Member),
            (OTHER_MEMBER, Member),
        ],
    )
}

fn user(user: UserId) -> Actor {
    Actor { user: Some(user), server_admin: false, guest: false }
}

const ROOT: Actor = Actor { user: Some(UserId(9)), server_admin: true, guest: false };

#[test]
fn rooms_with_an_admin_are_managed_by_roles() {
    let facts = managed(Visibility::Private);
    // (act, admin, sub-admin, member)
    let table = [
        (Act::Rename, true, true, false),
        (Act::Configure, true, false, false),
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
            assert_eq!(
                answer,
                if allowed { Ok(()) } else { Err(Error::Forbidden) },
                "{act:?} by {who}"
            );
        }
        assert_eq!(manage(&facts, ROOT, act), Ok(()), "{act:?} by a server administrator");
        assert_eq!(
            manage(&facts, user(OUTSIDER), act),
            Err(Error::RoomNotFound),
            "{act:?} by an outsider of a private room"
        );
        assert_eq!(
            manage(&managed(Visibility::Public), user(OUTSIDER), act),
            Err(Error::Forbidden),
            "{act:?} by an outsider of a public room"
        );
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
    let facts = room(
        Visibility::Private,
        &[(SUB, Role::SubAdmin), (MEMBER, Role::Member), (OTHER_MEMBER, Role::Member)],
    );
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
    let facts = room(
        Visibility::Private,
        &[(ADMIN, Role::Admin), (SUB, Role::SubAdmin), (MEMBER, Role::Member)],
    );
    for who in [user(ADMIN), ROOT] {
        assert_eq!(manage(&facts, who, Act::Remove(ADMIN)), Err(Error::Forbidden));
        assert_eq!(
            manage(&facts, who, Act::ChangeRole(ADMIN, Role::Member)),
            Err(Error::Forbidden)
        );
    }
    assert_eq!(manage(&facts, user(ADMIN), Act::ChangeRole(ADMIN, Role::Admin)), Ok(()));
    let alone = room(Visibility::Private, &[(ADMIN, Role::Admin)]);
    assert_eq!(manage(&alone, user(ADMIN), Act::Remove(ADMIN)), Ok(()));
    assert_eq!(manage(&alone, user(ADMIN), Act::ChangeRole(ADMIN, Role::Member)), Ok(()));
}

#[test]
fn the_longest_standing_sub_admin_else_participant_succeeds() {
    let facts = room(
        Visibility::Private,
        &[
            (MEMBER, Role::Member),
            (ADMIN, Role::Admin),
            (OTHER_SUB, Role::SubAdmin),
            (SUB, Role::SubAdmin),
        ],
    );
    assert_eq!(successor(&facts, ADMIN), Some(OTHER_SUB));
    assert_eq!(successor(&facts, SUB), None);
    let plain = room(
        Visibility::Private,
        &[(ADMIN, Role::Admin), (OTHER_MEMBER, Role::Member), (MEMBER, Role::Member)],
    );
    assert_eq!(successor(&plain, ADMIN), Some(OTHER_MEMBER));
}

const GUEST: Actor = Actor { user: Some(MEMBER), server_admin: false, guest: true };

/// Returns the room with another setting.
fn with(mut facts: RoomFacts, change: impl FnOnce(&mut Room)) -> RoomFacts {
    change(&mut facts.room);
    facts
}

fn archived(visibility: Visibility) -> RoomFacts {
    with(managed(visibility), |room| room.archived = Some(Timestamp(1)))
}

#[test]
fn in_an_archived_room_nothing_is_written_and_nobody_added() {
    let facts = archived(Visibility::Public);
    for who in [user(ADMIN), user(SUB), user(MEMBER), Actor { user: Some(ADMIN), ..ROOT }] {
        assert_eq!(post(&facts, who).err(), Some(Error::Archived), "{who:?}");
        assert_eq!(react(&facts, who).err(), Some(Error::Archived), "{who:?}");
        assert!(take_part(&facts, who).is_ok() && enter(&facts, who).is_ok(), "{who:?} reads");
    }
    for act in [Act::Rename, Act::Add(Role::Member), Act::EditName(MEMBER), Act::Pin] {
        assert_eq!(manage(&facts, user(ADMIN), act), Err(Error::Archived), "{act:?}");
        assert_eq!(manage(&facts, ROOT, act), Err(Error::Archived), "{act:?}");
    }
    for act in [Act::Remove(MEMBER), Act::ChangeRole(MEMBER, Role::Admin), Act::Delete] {
        assert_eq!(manage(&facts, user(ADMIN), act), Ok(()), "{act:?}");
    }
    assert_eq!(manage(&facts, user(MEMBER), Act::Remove(MEMBER)), Ok(()));
    assert_eq!(enter(&facts, user(OUTSIDER)), Err(Error::Archived));
    assert_eq!(enter(&archived(Visibility::Private), user(OUTSIDER)), Err(Error::RoomNotFound));
    assert_eq!(replace(&facts, user(ADMIN), true, None), Err(Error::Archived));
    let all: Vec<UserId> = facts.participants.iter().map(|p| p.user).collect();
    assert_eq!(
        replace(&facts, user(ADMIN), false, Some(&[all.as_slice(), &[OUTSIDER]].concat())),
        Err(Error::Archived)
    );
    assert_eq!(replace(&facts, user(ADMIN), false, Some(&all[..3])), Ok(()));
}

#[test]
fn settings_are_for_admins_and_what_is_archived_is_only_brought_back() {
    let topic = RoomSettings { topic: Some(None), ..RoomSettings::default() };
    let archive = |archived| RoomSettings { archived: Some(archived), ..RoomSettings::default() };
    let read_only = RoomSettings { read_only: Some(true), ..RoomSettings::default() };
    let visibility =
        RoomSettings { visibility: Some(Visibility::Private), ..RoomSettings::default() };
    let facts = managed(Visibility::Public);
    for (new, sub) in [
        (&topic, Ok(())),
        (&archive(true), Err(Error::Forbidden)),
        (&read_only, Err(Error::Forbidden)),
        (&visibility, Err(Error::Forbidden)),
    ] {
        assert_eq!(settings(&facts, user(ADMIN), new), Ok(()), "{new:?}");
        assert_eq!(settings(&facts, ROOT, new), Ok(()), "{new:?}");
        assert_eq!(settings(&facts, user(SUB), new), sub, "{new:?}");
        assert_eq!(settings(&facts, user(MEMBER), new), Err(Error::Forbidden), "{new:?}");
        assert_eq!(
            settings(&managed(Visibility::Private), user(OUTSIDER), new),
            Err(Error::RoomNotFound),
            "{new:?}"
        );
    }
    let facts = archived(Visibility::Public);
    let both = RoomSettings { archived: Some(false), ..topic.clone() };
    for (new, expected) in [
        (&topic, Err(Error::Archived)),
        (&read_only, Err(Error::Archived)),
        (&archive(false), Ok(())),
        (&both, Ok(())),
        (&archive(true), Ok(())),
    ] {
        assert_eq!(settings(&facts, user(ADMIN), new), expected, "{new:?}");
    }
    assert_eq!(settings(&facts, user(SUB), &archive(false)), Err(Error::Forbidden));
}

#[test]
fn in_a_read_only_room_admins_and_sub_admins_post() {
    let facts = with(managed(Visibility::Private), |room| room.read_only = true);
    for (who, allowed) in [
        (user(ADMIN), true),
        (user(SUB), true),
        (user(MEMBER), false),
        (Actor { user: Some(MEMBER), ..ROOT }, true),
    ] {
        assert_eq!(post(&facts, who).err(), (!allowed).then_some(Error::ReadOnly), "{who:?}");
        assert_eq!(manage(&facts, who, Act::Pin).is_ok(), allowed, "{who:?}");
        assert!(react(&facts, who).is_ok(), "{who:?}");
    }
    let unmanaged =
        with(room(Visibility::Private, &[(SUB, Role::SubAdmin), (MEMBER, Role::Member)]), |room| {
            room.read_only = true;
        });
    assert!(
        post(&unmanaged, user(MEMBER)).is_ok(),
        "a room without an admin is managed by all participants"
    );
    assert_eq!(post(&unmanaged, GUEST).err(), Some(Error::ReadOnly));
    assert_eq!(manage(&managed(Visibility::Private), user(MEMBER), Act::Pin), Ok(()));
}

#[test]
fn a_guest_knows_only_their_rooms_and_manages_none() {
    let outside = Actor { user: Some(OUTSIDER), ..GUEST };
    let public = managed(Visibility::Public);
    for answer in [
        see(&public, outside),
        enter(&public, outside),
        take_part(&public, outside).map(drop),
        manage(&public, outside, Act::Rename),
    ] {
        assert_eq!(answer, Err(Error::RoomNotFound));
    }
    assert!(
        see(&public, GUEST).is_ok()
            && enter(&public, GUEST).is_ok()
            && post(&public, GUEST).is_ok()
    );
    assert_eq!((browse(GUEST), browse(user(MEMBER))), (Err(Error::Forbidden), Ok(())));
    assert_eq!(
        (create(GUEST, Visibility::Public), create(GUEST, Visibility::Private)),
        (Err(Error::Forbidden), Ok(()))
    );
    // Neither a remaining role nor the lack of an admin nor being the owner gives guests any right.
    let owned =
        with(room(Visibility::Private, &[(MEMBER, Role::Admin), (SUB, Role::SubAdmin)]), |room| {
            room.owner = Some(MEMBER);
        });
    let unmanaged =
        with(room(Visibility::Private, &[(MEMBER, Role::Member), (SUB, Role::Member)]), |room| {
            room.owner = Some(MEMBER);
        });
    for facts in [&owned, &unmanaged] {
        for act in [
            Act::Rename,
            Act::Configure,
            Act::Add(Role::Member),
            Act::Remove(SUB),
            Act::ChangeRole(SUB, Role::Member),
            Act::EditName(SUB),
            Act::Delete,
        ] {
            assert_eq!(manage(facts, GUEST, act), Err(Error::Forbidden), "{act:?}");
        }
        assert_eq!(manage(facts, GUEST, Act::EditName(MEMBER)), Ok(()));
    }
    assert_eq!(manage(&unmanaged, GUEST, Act::Remove(MEMBER)), Ok(()));
    let mut facts = managed(Visibility::Private);
    facts.participants[4].account.guest = true;
    assert_eq!(
        manage(&facts, user(ADMIN), Act::ChangeRole(MEMBER, Role::SubAdmin)),
        Err(Error::Forbidden)
    );
    assert_eq!(manage(&facts, ROOT, Act::ChangeRole(MEMBER, Role::Admin)), Err(Error::Forbidden));
}

#[test]
fn a_disabled_admin_leaves_the_other_the_last() {
    let mut facts = room(
        Visibility::Private,
        &[(ADMIN, Role::Admin), (SECOND_ADMIN, Role::Admin), (MEMBER, Role::Member)],
    );
    facts.participants[1].account.disabled = true;
    assert_eq!(manage(&facts, user(ADMIN), Act::Remove(ADMIN)), Err(Error::Forbidden));
    assert_eq!(manage(&facts, user(ADMIN), Act::Remove(SECOND_ADMIN)), Ok(()));
    assert_eq!(successor(&facts, ADMIN), Some(MEMBER));
}

#[test]
fn acts_on_strangers_find_no_participant() {
    let facts = managed(Visibility::Private);
    for act in
        [Act::Remove(OUTSIDER), Act::ChangeRole(OUTSIDER, Role::Admin), Act::EditName(OUTSIDER)]
    {
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
    let facts = managed(Visibility::Private);
    let may = |facts: &RoomFacts, who, act| change_message(facts, who, act);
    // (who, edit, delete)
    let table = [
        (user(MEMBER), Ok(Whose::Own), Ok(Whose::Own)),
        (user(SUB), Ok(Whose::Own), Ok(Whose::Any)),
        (user(ADMIN), Ok(Whose::Own), Ok(Whose::Any)),
        (user(OUTSIDER), Err(Error::RoomNotFound), Err(Error::RoomNotFound)),
        (ROOT, Err(Error::Forbidden), Ok(Whose::Any)),
    ];
    for (who, may_edit, may_delete) in table {
        assert_eq!(may(&facts, who, MessageAct::Edit), may_edit, "edit by {who:?}");
        assert_eq!(may(&facts, who, MessageAct::Delete), may_delete, "delete by {who:?}");
    }
    // In a room without an admin only the author may delete.
    let plain = room(Visibility::Private, &[(MEMBER, Role::Member), (OTHER_MEMBER, Role::Member)]);
    assert_eq!(may(&plain, user(MEMBER), MessageAct::Delete), Ok(Whose::Own));
}

#[test]
fn a_replacement_needs_the_right_for_each_of_its_steps() {
    let facts = managed(Visibility::Private);
    let all = [ADMIN, SECOND_ADMIN, SUB, OTHER_SUB, MEMBER, OTHER_MEMBER];
    let without =
        |gone: &[UserId]| all.into_iter().filter(|user| !gone.contains(user)).collect::<Vec<_>>();
    let with = |new: UserId| all.into_iter().chain([new]).collect::<Vec<_>>();
    // (rename, users, admin, sub-admin, member)
    let table = [
        (false, None, true, true, true),
        (true, None, true, true, false),
        (false, Some(all.to_vec()), true, true, true),
        (true, Some(all.to_vec()), true, true, false),
        (false, Some(with(OUTSIDER)), true, true, false),
        (false, Some(without(&[OTHER_MEMBER])), true, true, false),
        (false, Some(without(&[OTHER_SUB])), true, false, false),
        (false, Some(without(&[SECOND_ADMIN])), true, false, false),
        (false, Some(without(&[MEMBER])), true, true, true),
        (false, Some(without(&[MEMBER, OTHER_MEMBER])), true, true, false),
        (false, Some(without(&[ADMIN, SECOND_ADMIN])), false, false, false),
        (false, Some(Vec::new()), true, false, false),
    ];
    for (rename, users, admin, sub, member) in table {
        for (who, allowed) in [(ADMIN, admin), (SUB, sub), (MEMBER, member)] {
            let expected = if allowed { Ok(()) } else { Err(Error::Forbidden) };
            assert_eq!(
                replace(&facts, user(who), rename, users.as_deref()),
                expected,
                "{who} {rename} {users:?}"
            );
        }
    }
    assert_eq!(replace(&facts, ROOT, true, Some(&with(OUTSIDER))), Ok(()));
    assert_eq!(
        replace(&facts, ROOT, false, Some(&[SUB, MEMBER])),
        Err(Error::Forbidden),
        "a room with admins keeps one"
    );
}

#[test]
fn a_room_without_admins_is_replaced_by_its_participants_only() {
    for (visibility, refusal) in
        [(Visibility::Private, Error::RoomNotFound), (Visibility::Public, Error::Forbidden)]
    {
        let facts = room(visibility, &[(MEMBER, Role::Member), (SUB, Role::SubAdmin)]);
        assert_eq!(replace(&facts, user(MEMBER), true, Some(&[OUTSIDER, OTHER_MEMBER])), Ok(()));
        for who in [OUTSIDER, OWNER_OUTSIDE] {
            assert_eq!(replace(&facts, user(who), false, None), Err(refusal.clone()));
            assert_eq!(
                openly(replace(&facts, user(who), false, None).unwrap_err(), true),
                Error::Forbidden
            );
        }
    }
    let alone = room(Visibility::Private, &[(ADMIN, Role::Admin)]);
    assert_eq!(replace(&alone, user(ADMIN), false, Some(&[MEMBER, SUB])), Err(Error::Forbidden));
    assert_eq!(openly(Error::RoomNotFound, false), Error::RoomNotFound);
}

#[test]
fn contacts_are_for_their_owner_and_for_others_as_configured() {
    for (who, shown, known) in [
        (user(MEMBER), false, true),
        (user(SUB), false, false),
        (ROOT, false, false),
        (user(SUB), true, true),
    ] {
        assert_eq!(know_contacts(MEMBER, who, shown), known, "{who:?} {shown}");
    }
}

#[test]
fn all_of_a_room_are_mentioned_by_admins_and_where_it_is_small_or_private() {
    let few = managed(Visibility::Public);
    let mut many = few.clone();
    let next = i64::try_from(CALLED_BY_ALL).unwrap() + 10;
    many.participants.extend((10..next).map(|id| participant(UserId(id), Role::Member)));
    let mut private = many.clone();
    private.room.visibility = Visibility::Private;
    for (who, in_many) in [(ADMIN, true), (SUB, false), (MEMBER, false)] {
        assert!(may_call(&few, user(who)), "{who}");
        assert!(may_call(&private, user(who)), "{who}");
        assert_eq!(may_call(&many, user(who)), in_many, "{who}");
    }
    many.room.owner = Some(MEMBER);
    assert!(may_call(&many, user(MEMBER)));
    assert!(!may_call(&few, user(OUTSIDER)) && !may_call(&private, ROOT));
    for own in &few.participants {
        assert!(may_call(&few, user(own.user)));
    }
}

#[test]
fn an_account_is_created_by_anyone_with_an_invitation_or_by_nobody() {
    for (registration, alone, invited) in [
        (Registration::Open, true, true),
        (Registration::Invite, false, true),
        (Registration::Closed, false, false),
    ] {
        assert_eq!(register(registration, false).is_ok(), alone, "{registration:?}");
        assert_eq!(register(registration, true).is_ok(), invited, "{registration:?}");
    }
}

#[test]
fn custom_emoji_are_added_by_administrators_or_everybody_but_guests() {
    use EmojiAdders::{Administrators, Everyone};
    let who = |server_admin, guest| Actor { user: Some(MEMBER), server_admin, guest };
    for (actor, permitted, adds) in [
        (who(true, false), Administrators, true),
        (who(true, false), Everyone, true),
        (who(false, false), Administrators, false),
        (who(false, false), Everyone, true),
        (who(false, true), Administrators, false),
        (who(false, true), Everyone, false),
        (Actor { user: None, server_admin: true, guest: false }, Administrators, true),
    ] {
        assert_eq!(add_emoji(actor, permitted).is_ok(), adds, "{actor:?} {permitted:?}");
        let own = remove_emoji(actor, MEMBER, permitted).is_ok();
        assert_eq!(own, adds, "their own: {actor:?} {permitted:?}");
        let other = remove_emoji(actor, OTHER_MEMBER, permitted).is_ok();
        assert_eq!(other, actor.server_admin, "another's: {actor:?} {permitted:?}");
    }
}
