//! Settings that all servers share: one row, created by whichever server is first.

use serde::{Deserialize, Serialize};

use super::Cluster;
use super::encoding::{decode, encode};
use super::tables::schema::people::SETTINGS;
use super::tables::{
    Compare, Condition, Consistency, Outcome, Put, Slice, TableError, Tables, Value,
};
use crate::store::{Settings, StoreError, push_key};

/// Key of the row.
const ROW: &str = "server";
const VERSION: u8 = 1;
/// Other servers that start at the same time cannot win more often than this.
const TRIES: usize = 10;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Stored {
    signing_key: [u8; 32],
    epoch: String,
    instance: String,
}

/// Returns the settings of the keyspace; creates them if there are none yet.
pub(super) async fn load_or_create(tables: &dyn Tables) -> Result<Settings, StoreError> {
    for _ in 0..TRIES {
        if let Some(bytes) = read(tables).await? {
            let Stored { signing_key, epoch, instance } = decode(VERSION, &bytes)?;
            let push_key = load_or_create_push_key(tables).await?;
            return Ok(Settings { signing_key, push_key, epoch, instance });
        }
        let new =
            Stored { signing_key: random()?, epoch: new_name::<8>()?, instance: new_name::<16>()? };
        // Whatever its outcome: the row that is read next counts.
        write(tables, None, &new).await?;
    }
    Err(StoreError::Unavailable)
}

/// Key of the row with the key of the signatures for push services, in PKCS#8.
const PUSH_KEY: &str = "push_key";

/// Returns the key that all servers use for push services; whichever server is first creates it.
async fn load_or_create_push_key(tables: &dyn Tables) -> Result<Vec<u8>, StoreError> {
    for _ in 0..TRIES {
        let slice = Slice::of(&SETTINGS, [PUSH_KEY.into()]).at(Consistency::Serial);
        let rows = tables.read(slice).await?;
        if let Some(key) = rows.first().and_then(|row| row.bytes("value")) {
            return Ok(key.to_vec());
        }
        let new = push_key().map_err(|error| {
            tracing::error!(%error, "The key for push services could not be created");
            StoreError::Unavailable
        })?;
        let compare = Compare {
            conditions: vec![Condition::Is(Vec::new(), "value", None)],
            puts: vec![Put::conditional(
                &SETTINGS,
                [PUSH_KEY.into()],
                [],
                [("value", Value::Bytes(new))],
            )],
        };
        // Whatever its outcome: the row that is read next counts.
        if let Err(TableError::Unavailable) = tables.compare(compare).await {
            return Err(StoreError::Unavailable);
        }
    }
    Err(StoreError::Unavailable)
}

/// Gives the keyspace a new epoch, after it was restored: every client reads its rooms again.
/// Servers that are running must be started again. Returns the epoch.
pub(super) async fn new_epoch(tables: &dyn Tables) -> Result<String, StoreError> {
    for _ in 0..TRIES {
        let before = read(tables).await?.ok_or(StoreError::Unavailable)?;
        let stored: Stored = decode(VERSION, &before)?;
        let new = Stored { epoch: new_name::<8>()?, ..stored };
        write(tables, Some(before), &new).await?;
        let now: Stored = decode(VERSION, &read(tables).await?.ok_or(StoreError::Unavailable)?)?;
        if now == new {
            return Ok(new.epoch);
        }
    }
    Err(StoreError::Unavailable)
}

/// Key of the row that says which export is being loaded.
const LOADING: &str = "loading";

/// Returns the source of the export that is being loaded, or whose load was interrupted.
pub(super) async fn loading(at: &Cluster) -> Result<Option<String>, StoreError> {
    let slice = Slice::of(&SETTINGS, [LOADING.into()]).at(Consistency::Serial);
    let rows = at.tables().read(slice).await?;
    let value = rows.first().and_then(|row| row.bytes("value"));
    Ok(value.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}

/// Notes which export is being loaded, if what was noted before is `old`.
pub(super) async fn set_loading(
    at: &Cluster,
    old: Option<&str>,
    new: Option<&str>,
) -> Result<(), StoreError> {
    let bytes = |text: &str| Value::Bytes(text.as_bytes().to_vec());
    let put = |cells: Vec<_>| Put::conditional(&SETTINGS, [LOADING.into()], [], cells);
    let put = match new {
        Some(new) => put(vec![("value", bytes(new))]),
        None => put(Vec::new()).deleted(),
    };
    let condition = Condition::Is(Vec::new(), "value", old.map(bytes));
    let compare = Compare { conditions: vec![condition], puts: vec![put] };
    match at.tables().compare(compare).await {
        Ok(Outcome::Applied) => Ok(()),
        Ok(Outcome::Refused) | Err(_) if loading(at).await?.as_deref() == new => Ok(()),
        Ok(Outcome::Refused) | Err(_) => Err(StoreError::Unavailable),
    }
}

async fn write(
    tables: &dyn Tables,
    before: Option<Vec<u8>>,
    new: &Stored,
) -> Result<(), StoreError> {
    let value = encode(VERSION, new)?;
    let compare = Compare {
        conditions: vec![Condition::Is(Vec::new(), "value", before.map(Value::Bytes))],
        puts: vec![Put::conditional(&SETTINGS, [ROW.into()], [], [("value", value.into())])],
    };
    match tables.compare(compare).await {
        Ok(Outcome::Applied | Outcome::Refused) | Err(TableError::Unknown) => Ok(()),
        Err(TableError::Unavailable) => Err(StoreError::Unavailable),
    }
}

async fn read(tables: &dyn Tables) -> Result<Option<Vec<u8>>, StoreError> {
    let rows = tables.read(Slice::of(&SETTINGS, [ROW.into()]).at(Consistency::Serial)).await?;
    Ok(rows.first().and_then(|row| row.bytes("value")).map(<[u8]>::to_vec))
}

fn new_name<const N: usize>() -> Result<String, StoreError> {
    Ok(hex::encode(random::<N>()?))
}

/// Returns bytes of the operating system's generator.
pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "The operating system's generator of random numbers failed");
        StoreError::Unavailable
    })?;
    Ok(bytes)
}
