//! Three nodes of which some stop and die: what was acknowledged stays, in order, once.

mod chat;
mod heads;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chatctl::store::cluster::tables::cql::{Cql, Options};
use tokio::time::sleep;

use super::{Ring, create};
use crate::store::World;

/// Time-out of a request.
const PATIENCE: Duration = Duration::from_secs(2);
/// Servers, each with connections of its own.
const SERVERS: usize = 3;

/// Three nodes cost 3 GB of memory and a minute: only with `CHATCTL_CASSANDRA=3`.
fn is_wanted() -> bool {
    std::env::var("CHATCTL_CASSANDRA").is_ok_and(|nodes| nodes == "3")
}

async fn connect_to(three: &Ring) -> Cql {
    let nodes = three.nodes.iter().map(|node| node.address.clone()).collect();
    let options = Options { nodes, patience: PATIENCE, ..super::options(&three.nodes[0], "loss") };
    Box::pin(Cql::connect(options)).await.unwrap()
}

/// What writers of one kind have done.
#[derive(Debug, Default)]
struct Progress {
    acknowledged: AtomicUsize,
    over: AtomicBool,
}

impl Progress {
    fn made(&self) {
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    fn count(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

/// Stops and kills nodes; between two outages commits go on.
async fn outages(three: &mut Ring, all: &[&Progress]) {
    // Waits until each acknowledges so many more.
    let progress = async |count: usize, what: &str| {
        let until = Instant::now() + Duration::from_mins(1);
        let wanted: Vec<_> = all.iter().map(|one| one.count() + count).collect();
        while all.iter().zip(&wanted).any(|(one, wanted)| one.count() < *wanted) {
            assert!(Instant::now() < until, "no progress {what}: {all:?}, wanted {wanted:?}");
            sleep(Duration::from_millis(50)).await;
        }
    };
    progress(50, "at all").await;
    for n in 0..3 {
        three.nodes[n].stop();
        progress(20, "without a node that stands still").await;
        three.nodes[n].go_on();
        progress(5, "with all again").await;
    }
    three.nodes[1].kill();
    progress(20, "without a dead node").await;
    three.start_again(1);
    progress(20, "with a node that is back").await;

    // Two of three: nothing can be acknowledged, and nobody waits for ever.
    three.nodes[0].stop();
    three.nodes[2].stop();
    sleep(3 * PATIENCE).await;
    let counts = || all.iter().map(|one| one.count()).collect::<Vec<_>>();
    let before = counts();
    sleep(PATIENCE).await;
    assert_eq!(counts(), before, "by one node of three");
    three.nodes[0].go_on();
    three.nodes[2].go_on();
    progress(20, "after the outage").await;

    // All at once lose their power.
    for node in &three.nodes {
        node.kill();
    }
    for n in 0..3 {
        three.start_again(n);
    }
    progress(20, "after all have died").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_stop_and_die_and_nothing_acknowledged_is_lost() {
    if !is_wanted() {
        return;
    }
    let mut three = Ring::start(3);
    let first = connect_to(&three).await;
    create(&first, 3).await;
    assert_eq!(first.checkup().await.unwrap().nodes.len(), 3);
    let (of_heads, of_posts) = (Arc::new(Progress::default()), Arc::new(Progress::default()));
    let (mut worlds, mut writers, mut authors) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..SERVERS {
        worlds.push(Arc::new(World::on_tables(Arc::new(connect_to(&three).await)).await));
    }
    let scene = chat::scene(&worlds[0]).await;
    for (server, world) in worlds.iter().enumerate() {
        let tables = connect_to(&three).await;
        writers.push(tokio::spawn(heads::write(tables, server, Arc::clone(&of_heads))));
        let (world, scene) = (Arc::clone(world), scene.clone());
        authors.push(tokio::spawn(chat::post(world, scene, server, Arc::clone(&of_posts))));
    }
    outages(&mut three, &[&of_heads, &of_posts]).await;
    of_heads.over.store(true, Ordering::SeqCst);
    of_posts.over.store(true, Ordering::SeqCst);
    let (mut journals, mut told) = (Vec::new(), Vec::new());
    for (writer, author) in writers.into_iter().zip(authors) {
        journals.push(writer.await.unwrap());
        told.push(author.await.unwrap());
    }
    let again = connect_to(&three).await;
    heads::check(&again, journals).await;
    worlds.push(Arc::new(World::on_tables(Arc::new(again)).await));
    chat::check(&worlds, &scene, told).await;
}
