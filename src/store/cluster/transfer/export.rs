//! Exports all data.

use crate::model::{RoomId, Seq, Timestamp};
use crate::store::StoreError;
use crate::store::cluster::ids::{self, Kind};
use crate::store::cluster::tables::schema::people::{EMOJI, FOLLOWS, IMPORTED, PREFERENCES, SAVED};
use crate::store::cluster::tables::{Row, Table};
use crate::store::cluster::{Cluster, jobs, media, personal, rooms, slash_commands, users};
use crate::store::transfer::{
    EmojiRecord, Header, ImportedRecord, JobRecord, Key, LastIds, Record,
};

/// Messages of one page.
const PAGE: i64 = 500;
/// Rows of one page of a table that is read whole.
const ROWS: u32 = 500;

impl Cluster {
    /// Exports all data page by page, until `sink` returns false: header, users, files, rooms,
    /// participants, messages room by room, preferences, saved messages, followed threads, emoji, slash
    /// commands, results of imports, jobs.
    pub async fn export<F: Future<Output = bool>>(
        &self,
        product: &str,
        mut sink: impl FnMut(Vec<Record>) -> F,
    ) -> Result<(), StoreError> {
        everything(self, product, &mut sink).await.map(drop)
    }
}

async fn everything<F: Future<Output = bool>>(
    at: &Cluster,
    product: &str,
    sink: &mut impl FnMut(Vec<Record>) -> F,
) -> Result<bool, StoreError> {
    let header = Header {
        format: Header::FORMAT.to_owned(),
        version: Header::VERSION,
        product: product.to_owned(),
        created: Timestamp::now(),
        source: at.0.settings.instance.clone(),
        ids: LastIds {
            users: ids::last(at, Kind::User).await?,
            rooms: ids::last(at, Kind::Room).await?,
            media: ids::last(at, Kind::Media).await?,
        },
    };
    Ok(sink(vec![Record::Header(header)]).await
        && users::export(at, |page| sink(page.into_iter().map(Record::User).collect())).await?
        && media::export(at, |page| sink(page.into_iter().map(Record::Media).collect())).await?
        && of_rooms(at, sink).await?
        && of_table(at, &PREFERENCES, personal::preferences_record, sink).await?
        && of_table(at, &SAVED, personal::saved_record, sink).await?
        && of_table(at, &FOLLOWS, rooms::follow_record, sink).await?
        && of_table(at, &EMOJI, emoji, sink).await?
        && commands(at, sink).await?
        && of_table(at, &IMPORTED, imported, sink).await?
        && farewells(at, sink).await?)
}

async fn of_rooms<F: Future<Output = bool>>(
    at: &Cluster,
    sink: &mut impl FnMut(Vec<Record>) -> F,
) -> Result<bool, StoreError> {
    let all = rooms::exporting::all(at).await?;
    let mut there: Vec<RoomId> = Vec::with_capacity(all.len());
    for id in &all {
        if let Some((room, _)) = rooms::exporting::room(at, *id).await? {
            there.push(*id);
            if !sink(vec![Record::Room(room)]).await {
                return Ok(false);
            }
        }
    }
    for id in &there {
        let Some((_, participants)) = rooms::exporting::room(at, *id).await? else { continue };
        if !sink(participants.into_iter().map(Record::Participant).collect()).await {
            return Ok(false);
        }
    }
    for id in there {
        let mut after = Seq(0);
        loop {
            let page = rooms::exporting::messages(at, id, after, PAGE).await?;
            let Some(last) = page.last().and_then(|message| message.seq.number()) else { break };
            after = Seq(last);
            if !sink(page.into_iter().map(Record::Message).collect()).await {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

async fn of_table<F: Future<Output = bool>>(
    at: &Cluster,
    table: &'static Table,
    record: fn(&Row) -> Option<Record>,
    sink: &mut impl FnMut(Vec<Record>) -> F,
) -> Result<bool, StoreError> {
    let mut from: Option<Vec<u8>> = None;
    loop {
        let page = at.tables().scan(table, from.as_deref(), ROWS).await?;
        if !sink(page.rows.iter().filter_map(record).collect()).await {
            return Ok(false);
        }
        from = page.next;
        if from.is_none() {
            return Ok(true);
        }
    }
}

fn emoji(row: &Row) -> Option<Record> {
    Some(Record::Emoji(EmojiRecord {
        name: row.text("name")?.to_owned(),
        media: Key::Number(row.int("media")?),
        created: Timestamp(row.int("created")?),
    }))
}

async fn commands<F: Future<Output = bool>>(
    at: &Cluster,
    sink: &mut impl FnMut(Vec<Record>) -> F,
) -> Result<bool, StoreError> {
    let all = slash_commands::all(at).await?;
    Ok(sink(all.iter().map(|one| Record::SlashCommand(one.into())).collect()).await)
}

fn imported(row: &Row) -> Option<Record> {
    Some(Record::Imported(ImportedRecord {
        source: row.text("source")?.to_owned(),
        kind: row.text("kind")?.to_owned(),
        key: row.text("key")?.to_owned(),
        id: row.int("id")?,
    }))
}

async fn farewells<F: Future<Output = bool>>(
    at: &Cluster,
    sink: &mut impl FnMut(Vec<Record>) -> F,
) -> Result<bool, StoreError> {
    let left = jobs::farewells(at).await?.into_iter().map(|(user, login, name)| {
        Record::Job(JobRecord { user: Key::Number(user.0), login, name })
    });
    Ok(sink(left.collect()).await)
}
