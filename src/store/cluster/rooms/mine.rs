//! What a user chose for a room: own settings, and messages marked as unread.

use super::participants;
use crate::model::{
    Event, NotifyLevel, OwnChange, OwnSettings, Personal, RoomId, Seq, Timestamp, UserId,
};
use crate::store::cluster::Cluster;
use crate::store::cluster::tables::schema::rooms::MINE;
use crate::store::cluster::tables::{Put, Row, Slice, Value};
use crate::store::{Missing, StoreError};

/// Choices of a user for a room.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mine {
    pub(super) settings: OwnSettings,
    /// The first message marked as unread, and the mark of that time.
    unread: Option<(Seq, Seq)>,
    version: i64,
}

impl Mine {
    /// Reads a row; what was chosen before leaving and returning does not count.
    pub(super) fn of(row: Option<&Row>, joined: i64) -> Self {
        let Some(row) = row else { return Self::default() };
        let version = row.int("version").unwrap_or_default();
        if row.int("joined") != Some(joined) {
            return Self { version, ..Self::default() };
        }
        let unread = row.int("unread_from").filter(|from| *from > 0).zip(row.int("unread_mark"));
        let settings = OwnSettings {
            notify: row.text("notify").and_then(NotifyLevel::parse),
            favourite: row.flag("favourite") == Some(true),
        };
        Self { settings, unread: unread.map(|(from, mark)| (Seq(from), Seq(mark))), version }
    }

    /// These settings, and nothing marked as unread.
    pub(super) fn with_settings(settings: OwnSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Returns the mark as its user sees it.
    pub(super) fn own_mark(&self, mark: Seq) -> Seq {
        match self.unread {
            Some((from, at)) if at == mark => Seq(from.0 - 1),
            _ => mark,
        }
    }

    /// Returns the messages marked as unread, if that is still valid for this mark.
    pub(super) fn unread_from(&self, mark: Seq) -> Option<Seq> {
        Some(self.own_mark(mark)).filter(|own| *own < mark).map(Seq::next)
    }

    /// The same with this mark of its user, who has read up to `mark` in the eyes of others.
    pub(super) fn with_own_mark(self, own: Seq, mark: Seq) -> Self {
        Self { unread: Some((own.next(), mark)).filter(|_| own < mark), ..self }
    }

    /// The row with these choices, of the membership of this time.
    pub(super) fn row(self, room: RoomId, user: UserId, joined: i64, version: i64) -> Put {
        let (from, mark) = self.unread.unwrap_or_default();
        let cells: [(_, Value); 6] = [
            ("notify", self.settings.notify.map_or("", NotifyLevel::as_str).into()),
            ("favourite", self.settings.favourite.into()),
            ("unread_from", from.0.into()),
            ("unread_mark", mark.0.into()),
            ("joined", joined.into()),
            ("version", version.into()),
        ];
        Put::plain(&MINE, version, [user.0.into()], [room.0.into()], cells)
    }

    /// Stores these choices, which were read before.
    pub(super) async fn write(
        self,
        at: &Cluster,
        room: RoomId,
        user: UserId,
        joined: i64,
    ) -> Result<(), StoreError> {
        let now = Timestamp::now().0.saturating_mul(1000);
        let row = self.row(room, user, joined, now.max(self.version + 1));
        Ok(at.tables().write(vec![row]).await?)
    }
}

/// Reads the choices of a participant.
pub(super) async fn read(
    at: &Cluster,
    room: RoomId,
    user: UserId,
    joined: i64,
) -> Result<Mine, StoreError> {
    let slice = Slice::of(&MINE, [user.0.into()]).under([room.0.into()]);
    Ok(Mine::of(at.tables().read(slice).await?.first(), joined))
}

/// Changes a participant's own settings of a room.
pub(in crate::store::cluster) async fn change_mine(
    at: &Cluster,
    room: RoomId,
    user: UserId,
    change: OwnChange,
) -> Result<OwnSettings, StoreError> {
    let missing = StoreError::NotFound(Missing::Participant);
    let joined = participants::one(at, room, user).await?.ok_or(missing)?.joined;
    let before = read(at, room, user, joined).await?;
    let settings = before.settings.with(change);
    if settings != before.settings {
        Mine { settings, ..before }.write(at, room, user, joined).await?;
        let change = Personal::Room(room, settings);
        at.emit(Event::Personal { user, change, at: Timestamp::now() }).await;
    }
    Ok(settings)
}

/// Returns the choices in a row, if there is one.
pub(super) async fn in_row(at: &Cluster, row: Option<&Row>) -> Result<Mine, StoreError> {
    let Some(row) = row else { return Ok(Mine::default()) };
    let (Some(user), Some(room)) = (row.int("user"), row.int("room")) else {
        return Ok(Mine::default());
    };
    let participant = participants::one(at, RoomId(room), UserId(user)).await?;
    Ok(participant.map_or_else(Mine::default, |found| Mine::of(Some(row), found.joined)))
}
