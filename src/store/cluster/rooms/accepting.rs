//! Writes posts that another server has forwarded.

use tokio::time::Instant;

use super::forward::PATIENCE;
use super::forwarded::{ForwardedAnswer, ForwardedAnswers, ForwardedPost, ForwardedPosts};
use super::orders::Answer;
use super::sequencer::submit_all;
use super::stored::Stored;
use crate::model::RoomId;
use crate::store::StoreError;
use crate::store::cluster::Cluster;

/// Stores what another server asks for and returns the answer to it. None: it cannot be read.
///
/// Never forwards: servers with different views of who writes must not send posts around.
pub(in crate::store::cluster) async fn accept(at: &Cluster, request: &[u8]) -> Option<Vec<u8>> {
    let ForwardedPosts { room, posts } = ForwardedPosts::decode(request).ok()?;
    let orders = posts.into_iter().map(ForwardedPost::order).collect();
    let until = Instant::now() + PATIENCE;
    let mut answers = Vec::new();
    for answered in submit_all(at, RoomId(room), orders, Some(until)) {
        answers.push(ForwardedAnswer::of(match answered.await {
            Ok(Ok(Answer::Posted(posted))) => Ok(*posted),
            Ok(Err(error)) => Err(error),
            Ok(Ok(Answer::Committed(_))) | Err(_) => Err(StoreError::Unknown),
        }));
    }
    // None at all, of an engine that is being closed, are no answers to these posts.
    ForwardedAnswers { answers }.encode().ok()
}
