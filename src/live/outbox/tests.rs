//! Queues of one socket, with and without a connection that is written directly.

use super::super::frames::tests::payloads;
use super::*;

impl Outbox {
    /// Takes everything that is queued or kept back, as text.
    pub(crate) fn take_all(&self) -> Vec<String> {
        let mut queue = self.lock();
        let waiting = std::mem::take(&mut queue.waiting);
        let held = queue.held.as_mut().map(std::mem::take).unwrap_or_default();
        queue.count();
        waiting.into_iter().chain(held).flat_map(|one| payloads(one.frames.bytes)).collect()
    }
}

/// A connection that accepts this many bytes before it would block.
#[derive(Debug, Default)]
struct Peer {
    room: Mutex<usize>,
    read: Mutex<Vec<u8>>,
}

impl Peer {
    fn reads(&self, bytes: usize) {
        *self.room.lock().unwrap() += bytes;
    }

    fn heard(&self) -> Vec<String> {
        payloads(std::mem::take(&mut *self.read.lock().unwrap()).into())
    }
}

impl TryWrite for Peer {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write_vectored(&[IoSlice::new(bytes)])
    }

    fn try_write_vectored(&self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut room = self.room.lock().unwrap();
        let all: Vec<u8> = bytes.iter().flat_map(|slice| slice.to_vec()).collect();
        let count = all.len().min(*room);
        if count == 0 && !all.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        *room -= count;
        self.read.lock().unwrap().extend_from_slice(&all[..count]);
        Ok(count)
    }
}

/// A queue that cannot borrow.
fn queue(max_frames: usize, max_bytes: usize) -> Outbox {
    Outbox::new(max_frames, max_bytes, Backlog::new(0))
}

fn text(payload: &str) -> Frames {
    Frames::text(payload)
}

fn direct(max_frames: usize, max_bytes: usize) -> (Outbox, Arc<Peer>) {
    let (outbox, peer) = (queue(max_frames, max_bytes), Arc::<Peer>::default());
    let connection: Arc<dyn TryWrite> = Arc::clone(&peer) as _;
    outbox.write_directly(Some(connection));
    (outbox, peer)
}

#[test]
fn a_full_queue_closes_the_socket_and_drops_what_is_not_begun() {
    let outbox = queue(2, 100);
    for payload in ["a", "b"] {
        outbox.push(&text(payload));
    }
    assert_eq!(outbox.due(), Due::Write);
    outbox.push(&text("c"));
    outbox.push(&text("d"));
    assert_eq!(outbox.due(), Due::Close(CloseReason::TooSlow));
    assert!(outbox.take_all().is_empty());
}

#[test]
fn bytes_count_too_and_are_given_back() {
    let outbox = queue(10, 12);
    for _ in 0..3 {
        outbox.push(&text("12345678"));
        assert_eq!(outbox.take_all(), ["12345678"]);
    }
    outbox.push(&text("12345678"));
    outbox.push(&text("1"));
    assert_eq!(outbox.due(), Due::Close(CloseReason::TooSlow));
}

#[test]
fn hints_are_left_out_when_half_full() {
    let outbox = queue(4, 1000);
    outbox.push(&text("a"));
    outbox.push_hint(&text("hint"));
    outbox.push_hint(&text("left out"));
    outbox.push(&text("b"));
    assert_eq!(outbox.take_all(), ["a", "hint", "b"]);
}

#[test]
fn an_answer_stands_before_what_was_pushed_while_it_was_prepared() {
    let (outbox, peer) = direct(10, 1000);
    peer.reads(1000);
    outbox.push(&text("before"));
    outbox.hold();
    outbox.push(&text("after"));
    assert_eq!((peer.heard(), outbox.due()), (vec!["before".to_owned()], Due::Nothing));
    outbox.close(CloseReason::Normal);
    assert_eq!(outbox.due(), Due::Nothing, "what is kept back comes first");
    outbox.answer(text("answer"));
    outbox.release();
    assert_eq!(outbox.take_all(), ["answer", "after"]);
    assert_eq!(outbox.due(), Due::Close(CloseReason::Normal));
}

#[test]
fn the_greeting_stands_before_what_came_since_the_socket_was_registered() {
    let outbox = queue(4, 1000);
    outbox.push(&text("event"));
    outbox.greet(text("greeting"));
    outbox.answer(text("answer"));
    assert_eq!(outbox.take_all(), ["greeting", "event", "answer"]);
}

