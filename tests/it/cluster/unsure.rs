//! A proxy before a node of Cassandra that loses, delays and falsifies what the node answers to
//! conditional writes, after the node has carried them out, and that can be closed for a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::dice::Dice;
use super::ways::{Towards, Ways, carry};

/// Header of a frame of the protocol's version 4.
const HEADER: usize = 9;
/// Kinds of frames.
const ERROR: u8 = 0;
const RESULT: u8 = 8;
/// How the column is called with which a node answers a conditional write.
const APPLIED: &[u8] = b"[applied]";
/// Longer than servers wait for an answer.
const LATE: Duration = Duration::from_secs(3);

/// What becomes of answers while they are unsure: parts of 100.
const LOST: usize = 10;
const DELAYED: usize = 5;
const TIMED_OUT: usize = 5;
const TOO_FEW: usize = 5;

/// Proxies before nodes; they end with it.
pub(super) struct Unsure {
    /// The ways of servers to the nodes, by the number of the node.
    pub(super) ways: Ways,
    state: Arc<State>,
    listening: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    is_on: AtomicBool,
    spoilt: AtomicUsize,
    seed: AtomicUsize,
}

impl Unsure {
    /// Starts a proxy for each pair of its address and that of the node.
    pub(super) async fn before(nodes: &[(String, String)]) -> Self {
        let (state, ways) = (Arc::new(State::default()), Ways::default());
        let mut listening = Vec::new();
        for (place, (own, node)) in nodes.iter().enumerate() {
            let listener =
                TcpListener::bind(own).await.expect("an address of the loopback network");
            let node = Node { place, address: node.clone(), ways: ways.clone() };
            listening.push(tokio::spawn(listen(listener, node, Arc::clone(&state))));
        }
        Self { ways, state, listening }
    }

    /// Begins to spoil answers, or stops; returns how many were spoilt so far.
    pub(super) fn turn(&self, on: bool) -> usize {
        self.state.is_on.store(on, Ordering::SeqCst);
        self.state.spoilt.load(Ordering::SeqCst)
    }
}

impl Drop for Unsure {
    fn drop(&mut self) {
        for task in &self.listening {
            task.abort();
        }
    }
}

/// A node behind a proxy.
#[derive(Clone)]
struct Node {
    place: usize,
    address: String,
    ways: Ways,
}

async fn listen(listener: TcpListener, node: Node, state: Arc<State>) {
    while let Ok((client, peer)) = listener.accept().await {
        let (node, state) = (node.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            // Without the node the client finds its connection closed.
            if let Ok(server) = TcpStream::connect(&node.address).await {
                drop((client.set_nodelay(true), server.set_nodelay(true)));
                exchange(client, peer, server, &node, state).await;
            }
        });
    }
}

/// Carries both directions until one of them ends.
async fn exchange(
    client: TcpStream,
    peer: SocketAddr,
    server: TcpStream,
    node: &Node,
    state: Arc<State>,
) {
    let (from_client, mut to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (frames, mut waiting) = unbounded_channel::<Vec<u8>>();
    let (place, ways) = (node.place, &node.ways);
    tokio::select! {
        () = carry(from_client, to_server, peer, place, Towards::Place, ways) => (),
        () = answers(from_server, frames, state) => (),
        () = async {
            while let Some(frame) = waiting.recv().await {
                ways.pass(peer, place, Towards::Process).await;
                if to_client.write_all(&frame).await.is_err() {
                    return;
                }
            }
        } => (),
    }
}

/// Reads answers of the node and decides what becomes of each.
async fn answers(mut node: OwnedReadHalf, out: UnboundedSender<Vec<u8>>, state: Arc<State>) {
    let seed = state.seed.fetch_add(1, Ordering::SeqCst);
    let mut dice = Dice::new(u64::try_from(seed).unwrap_or(0));
    let mut header = [0; HEADER];
    while node.read_exact(&mut header).await.is_ok() {
        let length = u32::from_be_bytes([header[5], header[6], header[7], header[8]]);
        let mut frame = header.to_vec();
        frame.resize(HEADER + usize::try_from(length).expect("a frame fits into memory"), 0);
        if node.read_exact(&mut frame[HEADER..]).await.is_err() {
            return;
        }
        let conditional =
            header[4] == RESULT && frame.windows(APPLIED.len()).any(|part| part == APPLIED);
        let drawn =
            if conditional && state.is_on.load(Ordering::SeqCst) { dice.below(100) } else { 100 };
        if drawn < LOST + DELAYED + TIMED_OUT + TOO_FEW {
            state.spoilt.fetch_add(1, Ordering::SeqCst);
        }
        if drawn < LOST {
            continue;
        }
        if drawn < LOST + DELAYED {
            let late = out.clone();
            tokio::spawn(async move {
                sleep(LATE).await;
                // Its connection may have ended.
                drop(late.send(frame));
            });
            continue;
        }
        let frame = if drawn < LOST + DELAYED + TIMED_OUT {
            error(&header, 0x1100, |body| {
                // One of two replicas has written, as far as is known.
                body.extend([0, 0, 0, 1, 0, 0, 0, 2, 0, 3]);
                body.extend(b"CAS");
            })
        } else if drawn < LOST + DELAYED + TIMED_OUT + TOO_FEW {
            error(&header, 0x1000, |body| body.extend([0, 0, 0, 2, 0, 0, 0, 1]))
        } else {
            frame
        };
        if out.send(frame).is_err() {
            return;
        }
    }
}

/// An error in place of an answer: code, a text, the consistency `LOCAL_QUORUM`, and more.
fn error(header: &[u8; HEADER], code: u32, more: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut body = code.to_be_bytes().to_vec();
    body.extend([0, 4]);
    body.extend(b"test");
    body.extend([0, 6]);
    more(&mut body);
    let mut frame = header[..4].to_vec();
    // Without warnings and the like that the answer began with.
    frame[1] = 0;
    frame.push(ERROR);
    frame.extend(u32::try_from(body.len()).expect("a few bytes").to_be_bytes());
    frame.extend(body);
    frame
}
