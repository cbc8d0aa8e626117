//! A snapshot of the database is restored: clients that have seen more than it contains begin anew.

use serde_json::json;

use super::Common;
use crate::store::cassandra::{Ring, is_wanted};
use crate::support::{Ctl, Json, Person, Server};

/// A client that remembers its position in a room, as one that resumes does.
struct Follower {
    who: Person,
    epoch: Json,
    rev: i64,
}

impl Follower {
    /// Has read everything up to now.
    async fn begin(who: Person, room: &str) -> Self {
        let path = format!("/api/chatrooms/{room}/changes?since=0&limit=200");
        let page = who.get(&path).await.is(200);
        Self { who, epoch: page["epoch"].clone(), rev: page["rev"].as_i64().unwrap() }
    }

    /// Subscribes again on this server with what it remembers; returns whether it has to begin anew,
    /// and what it hears until it is subscribed.
    async fn resume(&self, server: &Server, room: &str) -> (bool, Vec<Json>) {
        let there = Person::known(server, &self.who.login).await;
        let mut socket = there.open().await;
        let subscribe =
            json!({"type": "subscribe", "epoch": self.epoch, "since": {room: self.rev}});
        socket.send(subscribe).await;
        let (heard, answer) = socket.all_until(|frame| frame["type"] == "subscribed").await;
        let rooms = answer["rooms"].as_array().unwrap();
        let entry = rooms.iter().find(|entry| entry["room_id"] == room).unwrap();
        (entry["reset"] == true, heard)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_and_a_new_epoch_nobody_is_out_of_step() {
    if !is_wanted() {
        return;
    }
    let saved = tempfile::tempdir().unwrap();
    let mut ring = tokio::task::block_in_place(|| Ring::start(1));
    let common = Common::on(&ring.nodes[0].address, &[]);
    let (mut one, mut two) = (common.server(&[]).await, common.server(&[]).await);
    let [ann, ben] = [Person::new(&one, "ann").await, Person::new(&two, "ben").await];
    let room = ann.room(&[&ben]).await;
    ann.say_all(&room, &["before", "the snapshot"]).await;
    one.terminate().await;
    two.terminate().await;
    ring.nodes[0].kill();
    let copy = saved.path().join("node");
    ring.save(0, &copy);
    tokio::task::block_in_place(|| ring.start_again(0));
    one.restart().await;
    two.restart().await;

    // What the snapshot does not have is heard by both.
    let ann = Person::known(&one, "ann").await;
    ann.say_all(&room, &["lost", "with", "the disks"]).await;
    let followers = [
        Follower::begin(ann, &room).await,
        Follower::begin(Person::known(&two, "ben").await, &room).await,
    ];
    let (reset, heard) = followers[0].resume(&two, &room).await;
    assert!(!reset, "nothing has happened yet: {heard:?}");
    one.terminate().await;
    two.terminate().await;
    ring.nodes[0].kill();
    ring.put_back(0, &copy);
    tokio::task::block_in_place(|| ring.start_again(0));

    // Without a new epoch they would believe that they have seen what comes now.
    one.restart().await;
    let again = Person::known(&one, "ann").await;
    assert_eq!(again.contents(&room).await, ["before", "the snapshot"]);
    again.say_all(&room, &["another", "three", "messages", "and a fourth"]).await;
    let (reset, heard) = followers[0].resume(&one, &room).await;
    assert!(!reset && tells(&heard, "and a fourth") && !tells(&heard, "another"), "{heard:?}");
    one.terminate().await;

    common.ctl(Ctl::of(&one)).run(&["cluster", "new-epoch"]).ends(0);
    one.restart().await;
    two.restart().await;
    for (follower, server) in followers.iter().zip([&two, &one]) {
        let (reset, heard) = follower.resume(server, &room).await;
        assert!(reset, "{} is out of step: {heard:?}", follower.who.login);
        let there = Person::known(server, &follower.who.login).await;
        let texts = there.contents(&room).await;
        assert_eq!(texts[..3], ["before", "the snapshot", "another"]);
        // From there on it goes on as ever.
        let follower = Follower::begin(there.clone(), &room).await;
        let (reset, _) = follower.resume(server, &room).await;
        assert!(!reset);
    }
}

/// Whether one of the frames has this text.
fn tells(frames: &[Json], text: &str) -> bool {
    frames.iter().any(|frame| frame.to_string().contains(text))
}
