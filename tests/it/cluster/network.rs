//! Faults of the network between servers and nodes, and between nodes: packets do not arrive, in one
//! direction or in both.

use reqwest::Method;

use super::dice::Dice;
use super::faults::some_time;
use super::ways::{Closed, Towards};
use super::world::{SERVERS, World, until_answered};
use crate::support::{Body, Client};

/// A server does not reach Cassandra, or hears no answers of it: it says so, and works again
/// afterwards.
pub(super) async fn cut_from_nodes(world: &mut World, dice: &mut Dice) {
    let n = dice.below(SERVERS);
    let towards = [None, Some(Towards::Place), Some(Towards::Process)][dice.below(3)];
    let process = world.servers[n].pid();
    world.unsure.ways.close(vec![Closed { process, place: None, towards }]);
    let server = Client::new(&world.servers[n]);
    says(&server, 503).await;
    some_time(dice, 1_000, 15_000).await;
    world.unsure.ways.close(Vec::new());
    says(&server, 200).await;
    let lost = match towards {
        None => "everything",
        Some(Towards::Place) => "requests",
        Some(Towards::Process) => "answers",
    };
    eprintln!("        of server {n}, {lost} did not arrive");
}

/// Waits until `/health` of a server has this status.
async fn says(server: &Client, status: u16) {
    until_answered(&format!("/health with {status}"), async || {
        let answer = server.try_request(Method::GET, "/health", Body::Nothing).await.ok()?;
        (answer.status == status).then_some(())
    })
    .await;
}

/// Two of the nodes do not reach each other, long enough for them to notice; both reach the others.
pub(super) async fn nodes_cut_apart(world: &mut World, dice: &mut Dice) {
    let mut nodes: Vec<usize> = (0..world.ring.nodes.len()).collect();
    dice.shuffle(&mut nodes);
    let closed = [(nodes[0], nodes[1]), (nodes[1], nodes[0])].map(|(from, to)| Closed {
        process: world.ring.nodes[from].pid(),
        place: Some(to),
        towards: None,
    });
    world.between.ways.close(closed.to_vec());
    some_time(dice, 10_000, 30_000).await;
    world.between.ways.close(Vec::new());
}
