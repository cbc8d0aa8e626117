//! Ways between processes that can be closed: as if a network lost all packets, what is sent waits
//! until the way is open again.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A direction on the connections of a process to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Towards {
    /// What the process that has connected sends.
    Place,
    /// What it is answered.
    Process,
}

/// Connections that are closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    /// Who has connected.
    pub(super) process: u32,
    /// The number of the place that it has connected to; None: any.
    pub(super) place: Option<usize>,
    /// The direction; None: both.
    pub(super) towards: Option<Towards>,
}

/// Which ways are closed now.
#[derive(Clone, Debug)]
pub(super) struct Ways(Arc<watch::Sender<Vec<Closed>>>);

impl Default for Ways {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }
}

impl Ways {
    /// Closes these, and opens all others.
    pub(super) fn close(&self, closed: Vec<Closed>) {
        self.0.send_replace(closed);
    }

    /// Waits until a connection from `peer` to this place is open in a direction.
    pub(super) async fn pass(&self, peer: SocketAddr, place: usize, towards: Towards) {
        let mut state = self.0.subscribe();
        let stops = |closed: &Closed| {
            closed.place.is_none_or(|of| of == place)
                && closed.towards.is_none_or(|of| of == towards)
                && owns(closed.process, peer)
        };
        // The sender is here.
        drop(state.wait_for(|closed| !closed.iter().any(stops)).await);
    }
}

/// Whether a process has the socket with this address.
fn owns(process: u32, peer: SocketAddr) -> bool {
    let SocketAddr::V4(peer) = peer else { return false };
    // As the kernel writes it: the bytes of the address as a number of this machine.
    let address = u32::from_ne_bytes(peer.ip().octets());
    let local = format!("{address:08X}:{:04X}", peer.port());
    let Ok(connections) = fs::read_to_string(format!("/proc/{process}/net/tcp")) else {
        return false;
    };
    let inodes: BTreeSet<String> = connections
        .lines()
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            (columns.nth(1)? == local).then(|| columns.nth(7).map(|i| format!("socket:[{i}]")))?
        })
        .collect();
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    let mut links = open.flatten().filter_map(|file| fs::read_link(file.path()).ok());
    links.any(|link| link.to_str().is_some_and(|link| inodes.contains(link)))
}

/// Proxies between the nodes of a cluster; they end with it.
pub(super) struct Between {
    pub(super) ways: Ways,
    listening: Vec<JoinHandle<()>>,
}

impl Between {
    /// Starts a proxy for each pair of its address and that of a node.
    pub(super) async fn nodes(pairs: &[(String, String)]) -> Self {
        let ways = Ways::default();
        let mut listening = Vec::new();
        for (place, (own, node)) in pairs.iter().enumerate() {
            let listener =
                TcpListener::bind(own).await.expect("an address of the loopback network");
            listening.push(tokio::spawn(listen(listener, place, node.clone(), ways.clone())));
        }
        Self { ways, listening }
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        for task in &self.listening {
            task.abort();
        }
    }
}

async fn listen(listener: TcpListener, place: usize, node: String, ways: Ways) {
    while let Ok((client, peer)) = listener.accept().await {
        let (node, ways) = (node.clone(), ways.clone());
        tokio::spawn(async move {
            ways.pass(peer, place, Towards::Place).await;
            let Ok(server) = TcpStream::connect(&node).await else { return };
            drop((client.set_nodelay(true), server.set_nodelay(true)));
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            // Whichever ends first ends both.
            tokio::select! {
                () = carry(from_client, to_server, peer, place, Towards::Place, &ways) => (),
                () = carry(from_server, to_client, peer, place, Towards::Process, &ways) => (),
            }
        });
    }
}

/// Carries one direction of a connection until it ends.
pub(super) async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    peer: SocketAddr,
    place: usize,
    towards: Towards,
    ways: &Ways,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        ways.pass(peer, place, towards).await;
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_way_is_closed_for_a_process_and_a_direction_and_opened_again() {
        let place = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = {
            let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
            free.local_addr().unwrap().to_string()
        };
        let between =
            Between::nodes(&[(proxy.clone(), place.local_addr().unwrap().to_string())]).await;
        let mut here = TcpStream::connect(&proxy).await.unwrap();
        here.write_all(b"1").await.unwrap();
        let (mut there, _) = place.accept().await.unwrap();
        let mut byte = [0];
        there.read_exact(&mut byte).await.unwrap();
        let mine = std::process::id();
        let closed = |process, place| Closed { process, place, towards: Some(Towards::Process) };
        // Of another process, and to another place: neither concerns this connection.
        between.ways.close(vec![closed(1, None), closed(mine, Some(1))]);
        there.write_all(b"2").await.unwrap();
        here.read_exact(&mut byte).await.unwrap();
        between.ways.close(vec![closed(mine, Some(0))]);
        here.write_all(b"3").await.unwrap();
        there.read_exact(&mut byte).await.unwrap();
        there.write_all(b"4").await.unwrap();
        let waiting = tokio::spawn(async move {
            let mut byte = [0];
            here.read_exact(&mut byte).await.unwrap();
            byte
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!waiting.is_finished(), "the way is closed");
        between.ways.close(Vec::new());
        assert_eq!(waiting.await.unwrap(), *b"4");
    }
}
