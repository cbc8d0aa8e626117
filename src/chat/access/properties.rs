//! Properties of the permissions, tested with random rooms and callers; `PROPTEST_CASES` sets their
//! number.

use proptest::prelude::{Just, Strategy, any};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest::{collection, option, prop_assert, prop_assert_eq, prop_oneof, sample};

use super::tests::{participant, room};
use super::*;
use crate::model::Timestamp;

/// Users 1 to 6 may be in the room, 7 and 8 never are.
const INSIDE: std::ops::RangeInclusive<i64> = 1..=6;
const EVERYBODY: std::ops::RangeInclusive<i64> = 1..=8;

/// Every operation on a room that this module decides.
#[derive(Clone, Debug)]
enum Deed {
    See,
    Enter,
    TakePart,
    Post,
    React,
    Manage(Act),
    Settings(RoomSettings),
    Replace {
        rename: bool,
        users: Option<Vec<UserId>>,
    },
    /// Edit a message of this user.
    Edit(UserId),
    /// Delete a message of this user.
    Delete(UserId),
}

impl Deed {
    fn by(&self, facts: &RoomFacts, who: Actor) -> Result<()> {
        match self {
            Self::See => see(facts, who),
            Self::Enter => enter(facts, who),
            Self::TakePart => take_part(facts, who).map(drop),
            Self::Post => post(facts, who).map(drop),
            Self::React => react(facts, who).map(drop),
            Self::Manage(act) => manage(facts, who, *act),
            Self::Settings(new) => settings(facts, who, new),
            Self::Replace { rename, users } => replace(facts, who, *rename, users.as_deref()),
            Self::Edit(author) => on_message(facts, who, MessageAct::Edit, *author),
            Self::Delete(author) => on_message(facts, who, MessageAct::Delete, *author),
        }
    }

    /// Returns whether it adds to the room, or changes what was added.
    fn writes(&self) -> bool {
        matches!(self, Self::Post | Self::React | Self::Edit(_))
    }

    /// Returns whether it concerns this particular user.
    fn concerns(&self, user: UserId) -> bool {
        match self {
            Self::Manage(
                Act::Remove(target) | Act::ChangeRole(target, _) | Act::EditName(target),
            )
            | Self::Edit(target)
            | Self::Delete(target) => *target == user,
            Self::Replace { users: Some(users), .. } => !users.contains(&user),
            _ => false,
        }
    }

    /// Returns the participants and roles afterwards, if the operation removes roles.
    fn leaves(&self, facts: &RoomFacts) -> Option<Vec<Participant>> {
        let mut left = facts.participants.clone();
        match self {
            Self::Manage(Act::Remove(user)) => left.retain(|p| p.user != *user),
            Self::Manage(Act::ChangeRole(user, role)) => {
                left.iter_mut().filter(|p| p.user == *user).for_each(|p| p.role = *role);
            }
            Self::Replace { users: Some(users), .. } => left.retain(|p| users.contains(&p.user)),
            _ => return None,
        }
        Some(left)
    }
}

/// Returns whether the operation on a message of this author is allowed.
fn on_message(facts: &RoomFacts, who: Actor, act: MessageAct, author: UserId) -> Result<()> {
    match change_message(facts, who, act)? {
        Whose::Own if Some(author) != who.user => Err(Error::Forbidden),
        Whose::Own | Whose::Any => Ok(()),
    }
}

fn role() -> impl Strategy<Value = Role> {
    sample::select(vec![Role::Member, Role::SubAdmin, Role::Admin])
}

fn visibility() -> impl Strategy<Value = Visibility> {
    sample::select(vec![Visibility::Public, Visibility::Private])
}

fn somebody() -> impl Strategy<Value = UserId> {
    EVERYBODY.prop_map(UserId)
}

/// Generates rooms of all kinds. Guests are members, as the writer ensures.
fn any_room() -> impl Strategy<Value = RoomFacts> {
    let people = collection::btree_map(INSIDE, (role(), 0..10_u8, 0..10_u8, 0..10_u8), 0..=6_usize);
    let marks = (0..4_u8, 0..3_u8);
    (visibility(), people, option::of(somebody()), marks).prop_map(
        |(visibility, people, owner, (archived, read_only))| {
            let mut facts = room(visibility, &[]);
            facts.room.owner = owner;
            facts.room.archived = (archived == 0).then_some(Timestamp(1));
            facts.room.read_only = read_only == 0;
            facts.participants = people
                .into_iter()
                .map(|(user, (role, bot, guest, disabled))| {
                    let account =
                        AccountFlags { bot: bot == 0, guest: guest < 3, disabled: disabled == 0 };
                    let role = if account.guest { Role::Member } else { role };
                    Participant { account, ..participant(UserId(user), role) }
                })
                .collect();
            facts
        },
    )
}

