//! A reconnect storm: the server is restarted, and all clients come back at once and catch up with
//! what they have missed. Senders repeat what was not acknowledged.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::client::ACKNOWLEDGED;
use super::crowd::{Check, Histogram, ROOMS, Room, SOCKETS, Tally};
use super::server::{Server, Stop};
use super::socket::Socket;

/// Messages in each room that the clients miss.
const MISSED: u64 = 50;
/// Interval of the messages in each room.
const EVERY: Duration = Duration::from_millis(200);
/// Interval between attempts to connect, and their number.
const RETRY: Duration = Duration::from_millis(50);
const RETRIES: u32 = 600;
/// Maximum time for all to have caught up, and for the last messages to arrive.
const DRAIN: Duration = Duration::from_mins(1);

/// What a run is about: shared by all its clients.
#[derive(Clone)]
struct Storm {
    address: String,
    tally: Arc<Tally>,
    /// Time from the attempt to connect until a client has caught up.
    back: Arc<Histogram>,
    origin: Instant,
    stage: watch::Receiver<Stage>,
}

/// Set by the run, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Stage {
    /// Clients listen; senders send.
    Before,
    /// The server stops: what is closed waits.
    Down,
    /// The server runs, and senders send.
    Up,
    /// All clients connect.
    Back,
    /// Senders send nothing more.
    End,
}

/// Restarts the server gracefully and by SIGKILL; returns whether all clients received everything.
pub(super) async fn measure(span: Duration) -> bool {
    println!(
        "\nstorm: {} sockets in {ROOMS} rooms come back after a restart, {MISSED} messages missed \
         in each room, {} more a second",
        ROOMS * SOCKETS,
        1_000 / EVERY.as_millis()
    );
    println!(
        "{:>8} {:>9} {:>9} {:>11} {:>9} {:>9} {:>9} {:>12} {:>11}",
        "restart",
        "stop ms",
        "start ms",
        "all back s",
        "p50 ms",
        "p99 ms",
        "CPU s",
        "messages",
        "with 1001"
    );
    let mut clean = true;
    for how in [Stop::Term, Stop::Kill] {
        clean &= run(how, span).await;
    }
    clean
}

async fn run(how: Stop, span: Duration) -> bool {
    let mut server = Server::start().await;
    let rooms = Room::several(&server).await;
    let (set, stage) = watch::channel(Stage::Before);
    let storm = Storm {
        address: server.address.clone(),
        tally: Arc::default(),
        back: Arc::default(),
        origin: Instant::now(),
        stage,
    };
    let mut clients = Vec::new();
    for room in &rooms {
        for number in 0..SOCKETS {
            let mut check = Check::new(room, &storm.tally, storm.origin);
            let socket = storm.subscribe(&mut check, number).await;
            clients.push(tokio::spawn(storm.clone().listen(check, socket)));
        }
    }
    let senders: Vec<_> =
        rooms.iter().map(|room| tokio::spawn(storm.clone().send(Arc::clone(room)))).collect();
    sleep(span).await;

    set.send_replace(Stage::Down);
    let began = Instant::now();
    server.stop(how);
    let stopping = began.elapsed();
    let (checks, told) = all_closed(clients).await;
    let starting = server.start_again();
    set.send_replace(Stage::Up);
    wait_for_missed(&rooms).await;

    let (cpu, back) = (server.cpu(), Instant::now());
    set.send_replace(Stage::Back);
    let clients = storm.all_back(checks).await;
    let (all_back, used) = (back.elapsed(), server.cpu().saturating_sub(cpu));
    sleep(span).await;
    set.send_replace(Stage::End);
    for sender in senders {
        sender.await.unwrap();
    }
    for client in clients {
        let (check, _, open) = client.await.unwrap();
        storm.tally.closed.fetch_add(u64::from(!open), Ordering::Relaxed);
        check.end();
    }
    println!(
        "{:>8} {:>9.0} {:>9.0} {:>11.2} {:>9.0} {:>9.0} {:>9.2} {:>12} {told:>11}",
        format!("{how:?}").to_lowercase(),
        stopping.as_secs_f64() * 1e3,
        starting.as_secs_f64() * 1e3,
        all_back.as_secs_f64(),
        storm.back.percentile(50),
        storm.back.percentile(99),
        used.as_secs_f64(),
        storm.tally.received.load(Ordering::Relaxed),
    );
    if !storm.tally.is_clean() {
        println!("{:>8} {}", "", storm.tally.faults());
    }
    storm.tally.is_clean() && (how == Stop::Kill || told == ROOMS * SOCKETS)
}

/// Waits until all clients are closed; returns what they have, and how many were told why.
async fn all_closed(clients: Vec<JoinHandle<(Check, Socket, bool)>>) -> (Vec<Check>, usize) {
    let (mut checks, mut told) = (Vec::new(), 0);
    for client in clients {
        let (check, socket, open) = client.await.unwrap();
        assert!(!open, "the server has stopped");
        told += usize::from(socket.closed == 1001);
        checks.push(check);
    }
    (checks, told)
}

/// Waits until the senders have sent what the clients miss.
async fn wait_for_missed(rooms: &[Arc<Room>]) {
    let began = Instant::now();
    let before: Vec<u64> = rooms.iter().map(|room| room.sent.load(Ordering::Acquire)).collect();
    for (room, before) in rooms.iter().zip(before) {
        while room.sent.load(Ordering::Acquire) < before + MISSED {
            assert!(began.elapsed() < DRAIN, "senders do not come back");
            sleep(RETRY).await;
        }
    }
}

