//! Read marks: the maximum of all positions ever requested, since their timestamp is the seq.

use super::mine::Mine;
use super::projector::moved_mark;
use super::stored::{history_partition, named};
use super::unread::Newest;
use super::{follows, heads, mine, participants};
use crate::model::{Event, Personal, ReadMark, RoomId, Seq, Timestamp, UserId};
use crate::store::cluster::tables::schema::rooms::{MARKS, MESSAGES, MINE};
use crate::store::cluster::tables::{Row, Slice};
use crate::store::cluster::{Cluster, users};
use crate::store::{Missing, StoreError};

/// Returns position and time of a mark.
fn mark_of(row: &Row) -> Option<(Seq, Timestamp)> {
    Some((Seq(row.int("seq")?), Timestamp(row.int("at")?)))
}

/// Moves a mark up to this message.
pub(in crate::store::cluster) async fn mark_read(
    at: &Cluster,
    room: RoomId,
    user: UserId,
    upto: Seq,
) -> Result<ReadMark, StoreError> {
    let marks = async {
        let slice = Slice::of(&MARKS, [room.0.into()]).under([user.0.into()]);
        Ok(at.tables().read(slice).await?)
    };
    let ids = [user];
    let mine = async {
        let slice = Slice::of(&MINE, [user.0.into()]).under([room.0.into()]);
        Ok(at.tables().read(slice).await?)
    };
    let (state, participant, marks, accounts, mine) = futures_util::try_join!(
        heads::state(at, room),
        participants::one(at, room, user),
        marks,
        users::these(at, &ids),
        mine,
    )?;
    let (Some(state), Some(participant), [account]) = (state, participant, &accounts[..]) else {
        return Err(StoreError::NotFound(Missing::Participant));
    };
    let last = state.head.seq;
    let seq = upto.min(last);
    let (old, since) =
        marks.first().and_then(mark_of).unwrap_or((Seq(0), Timestamp(participant.joined)));
    if seq <= old {
        let mine = Mine::of(mine.first(), participant.joined);
        let stands = Stands {
            login: account.login.clone(),
            bot: account.bot,
            joined: participant.joined,
            expired: state.expired(),
            last,
            mark: old,
            since,
            mine,
        };
        return stands.set_own(at, room, user, mine.own_mark(old).max(seq)).await;
    }
    let now = Timestamp::now();
    let write = async { Ok(at.tables().write(moved_mark(room, user, seq, now).to_vec()).await?) };
    let ((), newest, author) = futures_util::try_join!(
        write,
        Newest::above(at, room, seq, (state.expired(), last)),
        author_of(at, room, seq)
    )?;
    let unread = if account.bot { 0 } else { newest.unread(seq) };
    let mark = ReadMark { room, user, seq, at: now, unread };
    let event = Event::Marked {
        mark: mark.clone(),
        person: named(account, &participant.edited_name),
        author,
        participants: state.body.users,
    };
    at.emit(event).await;
    Ok(mark)
}

/// Makes this message and all later ones unread for the user.
pub(in crate::store::cluster) async fn mark_unread(
    at: &Cluster,
    room: RoomId,
    user: UserId,
    from: Seq,
) -> Result<ReadMark, StoreError> {
    let marks = async {
        let slice = Slice::of(&MARKS, [room.0.into()]).under([user.0.into()]);
        Ok(at.tables().read(slice).await?)
    };
    let ids = [user];
    let (state, participant, marks, accounts) = futures_util::try_join!(
        heads::state(at, room),
        participants::one(at, room, user),
        marks,
        users::these(at, &ids),
    )?;
    let (Some(state), Some(participant), [account]) = (state, participant, &accounts[..]) else {
        return Err(StoreError::NotFound(Missing::Participant));
    };
    let joined = participant.joined;
    let (mark, since) = marks.first().and_then(mark_of).unwrap_or((Seq(0), Timestamp(joined)));
    let mine = mine::read(at, room, user, joined).await?;
    let before = Seq(from.0.max(1) - 1);
    let own = mine.own_mark(mark).min(before);
    let login = account.login.clone();
    let (expired, last) = (state.expired(), state.head.seq);
    let bot = account.bot;
    let stands = Stands { login, bot, joined, expired, last, mark, since, mine };
    let mark = stands.set_own(at, room, user, own).await?;
    follows::read_back(at, room, user, before).await?;
    Ok(mark)
}

/// What is stored of a participant's marks.
struct Stands {
    login: String,
    /// A bot, which has nothing unread.
    bot: bool,
    joined: i64,
    expired: Seq,
    last: Seq,
    /// The mark that others see, and its time.
    mark: Seq,
    since: Timestamp,
    mine: Mine,
}

impl Stands {
    /// Sets the mark as its user sees it, which is at most the one that others see.
    async fn set_own(
        self,
        at: &Cluster,
        room: RoomId,
        user: UserId,
        own: Seq,
    ) -> Result<ReadMark, StoreError> {
        let newest = Newest::above(at, room, own, (self.expired, self.last)).await?;
        let unread = if self.bot { 0 } else { newest.unread(own) };
        let mark = ReadMark { room, user, seq: own, at: self.since, unread };
        if own != self.mine.own_mark(self.mark) {
            self.mine.with_own_mark(own, self.mark).write(at, room, user, self.joined).await?;
            let change = Personal::Mark(mark.clone(), self.login);
            at.emit(Event::Personal { user, change, at: Timestamp::now() }).await;
        }
        Ok(mark)
    }
}

async fn author_of(at: &Cluster, room: RoomId, seq: Seq) -> Result<UserId, StoreError> {
    let slice =
        Slice::of(&MESSAGES, history_partition(room, seq)).under([seq.0.into()]).only(&["author"]);
    let rows = at.tables().read(slice).await?;
    Ok(UserId(rows.first().and_then(|row| row.int("author")).unwrap_or_default()))
}

/// Returns the marks at or above this message with login names, in the order of joining.
pub(in crate::store::cluster) async fn readers(
    at: &Cluster,
    room: RoomId,
    seq: Seq,
) -> Result<Vec<(ReadMark, String)>, StoreError> {
    let Some(state) = heads::state(at, room).await? else { return Ok(Vec::new()) };
    let last = state.head.seq;
    let marks = async { Ok(at.tables().read(Slice::of(&MARKS, [room.0.into()])).await?) };
    let (participants, marks, newest) = futures_util::try_join!(
        participants::first(at, &state, u32::MAX),
        marks,
        Newest::above(at, room, seq.max(Seq(0)), (state.expired(), last)),
    )?;
    let known = |user: UserId| {
        let place = marks.binary_search_by_key(&Some(user.0), |row| row.int("user")).ok()?;
        mark_of(marks.get(place)?)
    };
    let mut found = Vec::new();
    for (user, participant) in participants {
        let (mark, since) = known(user).unwrap_or((Seq(0), Timestamp(participant.joined)));
        if mark >= seq {
            let unread = newest.unread(mark);
            found.push(ReadMark { room, user, seq: mark, at: since, unread });
        }
    }
    let ids: Vec<UserId> = found.iter().map(|mark| mark.user).collect();
    let users = users::these(at, &ids).await?;
    let readers = found.into_iter().filter_map(|mark| {
        let place = users.binary_search_by_key(&mark.user, |user| user.id).ok()?;
        let user = users.get(place)?;
        let unread = if user.bot { 0 } else { mark.unread };
        Some((ReadMark { unread, ..mark }, user.login.clone()))
    });
    Ok(readers.collect())
}
