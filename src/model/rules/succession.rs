//! Succession of admins: the first participants, heirs, and the last admin of a room.
//!
//! Only a usable account counts: one that can log in and is neither a guest nor a bot.

use crate::model::{AccountFlags, Participant, Role, UserId, Visibility};

/// A participant, as far as succession is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Id of the user.
    pub user: UserId,
    /// Current role.
    pub role: Role,
    /// Flags of the account.
    pub account: AccountFlags,
}

impl From<&Participant> for Candidate {
    fn from(participant: &Participant) -> Self {
        Self { user: participant.user, role: participant.role, account: participant.account }
    }
}

/// Returns the heir among participants in the order of joining: the longest-standing admin,
/// otherwise sub-admin, otherwise participant.
pub fn heir(candidates: impl IntoIterator<Item = Candidate>) -> Option<UserId> {
    let mut best: Option<Candidate> = None;
    for candidate in candidates.into_iter().filter(|candidate| candidate.account.is_usable()) {
        if best.is_none_or(|known| candidate.role > known.role) {
            best = Some(candidate);
        }
    }
    best.map(|candidate| candidate.user)
}

/// Returns whether this user is an admin and no other usable account is.
pub fn is_last_admin(candidates: impl IntoIterator<Item = Candidate>, user: UserId) -> bool {
    let mut is_admin = false;
    for candidate in candidates.into_iter().filter(|candidate| candidate.role == Role::Admin) {
        if candidate.user == user {
            is_admin = true;
        } else if candidate.account.is_usable() {
            return false;
        }
    }
    is_admin
}

/// Returns who becomes admin when this user leaves, is disabled or becomes a guest.
pub fn successor(
    candidates: impl IntoIterator<Item = Candidate> + Clone,
    leaving: UserId,
) -> Option<UserId> {
    if !is_last_admin(candidates.clone(), leaving) {
        return None;
    }
    heir(candidates.into_iter().filter(|candidate| candidate.user != leaving))
}

/// Returns the role of a new participant: the first in a public room is its admin, and a guest is
/// never more than a member.
pub fn role_on_entry(
    visibility: Visibility,
    is_empty: bool,
    account: AccountFlags,
    wanted: Role,
) -> Role {
    match (visibility, is_empty) {
        _ if account.guest => Role::Member,
        (Visibility::Public, true) if account.is_usable() => Role::Admin,
        _ => wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USABLE: AccountFlags = AccountFlags { bot: false, guest: false, disabled: false };
    const DISABLED: AccountFlags = AccountFlags { disabled: true, ..USABLE };
    const GUEST: AccountFlags = AccountFlags { guest: true, ..USABLE };
    const BOT: AccountFlags = AccountFlags { bot: true, ..USABLE };

    fn room(people: &[(i64, Role, AccountFlags)]) -> Vec<Candidate> {
        people
            .iter()
            .map(|(user, role, account)| Candidate {
                user: UserId(*user),
                role: *role,
                account: *account,
            })
            .collect()
    }

    #[test]
    fn the_heir_is_the_longest_standing_usable_account_of_the_highest_role() {
        use Role::{Admin, Member, SubAdmin};
        for (people, expected) in [
            (vec![(1, Member, USABLE), (2, SubAdmin, USABLE), (3, SubAdmin, USABLE)], Some(2)),
            (vec![(1, Member, USABLE), (2, Admin, USABLE)], Some(2)),
            (
                vec![
                    (1, Member, DISABLED),
                    (2, SubAdmin, DISABLED),
                    (3, Member, USABLE),
                    (4, Member, USABLE),
                ],
                Some(3),
            ),
            (vec![(1, Member, GUEST), (2, Member, BOT), (3, Member, USABLE)], Some(3)),
            (vec![(1, Admin, GUEST), (2, Admin, DISABLED), (3, SubAdmin, BOT)], None),
            (vec![], None),
        ] {
            assert_eq!(heir(room(&people)), expected.map(UserId), "{people:?}");
        }
    }

    #[test]
    fn a_disabled_admin_does_not_keep_another_from_being_the_last() {
        use Role::{Admin, Member};
        for (people, last) in [
            (vec![(1, Admin, USABLE), (2, Member, USABLE)], true),
            (vec![(1, Admin, USABLE), (2, Admin, USABLE)], false),
            (vec![(1, Admin, USABLE), (2, Admin, DISABLED)], true),
            (vec![(1, Admin, DISABLED), (2, Admin, USABLE)], false),
            (vec![(1, Member, USABLE), (2, Admin, USABLE)], false),
        ] {
            assert_eq!(is_last_admin(room(&people), UserId(1)), last, "{people:?}");
        }
        let people = room(&[(1, Admin, USABLE), (2, Member, DISABLED), (3, Member, USABLE)]);
        assert_eq!(successor(people.iter().copied(), UserId(1)), Some(UserId(3)));
        assert_eq!(successor(people.iter().copied(), UserId(3)), None);
    }

    #[test]
    fn the_first_in_a_public_room_administers_it_unless_they_are_a_guest() {
        use Role::{Admin, Member, SubAdmin};
        use Visibility::{Private, Public};
        for (visibility, empty, account, wanted, expected) in [
            (Public, true, USABLE, Member, Admin),
            (Public, true, GUEST, Member, Member),
            (Public, true, GUEST, Admin, Member),
            (Public, true, BOT, Member, Member),
            (Public, true, DISABLED, Member, Member),
            (Public, false, USABLE, Member, Member),
            (Private, true, USABLE, SubAdmin, SubAdmin),
            (Private, false, GUEST, SubAdmin, Member),
            (Private, false, BOT, Admin, Admin),
        ] {
            assert_eq!(
                role_on_entry(visibility, empty, account, wanted),
                expected,
                "{visibility:?} {empty} {account:?} {wanted:?}"
            );
        }
    }
}
