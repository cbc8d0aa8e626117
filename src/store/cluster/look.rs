//! What administrators have set of the look of the server: one row with everything, the icon too, so
//! that a change is one conditional write.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::encoding::{decode, encode};
use super::tables::schema::people::SETTINGS;
use super::tables::{
    Compare, Condition, Consistency, Outcome, Put, Slice, Value, compare_until_known,
};
use super::{Cluster, audit};
use crate::model::{Event, Look, LookChange, LookIcon, Timestamp};
use crate::store::{StoreError, audit_notes};

/// Key of the row.
const ROW: &str = "look";
const VERSION: u8 = 1;
/// Attempts, each of which another change may overtake.
const TRIES: usize = 20;

/// Version 1 of the stored look.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Stored {
    /// Grows with each change, so that no value of the row ever returns.
    version: i64,
    name: Option<String>,
    accent: Option<String>,
    motd: Option<String>,
    icon: Option<(String, Vec<u8>)>,
}

impl Stored {
    fn look(&self) -> Look {
        Look {
            name: self.name.clone(),
            accent: self.accent.clone(),
            motd: self.motd.clone(),
            icon: self.icon.as_ref().map(|(tag, _)| tag.clone()),
        }
    }

    fn with(&self, change: &LookChange) -> Self {
        let Look { name, accent, motd, .. } = self.look().with(change);
        let icon = match &change.icon {
            None => self.icon.clone(),
            Some(icon) => icon.as_ref().map(|icon| (icon.tag.clone(), icon.png.clone())),
        };
        Self { version: self.version + 1, name, accent, motd, icon }
    }
}

/// The row as it is: its bytes, None if it is not there, and what they say.
async fn read(
    at: &Cluster,
    consistency: Consistency,
) -> Result<(Option<Vec<u8>>, Stored), StoreError> {
    let slice = Slice::of(&SETTINGS, [ROW.into()]).at(consistency);
    // After a write of unknown outcome even a failed read says nothing.
    let rows = at.tables().read(slice).await.map_err(|_| StoreError::Unavailable)?;
    let bytes = rows.first().and_then(|row| row.bytes("value")).map(<[u8]>::to_vec);
    let stored = bytes.as_deref().map_or_else(|| Ok(Stored::default()), |b| decode(VERSION, b))?;
    Ok((bytes, stored))
}

/// Returns what is set.
pub(super) async fn set(at: &Cluster) -> Result<Look, StoreError> {
    Ok(read(at, Consistency::Quorum).await?.1.look())
}

/// Returns the icon.
pub(super) async fn icon(at: &Cluster) -> Result<Option<LookIcon>, StoreError> {
    let icon = read(at, Consistency::Quorum).await?.1.icon;
    Ok(icon.map(|(tag, png)| LookIcon { tag, png }))
}

/// Changes what is set.
pub(super) async fn change(at: &Cluster, change: LookChange) -> Result<Look, StoreError> {
    for _ in 0..TRIES {
        let (bytes, before) = read(at, Consistency::Serial).await?;
        let (was, new) = (before.look(), before.with(&change));
        let look = new.look();
        if look == was {
            return Ok(look);
        }
        let entry = audit::begin(at, || audit_notes::look_changed(&was, &look)).await?;
        let made = write(at, bytes, &new).await;
        if audit::settle(at, entry, made, |made| *made).await? {
            let event = Event::LookChanged { look: Arc::new(look.clone()), at: Timestamp::now() };
            at.emit(event).await;
            return Ok(look);
        }
    }
    Err(StoreError::Unavailable)
}

/// Writes the row if it still has these bytes. A write that is refused may have been made by an
/// earlier attempt.
async fn write(at: &Cluster, before: Option<Vec<u8>>, new: &Stored) -> Result<bool, StoreError> {
    let value = encode(VERSION, new)?;
    let compare = Compare {
        conditions: vec![Condition::Is(Vec::new(), "value", before.map(Value::Bytes))],
        puts: vec![Put::conditional(&SETTINGS, [ROW.into()], [], [("value", value.into())])],
    };
    match compare_until_known(at.tables(), compare).await? {
        Outcome::Applied => Ok(true),
        Outcome::Refused => Ok(read(at, Consistency::Serial).await?.1 == *new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::cluster::faulty::open;
    use crate::store::cluster::tables::memory::{Faults, Memory};

    #[tokio::test(start_paused = true)]
    async fn no_change_of_several_servers_at_once_is_lost_under_faults() {
        let mut changed = 0;
        for seed in 0..20 {
            eprintln!("seed {seed}");
            let memory = Memory::with_faults(Faults::often(seed));
            let (one, two) = (open(&memory).await.0, open(&memory).await.0);
            let name = LookChange { name: Some(Some("Pier".to_owned())), ..LookChange::default() };
            let icon = LookIcon { tag: "a".to_owned(), png: vec![7; 100] };
            let icon = LookChange { icon: Some(Some(icon)), ..LookChange::default() };
            let (first, second) = tokio::join!(change(&one, name), change(&two, icon));
            let found = loop {
                if let Ok(found) = set(&one).await {
                    break found;
                }
            };
            assert!(first.is_err() || found.name.as_deref() == Some("Pier"), "{found:?}");
            assert!(second.is_err() || found.icon.as_deref() == Some("a"), "{found:?}");
            changed += [first, second].iter().filter(|done| done.is_ok()).count();
        }
        assert!(changed > 20, "{changed}");
    }

    #[test]
    fn a_stored_look_of_version_1_is_read() {
        let stored = Stored {
            version: 3,
            name: Some("Pier".to_owned()),
            accent: None,
            motd: Some(String::new()),
            icon: Some(("5f".to_owned(), vec![1, 2, 3])),
        };
        let bytes = encode(VERSION, &stored).unwrap();
        let read: Stored = decode(VERSION, &bytes).unwrap();
        assert_eq!(read, stored);
        let kept =
            concat!("01", "06", "01", "0450696572", "00", "01", "00", "01", "023566", "03010203");
        assert_eq!(hex::encode(bytes), kept);
    }
}
