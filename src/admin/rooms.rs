//! Commands on rooms and their members.

use super::command::role;
use super::outcome::{Failure, Kind, Output};
use super::users::unknown;
use super::{Acting, Admin, items};
use crate::chat::{CreatorRole, People, RoomPlan, RoomSettings};
use crate::model::{Claim, Error, RoomFacts, RoomId, Visibility, fold};

/// Number of rooms per page.
const PAGE: u32 = 500;

impl Admin {
    /// Finds a room by its key (`room007`), its number or its unique name.
    pub(super) async fn find_room(
        &self,
        acting: &Acting,
        named: &str,
    ) -> Result<RoomFacts, Failure> {
        let number = RoomId::parse(named).or_else(|| named.parse().ok().map(RoomId));
        if let Some(id) = number {
            match self.chat().room(acting, id).await {
                Ok(room) => return Ok(room.facts.as_ref().clone()),
                Err(Error::RoomNotFound) => (),
                Err(other) => return Err(other.into()),
            }
        }
        let found = self.chat().rooms_named(acting, named, 2).await?;
        match found.as_slice() {
            [] => Err(Failure::not_found(format!("the room {named:?} does not exist"))),
            [one] => Ok(self.chat().room(acting, one.facts.room.id).await?.facts.as_ref().clone()),
            _ => Err(Failure::conflict(format!(
                "several rooms are named {named:?}; use the key of the room (chatctl room list)"
            ))),
        }
    }

    pub(super) async fn room_list(&self, acting: &Acting, output: &Output) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let page = self.chat().all_rooms(acting, after, PAGE).await?;
            for card in &page {
                output.item(items::Card::new(&card.facts.room, card.user_count)).await?;
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after = Some(last.facts.room.id),
                _ => return Ok(()),
            }
        }
    }

    pub(super) async fn room_show(
        &self,
        acting: &Acting,
        room: &str,
        output: &Output,
    ) -> Result<(), Failure> {
        let facts = self.find_room(acting, room).await?;
        output.item(items::Card::of(&facts)).await
    }

    pub(super) async fn room_create(
        &self,
        acting: &Acting,
        owner: &str,
        new: (String, bool, Vec<String>),
        if_not_exists: bool,
        output: &Output,
    ) -> Result<(), Failure> {
        let (name, public, members) = new;
        if if_not_exists
            && let Some(there) = self.chat().rooms_named(acting, &name, 1).await?.first()
        {
            return output.item(items::Card::new(&there.facts.room, there.user_count)).await;
        }
        for member in &members {
            self.chat().account_of(acting, member).await.map_err(|error| unknown(error, member))?;
        }
        let visibility = if public { Visibility::Public } else { Visibility::Private };
        let plan = RoomPlan {
            name: Some(name.clone()),
            visibility,
            people: People::Logins(members),
            creator: CreatorRole::ByCount,
            reuse: false,
        };
        let (made, _) = self.chat().create_room_for(acting, owner, plan).await.map_err(
            |error| match error {
                Error::UserNotFound => unknown(error, owner),
                other => named(other, &name),
            },
        )?;
        output.item(items::Card::of(&made.facts)).await
    }

    pub(super) async fn room_rename(
        &self,
        acting: &Acting,
        room: &str,
        to: String,
        output: &Output,
    ) -> Result<(), Failure> {
        let id = self.find_room(acting, room).await?.room.id;
        let renamed = self
            .chat()
            .rename_room(acting, id, Some(to.clone()))
            .await
            .map_err(|error| named(error, &to))?;
        output.item(items::Card::of(&renamed.facts)).await
    }

    pub(super) async fn room_settings(
        &self,
        acting: &Acting,
        room: &str,
        new: RoomSettings,
        output: &Output,
    ) -> Result<(), Failure> {
        let facts = self.find_room(acting, room).await?;
        let name = facts.room.name.clone().unwrap_or_default();
        let changed = self
            .chat()
            .change_settings(acting, facts.room.id, new)
            .await
            .map_err(|error| named(error, &name))?;
        output.item(items::Card::of(&changed.facts)).await
    }

    pub(super) async fn room_delete(
        &self,
        acting: &Acting,
        room: &str,
        dry_run: bool,
        if_exists: bool,
        output: &Output,
    ) -> Result<(), Failure> {
        let facts = match self.find_room(acting, room).await {
            Err(failure) if if_exists && failure.kind == Kind::NotFound => return Ok(()),
            other => other?,
        };
        let (files, bytes) = self.chat().files_of(acting, facts.room.id).await?;
        if !dry_run {
            self.chat().delete_room(acting, facts.room.id).await?;
            self.settle().await;
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

    pub(super) async fn room_members(
        &self,
        acting: &Acting,
        room: &str,
        output: &Output,
    ) -> Result<(), Failure> {
        for participant in &self.find_room(acting, room).await?.participants {
            output.item(items::Member::from(participant)).await?;
        }
        Ok(())
    }

    pub(super) async fn room_add(
        &self,
        acting: &Acting,
        room: &str,
        name: &str,
        as_role: Option<&str>,
        if_not_exists: bool,
        output: &Output,
    ) -> Result<(), Failure> {
        let as_role = role(as_role)?;
        let facts = self.find_room(acting, room).await?;
        if if_not_exists
            && let Some(there) = facts.participants.iter().find(|p| fold(&p.login) == fold(name))
        {
            return output.item(items::Member::from(there)).await;
        }
        let added =
            self.chat().add_participant(acting, facts.room.id, name, as_role).await.map_err(
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

    pub(super) async fn room_remove(
        &self,
        acting: &Acting,
        room: &str,
        name: &str,
        if_exists: bool,
        output: &Output,
    ) -> Result<(), Failure> {
        let facts = self.find_room(acting, room).await?;
        match self.chat().remove_participant(acting, facts.room.id, name).await {
            Err(Error::ParticipantNotFound) if if_exists => Ok(()),
            Err(error) => Err(outside(error, &facts, name)),
            Ok(()) => {
                output
                    .item(items::Removed { room: facts.room.id.key(), name: name.to_owned() })
                    .await
            }
        }
    }

    pub(super) async fn room_role(
        &self,
        acting: &Acting,
        room: &str,
        name: &str,
        to: &str,
        output: &Output,
    ) -> Result<(), Failure> {
        let to = role(Some(to))?;
        let facts = self.find_room(acting, room).await?;
        let guest =
            facts.participants.iter().any(|p| fold(&p.login) == fold(name) && p.account.guest);
        let changed =
            self.chat().change_role(acting, facts.room.id, name, to).await.map_err(|error| {
                match error {
                    Error::Forbidden if guest => guest_stays_member(name),
                    other => outside(other, &facts, name),
                }
            })?;
        output.item(items::Member::from(&changed)).await
    }
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