fn deed() -> impl Strategy<Value = Deed> {
    let act = prop_oneof![
        Just(Act::Rename),
        Just(Act::Configure),
        Just(Act::Pin),
        Just(Act::Delete),
        role().prop_map(Act::Add),
        somebody().prop_map(Act::Remove),
        somebody().prop_map(Act::EditName),
        (somebody(), role()).prop_map(|(user, role)| Act::ChangeRole(user, role)),
    ];
    let text = || option::of(Just(Some("x".to_owned())));
    let settings =
        (text(), text(), option::of(visibility()), any::<Option<bool>>(), any::<Option<bool>>());
    let settings = settings.prop_map(|(topic, description, visibility, read_only, archived)| {
        RoomSettings { topic, description, visibility, read_only, archived, retention: None }
    });
    let users = option::of(collection::vec(somebody(), 0..6));
    prop_oneof![
        1 => Just(Deed::See),
        1 => Just(Deed::Enter),
        1 => Just(Deed::TakePart),
        1 => Just(Deed::Post),
        1 => Just(Deed::React),
        8 => act.prop_map(Deed::Manage),
        2 => settings.prop_map(Deed::Settings),
        2 => (any::<bool>(), users).prop_map(|(rename, users)| Deed::Replace { rename, users }),
        1 => somebody().prop_map(Deed::Edit),
        1 => somebody().prop_map(Deed::Delete),
    ]
}

/// Returns a caller. Participants have the flags of their account; an administrator is not a guest.
fn actor(facts: &RoomFacts, user: UserId, admin: bool, guest: bool) -> Actor {
    let guest = facts.participant(user).map_or(guest, |known| known.account.guest);
    Actor { user: Some(user), server_admin: admin, guest: guest && !admin }
}

