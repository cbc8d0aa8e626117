//! Invitations: links with which people create accounts and join rooms.

use super::{InvitationId, RoomId, Timestamp, UserId};

/// An invitation, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id, by which it is revoked.
    pub id: InvitationId,
    /// The administrator who made it; None: it was made on the command line.
    pub by: Option<UserId>,
    /// Name of whoever made it, as of then: a login name, or a user of the operating system.
    pub maker: String,
    /// Rooms that new users join.
    pub rooms: Vec<RoomId>,
    /// Accounts that are created with it are guests, who see only their rooms.
    pub guest: bool,
    /// Number of accounts that can be created with it; None: any number.
    pub uses: Option<u32>,
    /// Number of accounts that were created with it, or are being created.
    pub used: u32,
    /// Time of its creation.
    pub created: Timestamp,
    /// Time at which it ends.
    pub expires: Timestamp,
    /// Time at which it was revoked.
    pub revoked: Option<Timestamp>,
    /// Address that it was meant to be mailed to.
    pub mailed_to: Option<String>,
}

/// Why no account can be created with an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// It was revoked.
    Revoked,
    /// Its time is over.
    Expired,
    /// As many accounts as it permits were created.
    UsedUp,
    /// Whoever made it is no administrator any more.
    Void,
}

impl Spent {
    /// Returns `revoked`, `expired`, `used_up` or `void`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::UsedUp => "used_up",
            Self::Void => "void",
        }
    }
}

impl Invitation {
    /// Returns whether it was revoked, or its time or its uses are over; None: nothing of that.
    pub fn spent(&self, now: Timestamp) -> Option<Spent> {
        if self.revoked.is_some() {
            Some(Spent::Revoked)
        } else if self.expires <= now {
            Some(Spent::Expired)
        } else if self.uses.is_some_and(|uses| self.used >= uses) {
            Some(Spent::UsedUp)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_ends_with_its_time_or_its_last_use() {
        let invitation = |uses, used| Invitation {
            id: InvitationId(1),
            by: None,
            maker: "root".to_owned(),
            rooms: Vec::new(),
            guest: false,
            uses,
            used,
            created: Timestamp(0),
            expires: Timestamp(10),
            revoked: None,
            mailed_to: None,
        };
        for (uses, used, now, spent) in [
            (Some(1), 0, 9, None),
            (Some(1), 0, 10, Some(Spent::Expired)),
            (Some(1), 1, 9, Some(Spent::UsedUp)),
            (Some(1), 1, 10, Some(Spent::Expired)),
            (Some(2), 1, 9, None),
            (None, 1000, 9, None),
        ] {
            assert_eq!(
                invitation(uses, used).spent(Timestamp(now)),
                spent,
                "{uses:?} {used} {now}"
            );
        }
        let revoked = Invitation { revoked: Some(Timestamp(1)), ..invitation(Some(1), 1) };
        assert_eq!(revoked.spent(Timestamp(10)), Some(Spent::Revoked));
    }
}
