//! Commands on rooms and their members.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::{Failure, Kind};
use super::users::unknown;
use super::{Admin, Call, Operator, items};
use crate::chat::{CreatorRole, People, RoomPlan, RoomSettings};
use crate::model::{Claim, Error, Role, RoomFacts, RoomId, Timestamp, Visibility, fold};

/// Number of rooms per page.
const PAGE: u32 = 500;

/// List all rooms.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomList {
    /// Adds the size of the files and the time of the newest message of each room, which takes
    /// queries for each.
    #[serde(default)]
    pub sizes: bool,
}

impl RoomList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let mut after = None;
        loop {
            let page = admin.chat().all_rooms(operator, after, PAGE).await?;
            for card in &page {
                let mut shown = items::Card::new(&card.facts, card.user_count);
                if self.sizes {
                    let room = card.facts.room.id;
                    let last = admin.chat().last_message_of(operator, room).await?;
                    shown.last_message = last.map(Timestamp::seconds);
                    shown.bytes = Some(admin.chat().files_of(operator, room).await?.1);
                }
                output.item(shown).await?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.facts.room.id),
                _ => return Ok(()),
            }
        }
    }
}

/// Show a room.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomShow {
    pub room: String,
}

impl RoomShow {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let room = &*self.room;
        let facts = admin.find_room(operator, room).await?;
        let kept = admin.chat().retention().of(facts.room.retention);
        output.item(items::Card::of(&facts).kept(kept)).await
    }
}

/// Create a room.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomCreate {
    pub name: String,
    pub owner: String,
    #[serde(default)]
    pub public: bool,
    #[serde(default)]
    pub members: Vec<String>,
    /// Succeed if a public room of this name exists, and leave it unchanged.
    #[serde(default)]
    pub if_not_exists: bool,
}

impl RoomCreate {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, owner, public, members, if_not_exists } = self;
        let owner = &*owner;
        if if_not_exists
            && let Some(there) = admin.chat().rooms_named(operator, &name, 1).await?.first()
        {
            return output.item(items::Card::new(&there.facts, there.user_count)).await;
        }
        for member in &members {
            admin
                .chat()
                .account_of(operator, member)
                .await
                .map_err(|error| unknown(error, member))?;
        }
        let visibility = if public { Visibility::Public } else { Visibility::Private };
        let plan = RoomPlan {
            name: Some(name.clone()),
            visibility,
            people: People::Logins(members),
            creator: CreatorRole::ByCount,
            reuse: false,
        };
        let (made, _) = admin.chat().create_room_for(operator, owner, plan).await.map_err(
            |error| match error {
                Error::UserNotFound => unknown(error, owner),
                other => named(other, &name),
            },
        )?;
        output.item(items::Card::of(&made.facts)).await
    }
}

/// Rename a room.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomRename {
    pub room: String,
    pub to: String,
}

impl RoomRename {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, to } = self;
        let room = &*room;
        let id = admin.find_room(operator, room).await?.room.id;
        let renamed = admin
            .chat()
            .rename_room(operator, id, Some(to.clone()))
            .await
            .map_err(|error| named(error, &to))?;
        output.item(items::Card::of(&renamed.facts)).await
    }
}

/// Change topic, description, visibility, read-only mode or archive state; absent fields stay
/// unchanged.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRoomSettings {
    pub room: String,
    /// Empty removes it.
    #[serde(default)]
    pub topic: Option<String>,
    /// Empty removes it.
    #[serde(default)]
    pub description: Option<String>,
    /// `public` or `private`.
    #[serde(default)]
    pub visibility: Option<String>,
    /// Only admins and sub-admins may post.
    #[serde(default)]
    pub read_only: Option<bool>,
    /// Nobody can post, join or be added.
    #[serde(default)]
    pub archived: Option<bool>,
}

impl ChangeRoomSettings {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, topic, description, visibility, read_only, archived } = self;
        let text = |text: Option<String>| text.map(|text| Some(text).filter(|t| !t.is_empty()));
        let new = RoomSettings {
            topic: text(topic),
            description: text(description),
            visibility: visibility.as_deref().map(visibility_of).transpose()?,
            read_only,
            archived,
            retention: None,
        };
        let room = &*room;
        let facts = admin.find_room(operator, room).await?;
        let name = facts.room.name.clone().unwrap_or_default();
        let changed = admin
            .chat()
            .change_settings(operator, facts.room.id, new)
            .await
            .map_err(|error| named(error, &name))?;
        output.item(items::Card::of(&changed.facts)).await
    }
}

/// Delete a room with its messages and files.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomDelete {
    pub room: String,
    #[serde(default)]
    pub dry_run: bool,
    #[serde(default)]
    pub if_exists: bool,
}

impl RoomDelete {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, dry_run, if_exists } = self;
        let room = &*room;
        let facts = match admin.find_room(operator, room).await {
            Err(failure) if if_exists && failure.kind == Kind::NotFound => return Ok(()),
            other => other?,
        };
        let (files, bytes) = admin.chat().files_of(operator, facts.room.id).await?;
        if !dry_run {
            admin.chat().delete_room(operator, facts.room.id).await?;
            admin.settle().await;
        }
        let (key, name) = (facts.room.id.key(), facts.room.name);
        let (members, messages) = (facts.participants.len(), facts.room.last_seq.0);
        output
            .item(items::Deleted {
                room: key,
                name,
                members,
                messages,
                files,
                bytes,
                done: !dry_run,
            })
            .await
    }
}

