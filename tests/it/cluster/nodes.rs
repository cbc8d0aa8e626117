//! Nodes of Cassandra that die, join and leave.

use tokio::task::{block_in_place, spawn_blocking};

use super::dice::Dice;
use super::faults::some_time;
use super::hot;
use super::world::World;

/// Kills so many nodes at once, as a loss of power would, and starts them again.
pub(super) async fn die(world: &mut World, dice: &mut Dice, count: usize) {
    let mut nodes: Vec<_> = (0..world.ring.nodes.len()).collect();
    dice.shuffle(&mut nodes);
    nodes.truncate(count);
    for n in &nodes {
        world.ring.nodes[*n].kill();
    }
    some_time(dice, 1_000, 8_000).await;
    // The first one is where the others look for the cluster.
    nodes.sort_unstable();
    for n in nodes {
        block_in_place(|| world.ring.start_again(n));
    }
}

/// A node joins the cluster and gets its part of the data while a room is hot, and leaves while it
/// is hot again.
pub(super) async fn join(world: &mut World, dice: &mut Dice) {
    let next = world.ring.next();
    let joining = spawn_blocking(move || next.start());
    let measured = hot::heat(world, dice).await;
    world.notes.push(format!("a node joins: {measured}"));
    world.ring.nodes.push(joining.await.expect("the node has joined"));
    let last = world.ring.last();
    let leaving = spawn_blocking(move || last.decommission());
    let measured = hot::heat(world, dice).await;
    world.notes.push(format!("a node leaves: {measured}"));
    leaving.await.expect("the node has left");
    world.ring.drop_last();
}
