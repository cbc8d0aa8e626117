//! Reads several rows at the same time.

use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::store::StoreError;

/// Reads at the same time, of one request.
const AT_ONCE: usize = 16;

/// Does the work for each item, some at the same time; returns the results in the same order.
pub(super) async fn each<'a, T, R>(
    items: impl IntoIterator<Item = T, IntoIter: Send + 'a>,
    work: impl Fn(T) -> BoxFuture<'a, Result<R, StoreError>> + Send + Sync + 'a,
) -> Result<Vec<R>, StoreError>
where
    T: 'a,
    R: Send + 'a,
{
    stream::iter(items).map(work).buffered(AT_ONCE).try_collect().await
}