/// List the members of a room.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomMembers {
    pub room: String,
}

impl RoomMembers {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let room = &*self.room;
        for participant in &admin.find_room(operator, room).await?.participants {
            output.item(items::Member::from(participant)).await?;
        }
        Ok(())
    }
}

/// Add a member.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomAdd {
    pub room: String,
    pub name: String,
    #[serde(default)]
    pub role: Option<String>,
    /// Succeed if the account is a member already, and keep its role.
    #[serde(default)]
    pub if_not_exists: bool,
}

impl RoomAdd {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, name, role: as_role, if_not_exists } = self;
        let (room, name, as_role) = (&*room, &*name, as_role.as_deref());
        let as_role = role(as_role)?;
        let facts = admin.find_room(operator, room).await?;
        if if_not_exists
            && let Some(there) = facts.participants.iter().find(|p| fold(&p.login) == fold(name))
        {
            return output.item(items::Member::from(there)).await;
        }
        let added =
            admin.chat().add_participant(operator, facts.room.id, name, as_role).await.map_err(
                |error| match error {
                    Error::Taken(_) => {
                        Failure::conflict(format!("{name} is already in {}", facts.room.id.key()))
                    }
                    // An operator has every permission, so only the guest rule can forbid this.
                    Error::Forbidden => guest_stays_member(name),
                    other => unknown(other, name),
                },
            )?;
        output.item(items::Member::from(&added)).await
    }
}

/// Remove a member.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomRemove {
    pub room: String,
    pub name: String,
    #[serde(default)]
    pub if_exists: bool,
}

impl RoomRemove {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, name, if_exists } = self;
        let (room, name) = (&*room, &*name);
        let facts = admin.find_room(operator, room).await?;
        match admin.chat().remove_participant(operator, facts.room.id, name).await {
            Err(Error::ParticipantNotFound) if if_exists => Ok(()),
            Err(error) => Err(outside(error, &facts, name)),
            Ok(()) => {
                output
                    .item(items::Removed { room: facts.room.id.key(), name: name.to_owned() })
                    .await
            }
        }
    }
}

/// Change the role of a member.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomRole {
    pub room: String,
    pub name: String,
    pub role: String,
}

impl RoomRole {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { room, name, role: to } = self;
        let (room, name, to) = (&*room, &*name, &*to);
        let to = role(Some(to))?;
        let facts = admin.find_room(operator, room).await?;
        let guest =
            facts.participants.iter().any(|p| fold(&p.login) == fold(name) && p.account.guest);
        let changed =
            admin.chat().change_role(operator, facts.room.id, name, to).await.map_err(|error| {
                match error {
                    Error::Forbidden if guest => guest_stays_member(name),
                    other => outside(other, &facts, name),
                }
            })?;
        output.item(items::Member::from(&changed)).await
    }
}

impl Admin {
    /// Finds a room by its key (`room007`), its number or its unique name.
    pub(super) async fn find_room(
        &self,
        operator: &Operator,
        named: &str,
    ) -> Result<RoomFacts, Failure> {
        let number = RoomId::parse(named).or_else(|| named.parse().ok().map(RoomId));
        if let Some(id) = number {
            match self.chat().room(operator, id).await {
                Ok(room) => return Ok(room.facts.as_ref().clone()),
                Err(Error::RoomNotFound) => (),
                Err(other) => return Err(other.into()),
            }
        }
        let found = self.chat().rooms_named(operator, named, 2).await?;
        match found.as_slice() {
            [] => Err(Failure::not_found(format!("the room {named:?} does not exist"))),
            [one] => {
                Ok(self.chat().room(operator, one.facts.room.id).await?.facts.as_ref().clone())
            }
            _ => Err(Failure::conflict(format!(
                "several rooms are named {named:?}; use the key of the room (chatctl room list)"
            ))),
        }
    }
}

/// Parses a role.
fn role(text: Option<&str>) -> Result<Role, Failure> {
    let text = text.unwrap_or("member");
    Role::parse(text).ok_or_else(|| {
        Failure::usage(format!("the role {text:?} must be admin, sub-admin or member"))
    })
}

/// Parses a visibility.
fn visibility_of(text: &str) -> Result<Visibility, Failure> {
    Visibility::parse(text)
        .ok_or_else(|| Failure::usage(format!("the visibility {text:?} must be public or private")))
}

fn named(error: Error, name: &str) -> Failure {
    match error {
        Error::Taken(Claim::RoomName) => {
            Failure::conflict(format!("a public room named {name:?} already exists"))
        }
        other => other.into(),
    }
}

fn guest_stays_member(name: &str) -> Failure {
    Failure::new(
        Kind::NotPermitted,
        format!(
            "{name} is a guest, and guests can only be members; remove the mark first (chatctl \
             user mark {name} --no-guest)"
        ),
    )
}

fn outside(error: Error, facts: &RoomFacts, name: &str) -> Failure {
    match error {
        Error::ParticipantNotFound => {
            Failure::not_found(format!("{name:?} is not in {}", facts.room.id.key()))
        }
        other => other.into(),
    }
}
