//! Invitations: links with which people create accounts, and join rooms as they do.
//!
//! A use is counted in the same step that creates the account, so that a creation that fails uses
//! nothing up. The rooms are joined afterwards; one that is gone or archived by then is skipped.

use std::time::Duration;

use tracing::{Instrument, field, info, warn};

use super::accounts::Registration;
use super::caller::holder_of_invitation;
use super::rooms::DECISIONS;
use super::{Chat, Operator, access, tokens};
use crate::model::{
    Attribution, AuditActor, Client, Error, Hash32, Invitation, InvitationId, Result, Role, RoomId,
    Session, Spent, Timestamp, User,
};
use crate::store::{Basis, NewInvitation, NewUser, RoomChange, StoreError, UserKey};

/// Life of an invitation, unless another is given.
pub const INVITATION_LIFE: Duration = Duration::from_hours(7 * 24);
/// The longest life of an invitation.
const MAX_LIFE: Duration = Duration::from_hours(365 * 24);
/// Invitations that are listed at a time.
const MAX_INVITATIONS: usize = 1000;
/// Rooms of one invitation.
const MAX_ROOMS: usize = 50;

/// The action of the audit log of an account created, or rooms joined, with an invitation.
const USED: &str = "invite.use";

/// An invitation to be created.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// Rooms that new users join.
    pub rooms: Vec<RoomId>,
    /// New users are guests, who see only these rooms.
    pub guest: bool,
    /// Number of accounts that can be created with it; None: any number.
    pub uses: Option<u32>,
    /// Time until it ends.
    pub life: Duration,
}

/// A new invitation and, for this one time, its secret.
pub struct CreatedInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// What its link ends with.
    pub secret: String,
}

/// An invitation, as its holder may know it.
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// Why no account can be created with it; None: one can.
    pub refused: Option<Refused>,
    /// Display name of the administrator who made it.
    pub by: Option<String>,
    /// Names of the rooms that are joined now.
    pub rooms: Vec<String>,
}

/// Why an invitation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody can register.
    Closed,
    /// It has ended.
    Spent(Spent),
}

impl Chat {
    /// Creates an invitation. `RegistrationClosed` if nobody could use it, `Archived` if one of the
    /// rooms is, `Invalid` for a life of more than a year, for more than 50 rooms, and for guests
    /// without a room.
    pub async fn create_invitation(
        &self,
        operator: &Operator,
        new: NewInvite,
    ) -> Result<CreatedInvitation> {
        let made = self.create_invitations(operator, new, vec![None]).await?;
        made.into_iter().next().ok_or(Error::Internal)
    }

    /// Creates one invitation for each of these addresses, to which it is meant to be mailed; fails
    /// as [`Chat::create_invitation`] does, before one is created.
    pub async fn create_invitations(
        &self,
        operator: &Operator,
        new: NewInvite,
        addresses: Vec<Option<String>>,
    ) -> Result<Vec<CreatedInvitation>> {
        self.may_register(true)?;
        let NewInvite { mut rooms, guest, uses, life } = new;
        if life.is_zero() || life > MAX_LIFE {
            return Err(Error::invalid("expires", "must be at most 365 days from now"));
        }
        if uses == Some(0) {
            return Err(Error::invalid("uses", "must be at least 1"));
        }
        rooms.sort_unstable();
        rooms.dedup();
        if rooms.len() > MAX_ROOMS {
            return Err(Error::invalid("rooms", format!("must be at most {MAX_ROOMS}")));
        }
        if guest && rooms.is_empty() {
            return Err(Error::invalid(
                "rooms",
                "must have at least one room, since a guest sees no other",
            ));
        }
        for room in &rooms {
            access::join_invited(&self.facts(*room).await?)?;
        }
        let all = self.store().invitations().await?;
        let standing = all.iter().filter(|one| one.revoked.is_none()).count();
        if standing + addresses.len() > MAX_INVITATIONS {
            let why = format!("cannot be created: there are {MAX_INVITATIONS}; revoke some first");
            return Err(Error::invalid("invitation", why));
        }
        let mut made = Vec::with_capacity(addresses.len());
        for mailed_to in addresses {
            let secret = tokens::new_secret()?;
            let ((by, maker), rooms) = (operator.maker(), rooms.clone());
            let (token, now) = (tokens::hash(&secret)?, Timestamp::now());
            let new = NewInvitation {
                secret: token,
                by,
                maker,
                rooms,
                guest,
                uses,
                now,
                life,
                mailed_to,
            };
            let invitation = self.store_for(operator.attribution()).add_invitation(new).await?;
            info!(user = operator.name(), "Invitation {} created.", invitation.id);
            made.push(CreatedInvitation { invitation, secret });
        }
        Ok(made)
    }

