//! Threads: replies belong to the message with which their chain begins.

use chatctl::model::{Message, RoomId, Seq, User};
use chatctl::store::{Draft, MessageChange, Missing, StoreError, Whose};

use super::{World, contract, draft};

contract!(
    replies_to_replies_are_one_thread,
    a_deleted_reply_is_counted_no_longer,
    replies_of_one_moment_are_in_their_thread,
    a_thread_is_read_by_pages,
    threads_of_other_rooms_and_unknown_messages_are_apart,
);

impl World {
    async fn answer(&self, room: RoomId, by: &User, to: Seq, text: &str) -> Message {
        let draft = Draft { reply_to: Some(to), ..draft(by, text) };
        let basis = self.member(room, by.id).await;
        self.store.post(room, basis, draft).await.unwrap().message
    }
}

fn seqs(messages: &[Message]) -> Vec<i64> {
    messages.iter().map(|message| message.seq.0).collect()
}

async fn replies_to_replies_are_one_thread(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let root = world.say(id, &ann, "root").await.message;
    let other = world.say(id, &ann, "other").await.message;
    let first = world.answer(id, &ann, root.seq, "first").await;
    let second = world.answer(id, &ann, first.seq, "second").await;
    let third = world.answer(id, &ann, second.seq, "third").await;
    let elsewhere = world.answer(id, &ann, other.seq, "elsewhere").await;
    for named in [&root, &first, &second, &third] {
        let thread = world.store.thread(id, named.seq, None, 50).await.unwrap();
        assert_eq!(thread.root, root);
        assert_eq!((thread.replies, thread.last), (3, Some(third.created)));
        assert_eq!(thread.messages, [first.clone(), second.clone(), third.clone()]);
    }
    let thread = world.store.thread(id, other.seq, None, 50).await.unwrap();
    assert_eq!((thread.root, thread.messages), (other, vec![elsewhere]));
}

async fn a_deleted_reply_is_counted_no_longer(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let root = world.say(id, &ann, "root").await.message.seq;
    let first = world.answer(id, &ann, root, "first").await;
    let last = world.answer(id, &ann, root, "last").await.seq;
    let basis = world.member(id, ann.id).await;
    let delete = async |seq| {
        let change = MessageChange::Delete;
        let by = Some(ann.id);
        world.store.change_message(id, seq, basis, by, Whose::Any, change).await.unwrap();
    };
    delete(last).await;
    let thread = world.store.thread(id, root, None, 50).await.unwrap();
    assert_eq!((thread.replies, thread.last), (1, Some(first.created)));
    assert_eq!(seqs(&thread.messages), [first.seq.0, last.0], "it keeps its place");
    delete(root).await;
    let thread = world.store.thread(id, first.seq, None, 50).await.unwrap();
    assert!(thread.root.deleted.is_some());
    assert_eq!((thread.root.seq, thread.replies), (root, 1));
    delete(first.seq).await;
    let thread = world.store.thread(id, root, None, 50).await.unwrap();
    assert_eq!((thread.replies, thread.last), (0, None));
}

async fn replies_of_one_moment_are_in_their_thread(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let basis = world.member(id, ann.id).await;
    let post =
        |text: &str, reply_to| world.store.post(id, basis, Draft { reply_to, ..draft(&ann, text) });
    // Polled together, they may be committed together.
    let (root, first, second) = tokio::join!(
        post("root", None),
        post("first", Some(Seq(1))),
        post("second", Some(Seq(2))),
    );
    for posted in [root, first, second] {
        posted.unwrap();
    }
    let thread = world.store.thread(id, Seq(3), None, 50).await.unwrap();
    assert_eq!((thread.root.seq, seqs(&thread.messages)), (Seq(1), vec![2, 3]));
}

async fn a_thread_is_read_by_pages(world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let root = world.say(id, &ann, "root").await.message.seq;
    for number in 0..5 {
        world.answer(id, &ann, root, &number.to_string()).await;
        world.say(id, &ann, "between").await;
    }
    let page = async |before| {
        let thread = world.store.thread(id, root, before, 2).await.unwrap();
        assert_eq!(thread.replies, 5);
        seqs(&thread.messages)
    };
    assert_eq!(page(None).await, [8, 10]);
    assert_eq!(page(Some(Seq(8))).await, [4, 6]);
    assert_eq!(page(Some(Seq(4))).await, [2]);
    assert!(page(Some(Seq(2))).await.is_empty());
}

async fn threads_of_other_rooms_and_unknown_messages_are_apart(world: World) {
    let ann = world.user("ann").await;
    let [one, two] = [world.private(&[&ann]).await.room.id, world.private(&[&ann]).await.room.id];
    for id in [one, two] {
        world.say(id, &ann, "root").await;
    }
    world.answer(one, &ann, Seq(1), "reply").await;
    let thread = world.store.thread(two, Seq(1), None, 50).await.unwrap();
    assert_eq!((thread.replies, thread.messages), (0, Vec::new()));
    for unknown in [Seq(0), Seq(9)] {
        let refused = world.store.thread(one, unknown, None, 50).await.unwrap_err();
        assert_eq!(refused, StoreError::NotFound(Missing::Message));
    }
}
