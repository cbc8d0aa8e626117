//! Rows of files.

use crate::model::{Media, MediaId, Timestamp, UserId};
use crate::store::StoreError;
use crate::store::cluster::encoding::{decode, encode};
use crate::store::cluster::tables::schema::people::{
    MEDIA, MEDIA_BY_NAME, MEDIA_BY_OWNER, MEDIA_IDS,
};
use crate::store::cluster::tables::{
    Bound, Compare, Condition, Consistency, Outcome, Put, Row, Slice, TableError, Value,
};
use crate::store::cluster::{Cluster, buckets};

use super::stored::StoredMedia;

const VERSION: u8 = 1;
/// Timestamps of rows that list a file: ids never come back, so that removing wins.
const ADDED: i64 = 1;
const REMOVED: i64 = 2;

/// A file, and the time from which its age is counted.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) media: Media,
    pub(super) fresh: Timestamp,
}

/// A file as it is listed.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) id: MediaId,
    pub(super) name: String,
    owner: UserId,
}

impl From<&Media> for Listed {
    fn from(media: &Media) -> Self {
        Self { id: media.id, name: media.name.clone(), owner: media.owner }
    }
}

/// Returns a file.
pub(super) async fn read(at: &Cluster, id: MediaId) -> Result<Option<Kept>, StoreError> {
    read_at(at, id, Consistency::Quorum).await
}

async fn read_at(
    at: &Cluster,
    id: MediaId,
    consistency: Consistency,
) -> Result<Option<Kept>, StoreError> {
    let rows = at.tables().read(Slice::of(&MEDIA, [id.0.into()]).at(consistency)).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (Some(fresh), Some(body)) = (row.int("fresh"), row.bytes("body")) else { return Ok(None) };
    let stored: StoredMedia = decode(VERSION, body)?;
    Ok(Some(Kept { media: stored.into(), fresh: Timestamp(fresh) }))
}

/// Adds a file and lists it.
pub(super) async fn insert(at: &Cluster, media: &Media) -> Result<(), StoreError> {
    let body = encode(VERSION, &StoredMedia::from(media))?;
    let cells = [("fresh", media.created.0.into()), ("body", body.into())];
    let put = Put::conditional(&MEDIA, [media.id.0.into()], [], cells);
    let compare = Compare { conditions: vec![Condition::Absent(Vec::new())], puts: vec![put] };
    match at.tables().compare(compare).await {
        Ok(Outcome::Applied) => {}
        Err(TableError::Unknown) if read_at(at, media.id, Consistency::Serial).await?.is_some() => {
        }
        // A row that nothing lists is nothing.
        Ok(Outcome::Refused) | Err(_) => return Err(StoreError::Unavailable),
    }
    list(at, media).await
}

/// Lists a file that was added.
pub(super) async fn list(at: &Cluster, media: &Media) -> Result<(), StoreError> {
    Ok(at.tables().write(lists(&Listed::from(media), ADDED).to_vec()).await?)
}

/// Sets the time from which the age of a file is counted, and the time of its upload with it if
/// `renewed`; None: it was changed or removed in between.
pub(super) async fn refresh(
    at: &Cluster,
    kept: &Kept,
    now: Timestamp,
    renewed: bool,
) -> Result<Option<Kept>, StoreError> {
    let mut media = kept.media.clone();
    if renewed {
        media.created = now;
    }
    // Each refresh is another value, so that whoever removes the file sees it.
    let fresh = Timestamp(now.0.max(kept.fresh.0 + 1));
    let body = encode(VERSION, &StoredMedia::from(&media))?;
    let cells = [("fresh", fresh.0.into()), ("body", body.into())];
    let put = Put::conditional(&MEDIA, [media.id.0.into()], [], cells);
    let compare = Compare { conditions: unchanged(kept), puts: vec![put] };
    let applied = match at.tables().compare(compare).await {
        Ok(outcome) => outcome == Outcome::Applied,
        Err(TableError::Unavailable) => return Err(StoreError::Unavailable),
        Err(TableError::Unknown) => read_at(at, media.id, Consistency::Serial)
            .await?
            .is_some_and(|now| now.fresh == fresh && now.media == media),
    };
    Ok(applied.then_some(Kept { media, fresh }))
}

/// Removes a file unless it was changed in between.
pub(super) async fn remove(at: &Cluster, kept: &Kept) -> Result<bool, StoreError> {
    let media = &kept.media;
    let put = Put::conditional(&MEDIA, [media.id.0.into()], [], []).deleted();
    let compare = Compare { conditions: unchanged(kept), puts: vec![put] };
    let removed = match at.tables().compare(compare).await {
        Ok(outcome) => outcome == Outcome::Applied,
        Err(TableError::Unavailable) => return Err(StoreError::Unavailable),
        Err(TableError::Unknown) => read_at(at, media.id, Consistency::Serial).await?.is_none(),
    };
    if removed {
        unlist(at, &Listed::from(media)).await?;
    }
    Ok(removed)
}

/// Removes what lists a file that is gone. What lists its name comes last: until then it is found
/// again.
pub(super) async fn unlist(at: &Cluster, listed: &Listed) -> Result<(), StoreError> {
    let [mark, ids, others @ ..] = lists(listed, REMOVED);
    at.tables().write(others.map(Put::deleted).to_vec()).await?;
    drop(mark);
    Ok(at.tables().write(vec![ids.deleted()]).await?)
}

fn unchanged(kept: &Kept) -> Vec<Condition> {
    vec![Condition::Is(Vec::new(), "fresh", Some(Value::Int(kept.fresh.0)))]
}

/// The rows that list a file: that there is such a partition of ids, the id, name, owner.
fn lists(listed: &Listed, timestamp: i64) -> [Put; 4] {
    let Listed { id, name, owner } = listed;
    let (bucket, mark) = buckets::of(buckets::MEDIA, id.0);
    let put = |table, partition: Value, cells: Vec<_>| {
        Put::plain(table, timestamp, [partition], [id.0.into()], cells)
    };
    let present = || vec![("present", true.into())];
    let cells = vec![("name", name.clone().into()), ("owner", owner.0.into())];
    [
        mark,
        put(&MEDIA_IDS, bucket.into(), cells),
        put(&MEDIA_BY_NAME, name.clone().into(), present()),
        put(&MEDIA_BY_OWNER, owner.0.into(), present()),
    ]
}

/// Returns the first files above `after`, in a partition of ids.
pub(super) async fn listed(
    at: &Cluster,
    bucket: i64,
    after: MediaId,
) -> Result<Vec<Listed>, StoreError> {
    let slice = Slice::of(&MEDIA_IDS, [bucket.into()])
        .between(Bound::Excluding(after.0.into()), Bound::Open);
    let rows = at.tables().read(slice).await?;
    let listed = rows.iter().filter_map(|row| {
        Some(Listed {
            id: MediaId(row.int("id")?),
            name: row.text("name")?.to_owned(),
            owner: UserId(row.int("owner")?),
        })
    });
    Ok(listed.collect())
}

/// Returns the ids that these rows list.
pub(super) fn ids(rows: &[Row]) -> impl Iterator<Item = MediaId> {
    rows.iter().filter_map(|row| row.int("id")).map(MediaId)
}

/// Returns the files with this name that are listed, newest first.
pub(super) async fn of_name(at: &Cluster, name: &str) -> Result<Vec<MediaId>, StoreError> {
    let rows = at.tables().read(Slice::of(&MEDIA_BY_NAME, [name.into()])).await?;
    let mut found: Vec<MediaId> = ids(&rows).collect();
    found.reverse();
    Ok(found)
}
