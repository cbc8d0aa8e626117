//! Pages of history.

#![expect(clippy::similar_names, reason = "a room and the root of a thread are called so")]

use super::{heads, messages, open, threads};
use crate::model::{RoomId, Seq, Window};
use crate::store::cluster::Cluster;
use crate::store::{MessagePage, Missing, StoreError, Thread};

/// Returns a page of a room's history.
pub(in crate::store::cluster) async fn page(
    at: &Cluster,
    room: RoomId,
    window: Window,
    limit: u32,
) -> Result<MessagePage, StoreError> {
    let missing = StoreError::NotFound(Missing::Room);
    let snapshot = open::current(at, room).await?.ok_or_else(|| missing.clone())?;
    let found = if let Window::Offset(skip) = window {
        let (skip, limit) = (skip as usize, limit as usize);
        let seqs =
            messages::standing(at, room, (snapshot.expired(), snapshot.seq), skip, limit).await?;
        let mut found = messages::these(at, room, seqs).await?;
        found.retain(|bare| !bare.is_deleted());
        found.sort_by_key(|bare| bare.seq);
        found
    } else {
        let expired = snapshot.expired();
        let (from, to) = bounds(window, limit, (expired, snapshot.seq));
        let mut found = messages::range(at, room, from, to).await?;
        if let Window::Around(seq) = window
            && seq <= expired
        {
            let kept = messages::range(at, room, seq, seq).await?.into_iter();
            found.splice(0..0, kept.filter(|bare| !bare.is_deleted()));
        }
        found
    };
    let messages = messages::complete(at, &snapshot, found).await?;
    // Whoever was removed before the messages were read must see from `facts_rev` that permission
    // has to be checked again.
    let after = heads::head(at, room).await?.ok_or(missing)?;
    Ok(MessagePage { facts_rev: after.facts_rev, messages })
}

/// Returns the thread of a message with its newest replies below `before`.
pub(in crate::store::cluster) async fn thread(
    at: &Cluster,
    room: RoomId,
    seq: Seq,
    before: Option<Seq>,
    limit: u32,
) -> Result<Thread, StoreError> {
    let missing = |what| move || StoreError::NotFound(what);
    let snapshot = open::current(at, room).await?.ok_or_else(missing(Missing::Room))?;
    let named = messages::range(at, room, seq, seq).await?.pop();
    let root = named.ok_or_else(missing(Missing::Message))?.thread.unwrap_or(seq);
    let replies = threads::replies(at, room, root, Seq(0)).await?;
    let mut wanted: Vec<Seq> = replies.iter().map(|reply| reply.seq).collect();
    wanted.retain(|seq| before.is_none_or(|before| *seq < before));
    wanted.drain(..wanted.len().saturating_sub(limit as usize));
    wanted.push(root);
    let mut found = messages::these(at, room, wanted).await?;
    found.sort_by_key(|bare| bare.seq);
    // Of expired replies only those that are kept.
    let expired = snapshot.expired();
    found.retain(|bare| bare.seq > expired || bare.seq == root || !bare.is_deleted());
    // It is older than all replies to it.
    let mut messages = messages::complete(at, &snapshot, found).await?;
    if messages.first().is_none_or(|first| first.seq != root) {
        return Err(StoreError::NotFound(Missing::Message));
    }
    let root = messages.remove(0);
    let after = heads::head(at, room).await?.ok_or_else(missing(Missing::Room))?;
    let standing = || replies.iter().filter(|reply| !reply.gone);
    Ok(Thread {
        facts_rev: after.facts_rev,
        root,
        replies: u32::try_from(standing().count()).unwrap_or(u32::MAX),
        last: standing().map(|reply| reply.at).max(),
        messages,
    })
}

/// Returns the first and the last seq of a window: seqs have no gaps. History begins after the
/// expired messages.
fn bounds(window: Window, limit: u32, (expired, last): (Seq, Seq)) -> (Seq, Seq) {
    let (last, limit) = (last.0, i64::from(limit));
    let first = if matches!(window, Window::One(_)) { 1 } else { expired.0 + 1 };
    let (from, to) = match window {
        Window::Latest | Window::Offset(_) => (last - limit + 1, last),
        Window::Before(Seq(seq)) => {
            let to = last.min(seq.saturating_sub(1));
            (to - limit + 1, to)
        }
        Window::After(Seq(seq)) => {
            let from = seq.saturating_add(1).max(first);
            (from, from.saturating_add(limit - 1))
        }
        Window::Around(Seq(seq)) => {
            let (seq, above) = (seq.max(0), limit / 2);
            // The half below has its full number even if the position is above the newest message.
            let to = last.min(seq);
            (to - (limit - above) + 1, seq.max(expired.0).saturating_add(above))
        }
        Window::One(Seq(seq)) => (seq, seq),
    };
    (Seq(from.max(first)), Seq(to.min(last)))
}