impl Storm {
    /// Connects, as often as necessary.
    async fn connect(&self, token: &str) -> Socket {
        for _ in 0..RETRIES {
            if let Ok(socket) = Socket::connect(&self.address, token, "/chat").await {
                return socket;
            }
            sleep(RETRY).await;
        }
        panic!("cannot connect");
    }

    /// Connects, subscribes from the revision that the client has, and verifies what it missed.
    async fn subscribe(&self, check: &mut Check, number: usize) -> Socket {
        let room = Arc::clone(&check.room);
        let mut socket = self.connect(room.token(number)).await;
        let since =
            if check.rev == 0 { String::new() } else { format!(r#""{}":{}"#, room.key, check.rev) };
        socket.write(&[format!(r#"{{"type":"subscribe","since":{{{since}}}}}"#)]).await;
        let mut ready = false;
        let caught_up = timeout(DRAIN, async {
            while !ready {
                let each = |frame: &[u8]| ready |= catch_up(check, frame);
                assert!(socket.read(each).await, "closed while catching up: {}", socket.closed);
            }
        });
        caught_up.await.expect("nobody waits for longer than that");
        socket
    }

    /// Lets all clients come back at once; they listen afterwards.
    async fn all_back(&self, checks: Vec<Check>) -> Vec<JoinHandle<(Check, Socket, bool)>> {
        let returning: Vec<_> = checks
            .into_iter()
            .enumerate()
            .map(|(at, check)| tokio::spawn(self.clone().come_back(check, at % SOCKETS)))
            .collect();
        let mut clients = Vec::new();
        for client in returning {
            let (check, socket) = client.await.unwrap();
            clients.push(tokio::spawn(self.clone().listen(check, socket)));
        }
        clients
    }

    async fn come_back(self, mut check: Check, number: usize) -> (Check, Socket) {
        let began = Instant::now();
        let socket = self.subscribe(&mut check, number).await;
        self.back.add(began.elapsed());
        (check, socket)
    }

    /// Verifies what arrives until the server closes or everything has arrived; also returns
    /// whether the socket is still open.
    async fn listen(mut self, mut check: Check, mut socket: Socket) -> (Check, Socket, bool) {
        loop {
            tokio::select! {
                open = socket.read(|frame| check.take(frame)) => if !open {
                    return (check, socket, false);
                },
                _ = self.stage.wait_for(|stage| *stage == Stage::End) => break,
            }
        }
        let room = Arc::clone(&check.room);
        let rest = timeout(DRAIN, async {
            while room.ended.load(Ordering::Acquire) == 0 || !check.is_complete() {
                // Wakes up even if everything has arrived already.
                let read = timeout(RETRY, socket.read(|frame| check.take(frame)));
                if read.await == Ok(false) {
                    return false;
                }
            }
            true
        });
        let open = rest.await.unwrap_or(true);
        (check, socket, open)
    }

    /// Sends one message after the other to a room, and each again that was not acknowledged.
    async fn send(mut self, room: Arc<Room>) {
        let (mut n, mut socket) = (0, self.connect(room.token(0)).await);
        while *self.stage.borrow_and_update() != Stage::End {
            n += 1;
            let message = room.message(0, n, self.origin.elapsed());
            while !acknowledged(&mut socket, &message).await {
                socket = self.connect(room.token(0)).await;
            }
            room.sent.fetch_add(1, Ordering::AcqRel);
            let hurried = *self.stage.borrow() == Stage::Up;
            if !hurried {
                sleep(EVERY).await;
            }
        }
        room.ended.fetch_add(1, Ordering::AcqRel);
    }
}

/// Sends a message and waits for the acknowledgement; false: the connection has ended.
async fn acknowledged(socket: &mut Socket, message: &String) -> bool {
    if socket.try_write(std::slice::from_ref(message)).await.is_err() {
        return false;
    }
    let mut done = false;
    while !done {
        if !socket.read(|frame| done |= frame.starts_with(ACKNOWLEDGED)).await {
            return false;
        }
    }
    true
}

/// Verifies the messages of a frame; returns whether it ends the catching up.
fn catch_up(check: &mut Check, frame: &[u8]) -> bool {
    if !frame.starts_with(br#"{"type":"changes""#) && !frame.starts_with(br#"{"type":"subscribed""#)
    {
        check.take(frame);
        return false;
    }
    let frame: Value = serde_json::from_slice(frame).unwrap();
    for message in frame["messages"].as_array().into_iter().flatten() {
        let number = |key: &str| message[key].as_u64().unwrap_or_default();
        check.verify(number("seq"), number("rev"), message["content"].as_str().unwrap_or_default());
    }
    if let Some(rev) = frame["rev"].as_u64() {
        check.rev = check.rev.max(rev);
    }
    let mut reset = frame["reset"] == true;
    for room in frame["rooms"].as_array().into_iter().flatten() {
        check.rev = check.rev.max(room["rev"].as_u64().unwrap_or_default());
        reset |= room["reset"] == true;
    }
    // What a client must read again was not delivered.
    check.tally.lost.fetch_add(u64::from(reset), Ordering::Relaxed);
    frame["type"] == "subscribed"
}
