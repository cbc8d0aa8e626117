//! The rooms of a user, and what the user has of each: mark and choices.

use std::collections::{BTreeSet, HashMap};

use super::each::each;
use crate::model::{RoomId, Seq, UserId};
use crate::store::StoreError;
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::{MARKS_BY_USER, MINE, ROOMS_BY_USER};
use crate::store::cluster::tables::{Row, Slice, Table};

/// Up to this number, rooms are looked up; more are found among all of the user.
const FEW: usize = 4;
/// Maximum number of rooms that are listed.
const LISTED: usize = 10_000;

/// Rooms of a user.
pub(super) struct Own {
    pub(super) user: UserId,
    /// Rooms in which the user participates.
    pub(super) rooms: BTreeSet<RoomId>,
    marks: HashMap<RoomId, Seq>,
    choices: HashMap<RoomId, Row>,
}

impl Own {
    /// Reads all rooms of a user.
    pub(super) async fn all(at: &Cluster, user: UserId) -> Result<Self, StoreError> {
        Self::read(user, |table| async move {
            Ok(at.tables().read(Slice::of(table, [user.0.into()])).await?)
        })
        .await
    }

    /// Reads at least those of these rooms in which the user participates.
    pub(super) async fn these(
        at: &Cluster,
        user: UserId,
        rooms: &[RoomId],
    ) -> Result<Self, StoreError> {
        if rooms.len() > FEW {
            return Self::all(at, user).await;
        }
        Self::read(user, |table| async move {
            let pages = each(rooms.to_vec(), |room| {
                let slice = Slice::of(table, [user.0.into()]).under([room.0.into()]);
                Box::pin(async move { Ok(at.tables().read(slice).await?) })
            });
            let pages = pages.await?;
            Ok(pages.into_iter().flatten().collect())
        })
        .await
    }

    async fn read<R>(user: UserId, rows: impl Fn(&'static Table) -> R) -> Result<Self, StoreError>
    where
        R: Future<Output = Result<Vec<Row>, StoreError>>,
    {
        let (rooms, marks, choices) =
            futures_util::try_join!(rows(&ROOMS_BY_USER), rows(&MARKS_BY_USER), rows(&MINE))?;
        let marks =
            marks.iter().filter_map(|row| Some((RoomId(row.int("room")?), Seq(row.int("seq")?))));
        Ok(Self {
            user,
            rooms: present(&rooms).collect(),
            marks: marks.collect(),
            choices: choices
                .into_iter()
                .filter_map(|row| Some((RoomId(row.int("room")?), row)))
                .collect(),
        })
    }

    /// Returns whether the user participates in the room.
    pub(super) fn has(&self, room: RoomId) -> bool {
        self.rooms.contains(&room)
    }

    /// Returns the user's mark in a room.
    pub(super) fn mark(&self, room: RoomId) -> Seq {
        self.marks.get(&room).copied().unwrap_or_default()
    }

    /// Returns the row of the user's choices for a room.
    pub(super) fn choices(&self, room: RoomId) -> Option<&Row> {
        self.choices.get(&room)
    }
}

fn present(rows: &[Row]) -> impl Iterator<Item = RoomId> {
    let present = rows.iter().filter(|row| row.flag("present") == Some(true));
    present.filter_map(|row| row.int("room").map(RoomId))
}

/// Returns the rooms of a user.
pub(in crate::store::cluster) async fn of_user(
    at: &Cluster,
    user: UserId,
) -> Result<Vec<RoomId>, StoreError> {
    let rows = at.tables().read(Slice::of(&ROOMS_BY_USER, [user.0.into()])).await?;
    Ok(present(&rows).take(LISTED).collect())
}
