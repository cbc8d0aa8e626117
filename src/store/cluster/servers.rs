//! The servers of the cluster, as each says of itself. Nothing relies on it: it is for
//! administrators.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Cluster;
use super::encoding::{decode, encode};
use super::tables::schema::people::SERVERS;
use super::tables::{Put, Slice, Tables};
use crate::model::Timestamp;
use crate::store::StoreError;

const VERSION: u8 = 1;
/// The only partition.
const LIST: &str = "all";
/// How long a server that does not say anything any more stays in the list.
const REMEMBERED: Duration = Duration::from_hours(24);

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Id of the server, which its data directory keeps.
    pub id: String,
    /// Name of its machine.
    pub host: String,
    /// Version of the program.
    pub version: String,
    /// Where it listens.
    pub addresses: Vec<String>,
    /// When it was started.
    pub started: Timestamp,
    /// When it said so, by its clock.
    pub seen: Timestamp,
    /// Open WebSockets.
    pub sockets: u64,
    /// Whether it hears other servers; None: it uses no Redis.
    pub bus: Option<bool>,
}

/// Version 1 of a stored [`Member`].
#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    host: String,
    version: String,
    addresses: Vec<String>,
    started: i64,
    seen: i64,
    sockets: u64,
    bus: Option<bool>,
}

impl From<Member> for Stored {
    fn from(member: Member) -> Self {
        let Member { id, host, version, addresses, started, seen, sockets, bus } = member;
        Self { id, host, version, addresses, started: started.0, seen: seen.0, sockets, bus }
    }
}

impl From<Stored> for Member {
    fn from(stored: Stored) -> Self {
        let Stored { id, host, version, addresses, started, seen, sockets, bus } = stored;
        let (started, seen) = (Timestamp(started), Timestamp(seen));
        Self { id, host, version, addresses, started, seen, sockets, bus }
    }
}

impl Cluster {
    /// Tells the others of this server.
    pub async fn announce(&self, member: &Member) -> Result<(), StoreError> {
        let cells = [("body", encode(VERSION, &Stored::from(member.clone()))?.into())];
        let put = put(&member.id, member.seen, cells).living(REMEMBERED);
        Ok(self.tables().write(vec![put]).await?)
    }

    /// Tells the others that this server is being stopped.
    pub async fn retire(&self, id: &str) -> Result<(), StoreError> {
        Ok(self.tables().write(vec![put(id, Timestamp::now(), []).deleted()]).await?)
    }
}

/// Returns the servers of the last day that were not stopped, by their ids.
pub(super) async fn all(tables: &dyn Tables) -> Result<Vec<Member>, StoreError> {
    let rows = tables.read(Slice::of(&SERVERS, [LIST.into()])).await?;
    let bodies = rows.iter().filter_map(|row| row.bytes("body"));
    // Those of another version are shown by servers of that version.
    let known = bodies.filter(|body| body.first() == Some(&VERSION));
    known.map(|body| Ok(decode::<Stored>(VERSION, body)?.into())).collect()
}

fn put<const N: usize>(
    id: &str,
    at: Timestamp,
    cells: [(&'static str, super::tables::Value); N],
) -> Put {
    Put::plain(&SERVERS, at.0.saturating_mul(1000), [LIST.into()], [id.into()], cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::cluster::faulty::open;
    use crate::store::cluster::tables::memory::Memory;

    fn member(id: &str, seen: i64) -> Member {
        Member {
            id: id.to_owned(),
            host: "chat1".to_owned(),
            version: "1.0.0".to_owned(),
            addresses: vec!["http://0.0.0.0:8080".to_owned()],
            started: Timestamp(1),
            seen: Timestamp(seen),
            sockets: 7,
            bus: Some(true),
        }
    }

    #[test]
    fn stored_members_of_version_1_are_read() {
        let bytes = encode(VERSION, &Stored::from(member("a1", 3))).unwrap();
        let known =
            "0102613105636861743105312e302e300113687474703a2f2f302e302e302e303a383038300206070101";
        assert_eq!(hex::encode(&bytes), known);
        let read = decode::<Stored>(VERSION, &bytes).map(Member::from);
        assert_eq!(read, Ok(member("a1", 3)));
    }

    #[tokio::test(start_paused = true)]
    async fn servers_are_listed_until_they_stop_or_for_a_day() {
        let memory = Memory::new();
        let (server, _) = open(&memory).await;
        for (id, seen) in [("b", 1), ("a", 1), ("b", 2)] {
            server.announce(&member(id, seen)).await.unwrap();
        }
        assert_eq!(all(&memory).await, Ok(vec![member("a", 1), member("b", 2)]));
        server.retire("a").await.unwrap();
        assert_eq!(all(&memory).await, Ok(vec![member("b", 2)]));
        tokio::time::sleep(REMEMBERED).await;
        assert_eq!(all(&memory).await, Ok(Vec::new()));
    }
}