    /// Returns all invitations, newest first, and why no account can be created with them any more.
    pub async fn invitations(&self, _: &Operator) -> Result<Vec<(Invitation, Option<Spent>)>> {
        let mut all = Vec::new();
        for invitation in self.store().invitations().await? {
            let spent = self.spent(&invitation).await?;
            all.push((invitation, spent));
        }
        Ok(all)
    }

    /// Revokes an invitation: nobody can create an account with it any more.
    pub async fn revoke_invitation(
        &self,
        operator: &Operator,
        id: InvitationId,
    ) -> Result<Option<Invitation>> {
        match self.store_for(operator.attribution()).revoke_invitation(id).await {
            Ok(gone) => {
                info!(user = operator.name(), "Invitation {id} revoked.");
                Ok(Some(gone))
            }
            Err(StoreError::NotFound(_)) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    /// Returns what an invitation offers. `Forbidden` if it does not exist.
    pub async fn open_invitation(&self, secret: &str) -> Result<Invited> {
        let secret = tokens::hash(secret).map_err(|_| Error::Forbidden)?;
        let invitation = self.store().invitation(secret).await?.ok_or(Error::Forbidden)?;
        let spent = self.spent(&invitation).await?;
        let closed = self.may_register(true).is_err();
        let refused = if closed { Some(Refused::Closed) } else { spent.map(Refused::Spent) };
        let by = self.maker_of(&invitation).await?.map(|user| user.name);
        let mut rooms = Vec::new();
        for room in &invitation.rooms {
            if let Some(facts) = self.store().room(*room).await?
                && access::join_invited(&facts).is_ok()
            {
                rooms.extend(facts.room.name);
            }
        }
        Ok(Invited { invitation, refused, by, rooms })
    }

    /// Creates an account with an invitation; its user has joined the rooms of the invitation.
    /// `Invalid` in the field `invitation` if it has ended or does not exist.
    pub async fn register_invited(
        &self,
        new: Registration,
        secret: &str,
        client: &Client,
    ) -> Result<User> {
        self.may_register(true)?;
        self.check_registration(&new)?;
        // Checked before hashing, so that a bad one is refused cheaply; `add_invited` decides.
        let (secret, invitation) = self.check_usable(secret).await?;
        self.count_registration(client.counted).await?;
        let by = holder_of_invitation(&new.login, client);
        // What an invitation makes of its users never changes.
        let account = NewUser { guest: invitation.guest, ..self.new_account(new, false).await? };
        // In a task of its own: a caller who disconnects leaves no account outside of its rooms.
        let (chat, client) = (self.clone(), client.clone());
        let entering = async move { chat.let_in(account, secret, by, &client).await };
        tokio::spawn(entering.in_current_span()).await.map_err(|_| Error::Internal)?
    }

    /// Joins the rooms of an invitation that the caller is not in, which is one use, and returns all
    /// of them; the caller stays a member or a guest. `Invalid` in the field `invitation` if it has
    /// ended or does not exist.
    pub async fn accept_invitation(
        &self,
        session: &Session,
        secret: &str,
        client: &Client,
    ) -> Result<Vec<RoomId>> {
        access::manage_account(session)?;
        self.may_register(true)?;
        let (secret, invitation) = self.check_usable(secret).await?;
        let (mut rooms, mut missing) = (Vec::new(), Vec::new());
        for room in invitation.rooms {
            let Some(facts) = self.store().room(room).await? else { continue };
            if facts.participant(session.user).is_some() {
                rooms.push(room);
            } else if access::join_invited(&facts).is_ok() {
                missing.push(room);
            }
        }
        if missing.is_empty() {
            return Ok(rooms);
        }
        let user = self.me(session).await?;
        let (chat, actor) = (self.clone(), holder_of_invitation(&user.login, client));
        let joining = async move {
            let by = Attribution { actor, action: USED.to_owned() };
            let invitation = chat.store_for(Some(by)).accept_invitation(user.id, secret).await?;
            info!(user = user.login, "User joined with invitation {}.", invitation.id);
            chat.join_all(&user, &missing).await;
            rooms.extend(missing);
            Ok(rooms)
        };
        tokio::spawn(joining.in_current_span()).await.map_err(|_| Error::Internal)?
    }

    /// Creates the account and joins the rooms. A guest is one from the beginning, and sees nothing
    /// until then.
    async fn let_in(
        &self,
        account: NewUser,
        secret: Hash32,
        by: AuditActor,
        client: &Client,
    ) -> Result<User> {
        let store = self.store_for(Some(Attribution { actor: by, action: USED.to_owned() }));
        let (user, invitation) = store.add_invited(account, secret).await?;
        info!(
            user = user.login,
            ip = client.address.map(field::display),
            dialect = client.dialect,
            "User registered with invitation {}.",
            invitation.id
        );
        self.join_all(&user, &invitation.rooms).await;
        Ok(user)
    }

    /// Joins the rooms of an invitation; those that are gone or archived are skipped.
    async fn join_all(&self, user: &User, rooms: &[RoomId]) {
        for room in rooms {
            match self.join_invited(user, *room).await {
                Ok(()) | Err(Error::RoomNotFound | Error::Archived) => (),
                // The account exists, and its user can be added later.
                Err(error) => warn!(
                    user = user.login,
                    room = room.key(),
                    "An invited user was not added to a room: {error}"
                ),
            }
        }
    }

    async fn check_usable(&self, secret: &str) -> Result<(Hash32, Invitation)> {
        let unknown = || Error::invalid("invitation", "does not exist or was revoked");
        let secret = tokens::hash(secret).map_err(|_| unknown())?;
        let invitation = self.store().invitation(secret).await?.ok_or_else(unknown)?;
        match self.spent(&invitation).await? {
            None => Ok((secret, invitation)),
            Some(Spent::Revoked) => Err(unknown()),
            Some(Spent::Expired) => Err(Error::invalid("invitation", "has expired")),
            Some(Spent::UsedUp) => Err(Error::invalid("invitation", "has been used up")),
            Some(Spent::Void) => Err(Error::invalid("invitation", "is not valid any more")),
        }
    }

    /// Returns why no account can be created with an invitation now.
    async fn spent(&self, invitation: &Invitation) -> Result<Option<Spent>> {
        let spent = invitation.spent(Timestamp::now());
        if spent.is_some() || invitation.by.is_none() {
            return Ok(spent);
        }
        let maker = self.maker_of(invitation).await?;
        let stands = maker.is_some_and(|maker| access::may_invite(&maker));
        Ok(if stands { None } else { Some(Spent::Void) })
    }

    /// Returns the display name of the administrator who made an invitation; None: it was made on
    /// the command line.
    pub async fn inviter(&self, _: &Operator, invitation: &Invitation) -> Result<Option<String>> {
        Ok(self.maker_of(invitation).await?.map(|user| user.name))
    }

    async fn maker_of(&self, invitation: &Invitation) -> Result<Option<User>> {
        let Some(by) = invitation.by else { return Ok(None) };
        let account = self.store().account(UserKey::Id(by)).await?;
        Ok(account.map(|account| account.user))
    }

    /// Makes a user a member of a room that they were invited to.
    pub(super) async fn join_invited(&self, user: &User, room: RoomId) -> Result<()> {
        for _ in 0..DECISIONS {
            let facts = self.facts(room).await?;
            access::join_invited(&facts)?;
            let change = RoomChange::Add(user.id, Role::Member);
            let basis = Basis::Facts(facts.room.facts_rev);
            match self.store().change_room(room, basis, Some(user.id), change).await {
                Ok(done) => {
                    self.reach_memory(room, done.rev).await;
                    info!(user = user.login, room = room.key(), "User joined the chat room.");
                    return Ok(());
                }
                // They have joined by themselves.
                Err(StoreError::Taken(_)) => return Ok(()),
                Err(StoreError::Stale) => (),
                Err(other) => return Err(other.into()),
            }
        }
        Err(Error::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::AccountChange;
    use crate::chat::world::World;
    use crate::config::Config;

    fn invite(uses: Option<u32>) -> NewInvite {
        NewInvite { rooms: Vec::new(), guest: false, uses, life: INVITATION_LIFE }
    }

    async fn register(world: &World, login: &str, secret: &str) -> Result<User> {
        let (login, password) = (login.to_owned(), "long enough".to_owned());
        let new = Registration { login, password, ..Registration::default() };
        world.chat.register_invited(new, secret, &Client::default()).await
    }

    #[tokio::test]
    async fn an_invitation_is_limited_in_life_uses_and_rooms() {
        let world = World::new(&Config::default()).await;
        let (chat, operator) = (&world.chat, Operator::server("test"));
        let refused = async |new: NewInvite| {
            let made = chat.create_invitation(&operator, new).await;
            matches!(made, Err(Error::Invalid { .. }))
        };
        assert!(refused(invite(Some(0))).await);
        assert!(refused(NewInvite { life: Duration::ZERO, ..invite(None) }).await);
        let longer = MAX_LIFE + Duration::from_secs(1);
        assert!(refused(NewInvite { life: longer, ..invite(None) }).await);
        let rooms = (1..=51).map(RoomId).collect();
        assert!(refused(NewInvite { rooms, ..invite(None) }).await);
        assert!(refused(NewInvite { guest: true, ..invite(None) }).await, "without a room");
        let unknown = NewInvite { rooms: vec![RoomId(7)], ..invite(None) };
        let made = chat.create_invitation(&operator, unknown).await;
        assert_eq!(made.map(drop).err(), Some(Error::RoomNotFound));
        assert!(chat.invitations(&operator).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_invitation_ends_with_the_power_of_its_maker() {
        let world = World::new(&Config::default()).await;
        world.user("ada").await;
        let (chat, server) = (&world.chat, Operator::server("test"));
        let change = |admin| AccountChange { admin: Some(admin), ..AccountChange::default() };
        chat.change_account(&server, "ada", change(true)).await.unwrap();
        let session =
            chat.log_in("ada", "correct horse", None, &Client::default()).await.unwrap().session;
        let ada = Operator::api(&session).doing("invite.create");
        let made = chat.create_invitation(&ada, invite(None)).await.unwrap();
        assert_eq!(made.invitation.maker, "ada");
        register(&world, "ben", &made.secret).await.unwrap();
        chat.change_account(&server, "ada", change(false)).await.unwrap();
        assert!(matches!(register(&world, "cyd", &made.secret).await, Err(Error::Invalid { .. })));
        let seen = chat.open_invitation(&made.secret).await.unwrap();
        assert_eq!(seen.refused, Some(Refused::Spent(Spent::Void)));
        chat.change_account(&server, "ada", change(true)).await.unwrap();
        register(&world, "cyd", &made.secret).await.unwrap();
    }
}