#[test]
fn nothing_is_queued_for_a_peer_that_reads() {
    let (outbox, peer) = direct(1, 10);
    peer.reads(1_000_000);
    for payload in ["a", "much longer than the queue", "b"] {
        outbox.push(&text(payload));
        assert_eq!(outbox.due(), Due::Nothing);
    }
    assert_eq!(peer.heard(), ["a", "much longer than the queue", "b"]);
}

#[test]
fn the_rest_of_a_frame_is_written_before_anything_else() {
    let (outbox, peer) = direct(2, 10);
    peer.reads(5);
    outbox.push(&text("0123456789"));
    assert_eq!(outbox.due(), Due::Write);
    outbox.push(&text("dropped"));
    assert_eq!(outbox.due(), Due::Close(CloseReason::TooSlow));
    peer.reads(1000);
    let queue = outbox.lock();
    assert_eq!((queue.waiting.len(), queue.bytes), (1, 7));
    drop(queue);
    // As the task does.
    outbox.answer(text("farewell"));
    outbox.lock().pass_on(&text("end"));
    assert_eq!(peer.heard(), ["0123456789", "farewell", "end"]);
}

#[test]
fn what_waits_is_written_with_the_next_frame() {
    let (outbox, peer) = direct(10, 1000);
    for n in 0..8 {
        outbox.push(&text(&n.to_string()));
    }
    assert_eq!(outbox.due(), Due::Write);
    peer.reads(1000);
    outbox.push(&text("8"));
    assert_eq!(outbox.due(), Due::Nothing);
    assert_eq!(peer.heard(), ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[test]
fn answers_do_not_count_against_the_limits() {
    let outbox = queue(2, 10);
    outbox.answer(text("much longer than the queue"));
    outbox.push(&text("a"));
    assert_eq!(outbox.due(), Due::Write);
    assert!(outbox.has_many_answers());
    outbox.push(&text("b"));
    assert_eq!(outbox.due(), Due::Write);
    outbox.push(&text("c"));
    assert_eq!(outbox.due(), Due::Close(CloseReason::TooSlow));
}

#[tokio::test]
async fn writing_ends_where_it_began_however_much_is_pushed_meanwhile() {
    use tokio::io::AsyncReadExt;
    let outbox = queue(100, 1000);
    let (mut near, mut far) = tokio::io::duplex(4);
    outbox.push(&text("first"));
    let (written, goal) = outbox.progress();
    assert_eq!((written, goal), (0, 7));
    let writing = std::future::poll_fn(|cx| {
        outbox.push(&text("more"));
        outbox.poll_drain(cx, Pin::new(&mut near), goal)
    });
    let mut read = [0; 8];
    let (written, _) = tokio::join!(writing, far.read_exact(&mut read));
    written.unwrap();
    assert!(outbox.progress().0 >= goal && outbox.due() == Due::Write);
}

#[test]
fn a_full_queue_borrows_for_chunks_of_rooms_while_the_server_has_memory() {
    let backlog = Backlog::new(200);
    let outbox = Outbox::new(1, 1000, Arc::clone(&backlog));
    let shared = |payload: &str| {
        let bytes = backlog.chunk(text(payload).bytes);
        Frames { bytes, count: 1, shared: true }
    };
    let shared = ["a", "b", "c", "d"].map(shared);
    for chunk in &shared[..3] {
        outbox.push(chunk);
    }
    assert_eq!((outbox.due(), backlog.used()), (Due::Write, 4 * 3 + 2 * 64));
    assert_eq!(outbox.take_all(), ["a", "b", "c"]);
    assert_eq!(backlog.used(), 4 * 3, "what was borrowed is given back");
    outbox.push(&shared[0]);
    outbox.push(&text("alone"));
    assert_eq!(outbox.due(), Due::Close(CloseReason::TooSlow), "only for what many share");

    let (one, other) =
        (Outbox::new(1, 1000, Arc::clone(&backlog)), Outbox::new(1, 1000, Arc::clone(&backlog)));
    for chunk in &shared[..3] {
        one.push(chunk);
    }
    other.push(&shared[0]);
    assert_eq!(other.due(), Due::Write);
    other.push(&shared[1]);
    assert_eq!(other.due(), Due::Close(CloseReason::TooSlow), "all is borrowed");
    drop((one, other, shared));
    assert_eq!(backlog.used(), 0);
}