/// Tests a property with rooms, callers and operations.
fn always(law: impl Fn(&RoomFacts, Actor, &Deed) -> Verdict) {
    let caller = (somebody(), 0..6_u8, 0..3_u8);
    TestRunner::new(Config { cases: Config::default().cases * 16, ..Config::default() })
        .run(&(any_room(), caller, deed()), |(facts, (user, admin, guest), deed)| {
            let who = actor(&facts, user, admin == 0, guest == 0);
            law(&facts, who, &deed)
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

type Verdict = std::result::Result<(), TestCaseError>;

fn takes_part(facts: &RoomFacts, who: Actor) -> bool {
    who.place(facts).is_some()
}

#[test]
fn nobody_reads_or_writes_who_takes_no_part() {
    always(|facts, who, deed| {
        if deed.writes() || matches!(deed, Deed::TakePart) {
            prop_assert!(takes_part(facts, who) || deed.by(facts, who).is_err());
        }
        Ok(())
    });
}

#[test]
fn outsiders_change_nothing_unless_they_run_the_server_or_own_the_room() {
    always(|facts, who, deed| {
        let may = matches!(deed, Deed::See | Deed::Enter)
            || who.server_admin
            || (matches!(deed, Deed::Manage(Act::Delete)) && who.owns(facts));
        prop_assert!(takes_part(facts, who) || may || deed.by(facts, who).is_err());
        Ok(())
    });
}

#[test]
fn a_private_room_answers_outsiders_like_one_that_does_not_exist() {
    always(|facts, who, deed| {
        let stranger = !takes_part(facts, who) && !who.server_admin;
        let owner = who.owns(facts);
        let hidden = facts.room.visibility == Visibility::Private || who.guest;
        if stranger && hidden && !(owner && matches!(deed, Deed::Manage(Act::Delete))) {
            prop_assert_eq!(deed.by(facts, who), Err(Error::RoomNotFound));
        }
        Ok(())
    });
}

#[test]
fn only_admins_give_roles_and_no_guest_gets_one() {
    always(|facts, who, deed| {
        let given = match deed {
            Deed::Manage(Act::ChangeRole(user, role)) => Some((facts.participant(*user), *role)),
            Deed::Manage(Act::Add(role)) if *role != Role::Member => Some((None, *role)),
            _ => None,
        };
        if let (Some((target, role)), Ok(())) = (given, deed.by(facts, who)) {
            let own = who.place(facts).map(|own| own.role);
            let admin = who.server_admin
                || (!who.guest
                    && own.is_some()
                    && (own == Some(Role::Admin) || !facts.has_admin()));
            prop_assert!(admin);
            prop_assert!(target.is_none_or(|target| !target.account.guest || role == Role::Member));
        }
        Ok(())
    });
}

#[test]
fn guests_enter_no_room_and_manage_nobody_but_themselves() {
    always(|facts, who, deed| {
        // A session older than the guest flag of its user changes nothing.
        let marked = who.place(facts).is_some_and(|own| own.account.guest);
        let before = Actor { guest: false, ..who };
        if marked && !who.server_admin {
            prop_assert_eq!(deed.by(facts, before), deed.by(facts, who));
        }
        if !who.guest || deed.by(facts, who).is_err() {
            return Ok(());
        }
        prop_assert!(takes_part(facts, who));
        match deed {
            Deed::Manage(Act::Remove(user) | Act::EditName(user)) => {
                prop_assert_eq!(Some(*user), who.user);
            }
            Deed::Manage(act) => prop_assert_eq!(*act, Act::Pin),
            Deed::Delete(author) => prop_assert_eq!(Some(*author), who.user),
            Deed::Settings(_) => return Err(TestCaseError::fail("a guest changes settings")),
            Deed::Replace { rename, users } => {
                let others = facts.participants.iter().filter(|p| Some(p.user) != who.user);
                let kept = |user: UserId| users.as_ref().is_none_or(|all| all.contains(&user));
                prop_assert!(!rename && others.clone().all(|p| kept(p.user)));
                let came = users.iter().flatten().any(|user| facts.participant(*user).is_none());
                prop_assert!(!came);
            }
            _ => (),
        }
        Ok(())
    });
}

#[test]
fn a_higher_role_may_all_that_a_lower_one_may() {
    let two = (any_room(), deed(), sample::select(vec![0, 1, 2]), sample::select(vec![0, 1, 2]));
    let roles = [Role::Member, Role::SubAdmin, Role::Admin];
    TestRunner::new(Config { cases: Config::default().cases * 16, ..Config::default() })
        .run(&two, |(mut facts, deed, one, other)| {
            // Two users without flags beside an admin, so that the room stays managed.
            let (low, high) = (UserId(5), UserId(6));
            facts.participants.retain(|p| p.user != low && p.user != high && p.user != UserId(1));
            facts.participants.push(participant(UserId(1), Role::Admin));
            facts.participants.push(participant(low, roles[one.min(other)]));
            facts.participants.push(participant(high, roles[one.max(other)]));
            let apart = [low, high].iter().any(|user| deed.concerns(*user))
                || facts.room.owner == Some(low);
            let ask = |user| deed.by(&facts, actor(&facts, user, false, false));
            if !apart && ask(low).is_ok() {
                prop_assert_eq!(ask(high), Ok(()));
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn whoever_runs_the_server_manages_all_that_admins_manage() {
    always(|facts, who, deed| {
        let managing = matches!(
            deed,
            Deed::See
                | Deed::Manage(_)
                | Deed::Settings(_)
                | Deed::Replace { .. }
                | Deed::Delete(_)
        );
        if managing && deed.by(facts, who).is_ok() {
            let root = Actor { server_admin: true, guest: false, ..who };
            prop_assert_eq!(deed.by(facts, root), Ok(()));
        }
        Ok(())
    });
}

#[test]
fn a_restriction_of_the_room_or_of_the_user_allows_nothing_new() {
    always(|facts, who, deed| {
        // Reopening an archived room is the exception.
        if matches!(deed, Deed::Settings(RoomSettings { archived: Some(_), .. })) {
            return Ok(());
        }
        let more = |change: fn(&mut RoomFacts)| {
            let mut facts = facts.clone();
            change(&mut facts);
            facts
        };
        let free = [
            more(|facts| facts.room.archived = None),
            more(|facts| facts.room.read_only = false),
            more(|facts| facts.room.visibility = Visibility::Public),
        ];
        if deed.by(facts, who).is_ok() {
            for facts in &free {
                prop_assert_eq!(deed.by(facts, who), Ok(()));
            }
            prop_assert_eq!(deed.by(facts, Actor { guest: false, ..who }), Ok(()));
        }
        Ok(())
    });
}

#[test]
fn nobody_writes_into_an_archived_room_nor_enters_it_anew() {
    always(|facts, who, deed| {
        let anew = matches!(deed, Deed::Enter) && !takes_part(facts, who);
        let adds = matches!(
            deed,
            Deed::Manage(Act::Add(_) | Act::Rename | Act::EditName(_) | Act::Pin)
                | Deed::Replace { rename: true, .. }
        );
        if facts.room.archived.is_some() && (deed.writes() || anew || adds) {
            prop_assert!(deed.by(facts, who).is_err());
        }
        Ok(())
    });
}

#[test]
fn only_who_may_manage_posts_in_a_read_only_room() {
    always(|facts, who, deed| {
        let posts = matches!(deed, Deed::Post | Deed::Edit(_) | Deed::Manage(Act::Pin));
        if facts.room.read_only && posts && deed.by(facts, who).is_ok() {
            let own = who.place(facts).map_or(Role::Member, |own| own.role);
            let above = !who.guest && (own >= Role::SubAdmin || !facts.has_admin());
            prop_assert!(who.server_admin || above);
        }
        Ok(())
    });
}

#[test]
fn a_room_keeps_an_admin_whom_somebody_can_be() {
    always(|facts, who, deed| {
        let administered = |people: &[Participant]| {
            people.iter().any(|p| p.role == Role::Admin && p.account.is_usable())
        };
        if let (true, Some(left), Ok(())) =
            (administered(&facts.participants), deed.leaves(facts), deed.by(facts, who))
            && !left.is_empty()
            && facts.participants.len() > 1
        {
            prop_assert!(administered(&left), "{:?}", left);
        }
        Ok(())
    });
}

#[test]
fn only_authors_edit() {
    always(|facts, who, deed| {
        if let Deed::Edit(author) = deed {
            prop_assert!(Some(*author) == who.user || deed.by(facts, who).is_err());
        }
        Ok(())
    });
}
