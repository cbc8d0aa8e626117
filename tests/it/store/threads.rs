//! Threads: replies belong to the message with which their chain begins.

use chatctl::model::{
    Event, Follow, FollowedThread, Message, MessageId, Person, Personal, Role, RoomId, Seq, User,
};
use chatctl::store::{Basis, Draft, MessageChange, Missing, RoomChange, StoreError, Whose};

use super::{World, contract, draft};

contract!(
    replies_to_replies_are_one_thread,
    a_deleted_reply_is_counted_no_longer,
    replies_of_one_moment_are_in_their_thread,
    a_thread_is_read_by_pages,
    threads_of_other_rooms_and_unknown_messages_are_apart,
    a_reply_says_in_which_thread_it_is,
    a_thread_is_summed_up_below_its_first_message,
    whoever_starts_answers_or_is_mentioned_follows,
    who_chose_not_to_follow_follows_again_by_answering,
    what_is_read_in_the_thread_or_in_the_room_is_read,
    followed_threads_are_listed_newest_reply_first,
    threads_of_rooms_that_were_left_are_not_shown,
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

impl World {
    /// Answers a message, and mentions these users.
    async fn call(&self, room: RoomId, by: &User, to: Seq, users: &[&User]) -> Message {
        let mentions = users.iter().map(|user| vec![user.login.clone()]).collect();
        let draft = Draft { reply_to: Some(to), mentions, ..draft(by, "a call") };
        self.store.post(room, self.member(room, by.id).await, draft).await.unwrap().message
    }

    async fn delete(&self, room: RoomId, seq: Seq) {
        let change = MessageChange::Delete;
        let changed = self.store.change_message(room, seq, Basis::Nobody, None, Whose::Any, change);
        changed.await.unwrap();
    }

    /// The threads that a user follows, with the newest unread reply of each.
    async fn follows(&self, user: &User) -> Vec<(MessageId, Option<i64>)> {
        let mut found = self.store.follows(user.id).await.unwrap();
        assert!(found.iter().all(|follow| follow.following));
        found.sort_by_key(|follow| (follow.root.room, follow.root.seq));
        found.iter().map(|follow| (follow.root, follow.unread.map(|seq| seq.0))).collect()
    }

    /// Waits until this user is told of a thread for which this holds.
    async fn tells(&mut self, user: &User, mut wanted: impl FnMut(&Follow) -> bool) {
        self.wait_for(|event| match event {
            Event::Personal { user: to, change: Personal::Thread(follow), .. } => {
                *to == user.id && wanted(follow)
            }
            _ => false,
        })
        .await;
    }
}

async fn a_reply_says_in_which_thread_it_is(mut world: World) {
    let ann = world.user("ann").await;
    let id = world.private(&[&ann]).await.room.id;
    let root = world.say(id, &ann, "root").await.message;
    let first = world.answer(id, &ann, root.seq, "first").await;
    let second = world.answer(id, &ann, first.seq, "second").await;
    let of = |message: &Message| message.thread.map(|seq| seq.0);
    assert_eq!([of(&root), of(&first), of(&second)], [None, Some(1), Some(1)]);
    world.delete(id, first.seq).await;
    let changes = world.store.changes(id, root.rev, None, 50).await.unwrap();
    assert_eq!(changes.messages.iter().map(of).collect::<Vec<_>>(), [Some(1), Some(1)]);
    let page = world.store.messages(id, chatctl::model::Window::Latest, 50).await.unwrap();
    assert_eq!(page.iter().map(of).collect::<Vec<_>>(), [None, Some(1), Some(1)]);
    let told: Vec<Option<i64>> = world
        .steps()
        .iter()
        .flat_map(|step| step.changes.clone())
        .filter_map(|change| match change {
            chatctl::model::Change::Posted(message) | chatctl::model::Change::Deleted(message) => {
                Some(of(&message))
            }
            _ => None,
        })
        .collect();
    assert_eq!(told, [None, Some(1), Some(1), Some(1)]);
}

async fn a_thread_is_summed_up_below_its_first_message(world: World) {
    let users = world.users(5).await;
    let id = world.private(&users.iter().collect::<Vec<_>>()).await.room.id;
    let [ann, ben, cyd, dan, eve] = &users[..] else { panic!("there are five") };
    let one = world.say(id, ann, "one").await.message.seq;
    let two = world.say(id, ann, "two").await.message.seq;
    for by in [ben, cyd, dan, dan, eve] {
        world.answer(id, by, one, "reply").await;
    }
    let last = world.answer(id, cyd, one, "last").await;
    let other = world.answer(id, ben, two, "other").await;
    let sums = async |from, to| world.store.thread_summaries(id, Seq(from), Seq(to)).await.unwrap();
    let (facts_rev, both) = sums(1, 50).await;
    assert_eq!(facts_rev, world.facts(id).await.room.facts_rev);
    let names = |people: &[Person]| people.iter().map(|who| who.id).collect::<Vec<_>>();
    assert_eq!(both.iter().map(|thread| thread.root).collect::<Vec<_>>(), [one, two]);
    assert_eq!((both[0].replies, both[0].last_seq, both[0].last), (6, last.seq, last.created));
    assert_eq!(names(&both[0].repliers), [cyd.id, eve.id, dan.id], "the newest first, each once");
    assert_eq!((both[1].replies, both[1].last_seq), (1, other.seq));
    assert_eq!(sums(2, 2).await.1, both[1..]);
    world.delete(id, last.seq).await;
    let fewer = sums(1, 1).await.1.remove(0);
    assert_eq!((fewer.replies, fewer.last_seq), (5, Seq(last.seq.0 - 1)));
    assert_eq!(names(&fewer.repliers), [eve.id, dan.id, cyd.id]);
    world.delete(id, other.seq).await;
    assert_eq!(sums(2, 50).await.1, [], "nothing is left of it");
    let missing = world.store.thread_summaries(RoomId(99), one, two).await.unwrap_err();
    assert_eq!(missing, StoreError::NotFound(Missing::Room));
}

async fn whoever_starts_answers_or_is_mentioned_follows(mut world: World) {
    let users = world.users(5).await;
    let id = world.private(&users.iter().collect::<Vec<_>>()).await.room.id;
    let [ann, ben, cyd, dan, eve] = &users[..] else { panic!("there are five") };
    let root = MessageId { room: id, seq: world.say(id, ann, "root").await.message.seq };
    assert_eq!(world.follows(ann).await, [], "nobody has answered");
    let first = world.answer(id, ben, root.seq, "first").await.seq;
    // In any order.
    let mut left = vec![(ann.id, Some(first)), (ben.id, None)];
    world
        .wait_for(|event| {
            if let Event::Personal { user, change: Personal::Thread(follow), .. } = event {
                assert!(follow.following && follow.root == root);
                left.retain(|wanted| *wanted != (*user, follow.unread));
            }
            left.is_empty()
        })
        .await;
    assert_eq!(world.follows(ann).await, [(root, Some(first.0))]);
    assert_eq!(world.follows(ben).await, [(root, None)]);
    assert_eq!(world.follows(cyd).await, []);
    let second = world.call(id, ann, first, &[cyd]).await.seq;
    world.tells(cyd, |follow| follow.unread == Some(second)).await;
    assert_eq!(world.follows(ann).await, [(root, None)], "by posting, one has read all before");
    assert_eq!(world.follows(ben).await, [(root, Some(second.0))]);
    assert_eq!(world.follows(cyd).await, [(root, Some(second.0))]);
    // An edit mentions somebody, and everybody: only the former follows.
    let edit = async |names: &[&str]| {
        let mentions = vec![names.iter().map(|name| (*name).to_owned()).collect()];
        let change = MessageChange::Edit { text: "changed".to_owned(), mentions };
        let by = Some(ann.id);
        world
            .store
            .change_message(id, second, Basis::Nobody, by, Whose::Own, change)
            .await
            .unwrap();
    };
    edit(&[&dan.login]).await;
    edit(&[chatctl::model::rules::EVERYONE]).await;
    assert_eq!(world.follows(dan).await, [(root, Some(second.0))]);
    assert_eq!(world.follows(eve).await, []);
    world.open_again_after_close().await;
    assert_eq!(world.follows(dan).await, [(root, Some(second.0))]);
    world.store.remove_user(ben.id).await.unwrap();
    assert_eq!(world.follows(ben).await, []);
}

async fn who_chose_not_to_follow_follows_again_by_answering(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    let root = MessageId { room: id, seq: world.say(id, &ann, "root").await.message.seq };
    let first = world.answer(id, &ben, root.seq, "first").await.seq;
    let choose = async |user: &User, following| {
        world.store.follow_thread(id, user.id, first, following).await.unwrap()
    };
    let left = choose(&ann, false).await;
    assert_eq!((left.root, left.following), (root, false));
    assert_eq!(choose(&ann, false).await, left, "again the same");
    world.call(id, &ben, root.seq, &[&ann]).await;
    assert_eq!(world.follows(&ann).await, [], "a mention changes nothing");
    world.answer(id, &ann, root.seq, "mine").await;
    world.tells(&ann, |follow| !follow.following).await;
    world.tells(&ann, |follow| follow.following).await;
    assert_eq!(world.follows(&ann).await, [(root, None)]);
    let alone = world.say(id, &ann, "alone").await.message.seq;
    let by_hand = world.store.follow_thread(id, ben.id, alone, true).await.unwrap();
    assert_eq!((by_hand.root.seq, by_hand.following, by_hand.unread), (alone, true, None));
    assert_eq!(world.follows(&ben).await.len(), 2);
    let listed = world.store.followed(ben.id, None, 10).await.unwrap();
    assert_eq!(listed.len(), 1, "one without replies is not listed");
    for (place, seq) in [(id, Seq(99)), (RoomId(99), Seq(1))] {
        world.store.follow_thread(place, ann.id, seq, true).await.unwrap_err();
        world.store.read_thread(place, ann.id, seq).await.unwrap_err();
    }
}

async fn what_is_read_in_the_thread_or_in_the_room_is_read(mut world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    let root = MessageId { room: id, seq: world.say(id, &ann, "root").await.message.seq };
    let mut replies = Vec::new();
    for text in ["one", "two", "three", "four"] {
        replies.push(world.answer(id, &ben, root.seq, text).await.seq);
    }
    let unread = async |world: &World| {
        let list = world.store.followed(ann.id, None, 10).await.unwrap();
        (list[0].unread, world.follows(&ann).await[0].1)
    };
    assert_eq!(unread(&world).await, (4, Some(replies[3].0)));
    let read = world.store.read_thread(id, ann.id, replies[1]).await.unwrap();
    assert_eq!((read.root, read.read, read.unread), (root, replies[1], Some(replies[3])));
    world.tells(&ann, |follow| follow.read == replies[1]).await;
    assert_eq!(unread(&world).await, (2, Some(replies[3].0)));
    let back = world.store.read_thread(id, ann.id, replies[0]).await.unwrap();
    assert_eq!(back.read, replies[1], "a mark never moves back");
    world.delete(id, replies[3]).await;
    assert_eq!(unread(&world).await, (1, Some(replies[2].0)), "what is deleted is not unread");
    world.store.mark_read(id, ann.id, replies[2]).await.unwrap();
    assert_eq!(unread(&world).await, (0, None), "the replies stand in the conversation, too");
    world.store.mark_unread(id, ann.id, replies[0]).await.unwrap();
    world.tells(&ann, |follow| follow.read < replies[0]).await;
    assert_eq!(unread(&world).await, (3, Some(replies[2].0)), "also what was read in the thread");
    world.open_again_after_close().await;
    assert_eq!(unread(&world).await, (3, Some(replies[2].0)));
    let again = world.store.read_thread(id, ann.id, replies[0]).await.unwrap();
    assert_eq!((again.read, again.unread), (replies[0], Some(replies[2])));
    let to_the_end = world.store.read_thread(id, ann.id, replies[2]).await.unwrap();
    assert_eq!((to_the_end.read, to_the_end.unread), (replies[2], None));
    world.tells(&ann, |follow| follow.read == replies[2]).await;
    // The room is unread already; the threads in it are read, and unread again.
    world.store.mark_unread(id, ann.id, replies[1]).await.unwrap();
    world.tells(&ann, |follow| follow.read == replies[0]).await;
    assert_eq!(unread(&world).await, (2, Some(replies[2].0)));
    world.store.mark_read(id, ann.id, replies[2]).await.unwrap();
    assert_eq!(unread(&world).await, (0, None));
}

async fn followed_threads_are_listed_newest_reply_first(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let mut roots = Vec::new();
    for number in 0..4 {
        let id = world.private(&[&ann, &ben]).await.room.id;
        let root = world.say(id, &ann, &format!("root {number}")).await.message;
        world.answer(id, &ben, root.seq, "reply").await;
        roots.push(root);
    }
    let last = world.answer(roots[1].room, &ben, roots[1].seq, "newest").await;
    world.delete(roots[2].room, roots[2].seq).await;
    let page = async |after, limit| world.store.followed(ann.id, after, limit).await.unwrap();
    let all = page(None, 10).await;
    let newest = all.iter().find(|thread| thread.root == roots[1]).unwrap();
    assert_eq!((&newest.last, newest.replies, newest.unread), (&last, 2, 2));
    let mut places: Vec<_> = all.iter().map(FollowedThread::place).collect();
    assert_eq!(places.len(), 4);
    places.sort_by_key(|place| std::cmp::Reverse(*place));
    assert_eq!(places, all.iter().map(FollowedThread::place).collect::<Vec<_>>());
    let gone = all.iter().find(|thread| thread.root.room == roots[2].room).unwrap();
    assert!(gone.root.deleted.is_some(), "its replies are there still");
    let first = page(None, 3).await;
    let rest = page(Some(first[2].place()), 3).await;
    assert_eq!([first, rest].concat(), all);
    world.delete(last.room, last.seq).await;
    assert_ne!(page(None, 10).await[0].root, roots[1]);
}

async fn threads_of_rooms_that_were_left_are_not_shown(world: World) {
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let id = world.private(&[&ann, &ben]).await.room.id;
    let root = world.say(id, &ann, "root").await.message.seq;
    world.answer(id, &ben, root, "reply").await;
    let change = async |change| {
        world.store.change_room(id, Basis::Nobody, Some(ben.id), change).await.unwrap();
    };
    change(RoomChange::Remove { user: ann.id, successor: None, socket: None }).await;
    assert_eq!(world.follows(&ann).await, []);
    assert_eq!(world.store.followed(ann.id, None, 10).await.unwrap(), []);
    world.answer(id, &ben, root, "another").await;
    change(RoomChange::Add(ann.id, Role::Member)).await;
    let again = world.follows(&ann).await;
    assert_eq!(
        again,
        [(MessageId { room: id, seq: root }, None)],
        "nothing is unread at the entry"
    );
    let next = world.answer(id, &ben, root, "next").await.seq;
    assert_eq!(world.follows(&ann).await[0].1, Some(next.0));
    change(RoomChange::Delete).await;
    world.settle().await;
    assert_eq!(world.follows(&ann).await, []);
    assert_eq!(world.follows(&ben).await, []);
}
