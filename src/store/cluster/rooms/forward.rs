//! Has posts into a contended room written by one server, so that servers do not spend their time on
//! lost races.
//!
//! Which server that is, is only a hint ([`Peers`](crate::store::cluster::peers::Peers)). If it does
//! not answer in time, its answer is lost, or it cannot write, this server writes the same posts
//! with the same client ids: whichever write comes second finds the first one. A batch waits for the
//! one before it, so the order of posts stays.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::timeout;

use super::forwarded::{ForwardedAnswer, ForwardedAnswers, ForwardedPost, ForwardedPosts};
#[cfg(test)]
use super::model_tests::Mutant;
use super::open::current;
use super::orders::{Answer, Order, Waiting};
use super::registry::{OpenRoom, lock};
use super::stored::Stored;
use super::{client_ids, figures, messages};
use crate::model::{Missing, Rev, Seq};
use crate::store::cluster::Cluster;
use crate::store::{Posted, StoreError};

/// How long the other server may take. Then this one writes, and the other one drops what waits.
pub(super) const PATIENCE: Duration = Duration::from_millis(400);

/// Returns the server that should write what waits, if it is not this one.
pub(super) fn writer(at: &Cluster, open: &OpenRoom) -> Option<u64> {
    let peers = at.0.options.peers.as_ref()?;
    if lock(&open.unsettled).is_some() || !lock(&open.contention).is_found() {
        return None;
    }
    peers.writer(open.id)
}

/// Asks another server to write this batch. Returns what this server must write.
pub(super) async fn forward(
    at: &Cluster,
    open: &OpenRoom,
    server: u64,
    mut batch: VecDeque<Waiting>,
) -> VecDeque<Waiting> {
    let (Some(peers), Some(request)) = (&at.0.options.peers, request(open, &mut batch)) else {
        return batch;
    };
    let known = open.snapshot().map(|room| room.seq).unwrap_or_default();
    let asked = timeout(PATIENCE, peers.ask(server, request)).await.ok().flatten();
    let answers = asked.and_then(|bytes| ForwardedAnswers::decode(&bytes).ok());
    let answers = answers.map(|answers| answers.answers).unwrap_or_default();
    let is_answered = |answer: &ForwardedAnswer| !matches!(answer, ForwardedAnswer::Open);
    let answered = if answers.len() == batch.len() {
        answers.iter().rposition(is_answered).map_or(0, |last| last + 1)
    } else {
        0
    };
    figures::forwarded(answered, batch.len() - answered);
    let mut rest = batch.split_off(answered);
    if !rest.is_empty() {
        peers.pass_over(server);
        for waiting in &mut rest {
            waiting.elsewhere = Some(known);
            #[cfg(test)]
            forget_id(at, waiting);
        }
    }
    note(open, &answers[..answered]);
    for (waiting, answer) in batch.into_iter().zip(answers) {
        let answer = answer_of(at, open, &waiting.order, answer).await;
        waiting.answer(answer);
    }
    rest
}

/// Encodes posts, which get client ids. None: it is not possible, or not only posts wait.
fn request(open: &OpenRoom, batch: &mut VecDeque<Waiting>) -> Option<Vec<u8>> {
    let mut posts = Vec::with_capacity(batch.len());
    for waiting in batch {
        if !waiting.may_be_forwarded() {
            return None;
        }
        let Order::Post { basis, draft } = &mut waiting.order else { return None };
        if draft.client_id.is_none() {
            draft.client_id = Some(client_ids::given().ok()?);
        }
        posts.push(ForwardedPost::of(*basis, draft));
    }
    ForwardedPosts { room: open.id.0, posts }.encode().ok()
}

/// Takes note of what was written.
fn note(open: &OpenRoom, answers: &[ForwardedAnswer]) {
    let revs = answers.iter().filter_map(|answer| match answer {
        ForwardedAnswer::Posted(message) => Some(message.rev()),
        _ => None,
    });
    let revs: Vec<Rev> = revs.collect();
    lock(&open.contention).written(&revs);
    if let Some(last) = revs.last() {
        open.heard(*last);
    }
}

/// Returns what to answer to one that is not the last, or answered.
async fn answer_of(
    at: &Cluster,
    open: &OpenRoom,
    order: &Order,
    answer: ForwardedAnswer,
) -> Result<Answer, StoreError> {
    let Order::Post { draft, .. } = order else { return Err(StoreError::Unknown) };
    let missing = |what| Err(StoreError::NotFound(what));
    match answer {
        ForwardedAnswer::Posted(message) => {
            let mut message = message.message(open.id, draft);
            if let Some(target) = draft.reply_to {
                // It is stored, whether this can be read or not.
                let found = messages::range(at, open.id, target, target).await.ok();
                let found = found.and_then(|mut found| found.pop());
                message.thread = found.and_then(|target| target.thread).or(Some(target));
            }
            Ok(Answer::Posted(Box::new(Posted { message, repeated: false })))
        }
        ForwardedAnswer::Repeated { seq } => {
            let room = current(at, open.id).await?.ok_or(StoreError::Unavailable)?;
            let message = messages::one(at, &room, Seq(seq)).await?;
            let message = message.ok_or(StoreError::Unavailable)?;
            Ok(Answer::Posted(Box::new(Posted { message, repeated: true })))
        }
        ForwardedAnswer::Stale => Err(StoreError::Stale),
        ForwardedAnswer::NoParticipant => missing(Missing::Participant),
        ForwardedAnswer::NoMessage => missing(Missing::Message),
        ForwardedAnswer::NoMedia => missing(Missing::Media),
        // Those after it are stored: written now, it would come after them.
        ForwardedAnswer::Open => Err(StoreError::Unknown),
    }
}

/// A planted mistake: what was perhaps stored is sent as something new.
#[cfg(test)]
fn forget_id(at: &Cluster, waiting: &mut Waiting) {
    if at.0.rooms.is(Mutant::ForwardedAnew)
        && let Order::Post { draft, .. } = &mut waiting.order
        && client_ids::shown(draft.client_id.clone()).is_none()
    {
        draft.client_id = client_ids::given().ok();
    }
}
