//! Chooses the admin of an imported room: a member who can log in.

use std::collections::HashMap;

use crate::model::Timestamp;

/// A member of an imported room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::admin::transfer) struct Member {
    pub(in crate::admin::transfer) user: String,
    pub(in crate::admin::transfer) admin: bool,
    pub(in crate::admin::transfer) joined: Timestamp,
}

/// Facts about a user that are relevant for the choice.
#[derive(Clone, Copy, Debug)]
pub(in crate::admin::transfer) struct Standing {
    /// A person who can log in and is not a guest.
    pub(super) usable: bool,
    /// A guest, who never becomes an admin.
    pub(super) guest: bool,
    /// Was an administrator of the server or workspace.
    pub(super) chief: bool,
}

/// Whether an admin of the room can log in.
pub(super) fn has_admin(members: &[Member], people: &HashMap<String, Standing>) -> bool {
    members.iter().any(|member| member.admin && is_usable(member, people))
}

/// The new admin: the creator of the room, else an administrator of the workspace, else the
/// longest-standing member. `members` are in join order.
pub(super) fn heir(
    members: &[Member],
    creator: Option<&str>,
    people: &HashMap<String, Standing>,
) -> Option<usize> {
    let usable = || members.iter().enumerate().filter(|(_, member)| is_usable(member, people));
    let made = usable().find(|(_, member)| Some(member.user.as_str()) == creator);
    let chief = || {
        usable().find(|(_, member)| people.get(&member.user).is_some_and(|standing| standing.chief))
    };
    made.or_else(chief).or_else(|| usable().next()).map(|(place, _)| place)
}

fn is_usable(member: &Member, people: &HashMap<String, Standing>) -> bool {
    people.get(&member.user).is_some_and(|standing| standing.usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_can_log_in_inherits() {
        let standing = |usable, guest, chief| Standing { usable, guest, chief };
        let people: HashMap<_, _> = [
            ("gone", standing(false, false, true)),
            ("guest", standing(false, true, false)),
            ("ann", standing(true, false, false)),
            ("chief", standing(true, false, true)),
        ]
        .into_iter()
        .map(|(name, standing)| (name.to_owned(), standing))
        .collect();
        let members = |names: &[&str]| {
            names
                .iter()
                .map(|name| Member { user: (*name).to_owned(), admin: false, joined: Timestamp(0) })
                .collect::<Vec<_>>()
        };
        for (names, creator, wanted) in [
            (&["gone", "guest", "ann", "chief"][..], Some("ann"), Some(2)),
            (&["gone", "guest", "ann", "chief"], Some("gone"), Some(3)),
            (&["gone", "guest", "ann"], Some("guest"), Some(2)),
            (&["gone", "guest", "nobody"], None, None),
        ] {
            assert_eq!(heir(&members(names), creator, &people), wanted, "{names:?}");
        }
        let mut inside = members(&["gone", "ann"]);
        inside[0].admin = true;
        assert!(!has_admin(&inside, &people));
        inside[1].admin = true;
        assert!(has_admin(&inside, &people));
    }
}
