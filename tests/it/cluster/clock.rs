//! Clocks that can be moved: a small library that is loaded into servers and nodes.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chatctl::model::Timestamp;
use reqwest::Method;
use serde_json::json;

use super::dice::Dice;
use super::faults::{log_out, some_time};
use super::world::{World, until_answered};

/// The clock of a process, or of several.
pub(super) struct Clock {
    library: String,
    file: String,
}

impl Clock {
    /// A clock that is right; its files are in this directory.
    pub(super) fn new(dir: &Path, name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let library = dir.join("clock.so");
        if !library.exists() {
            let mut compile = Command::new("cc");
            compile.args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library);
            compile.arg(root.join("tests/cluster/clock.c")).arg("-ldl");
            assert!(compile.status().expect("a C compiler").success(), "clock.c");
        }
        let file = dir.join(name);
        let clock = Self { library: text(&library), file: text(&file) };
        fs::write(file, 0_i64.to_ne_bytes()).unwrap();
        clock
    }

    /// What a process needs in its environment.
    pub(super) fn settings(&self) -> [(&str, &str); 2] {
        [("LD_PRELOAD", &self.library), ("CLOCK_FILE", &self.file)]
    }

    /// Moves it away from the right time.
    pub(super) fn set(&self, seconds: i64) {
        let file = fs::File::options().write(true).open(&self.file).unwrap();
        // In place: processes have it in their memory.
        file.write_all_at(&seconds.to_ne_bytes(), 0).unwrap();
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("a name of this test").to_owned()
}

/// Minutes between the clocks of the servers, seconds between those of the nodes; a user logs out
/// meanwhile, and another one when the clocks are right again.
pub(super) async fn differ(world: &mut World, dice: &mut Dice) {
    let mut servers = [-300, 0, 300];
    dice.shuffle(&mut servers);
    for (clock, seconds) in world.clocks.iter().zip(servers) {
        clock.set(seconds);
    }
    for clock in &world.node_clocks {
        clock.set([-2, 0, 2][dice.below(3)]);
    }
    let ahead = servers.iter().position(|seconds| *seconds > 0).expect("one of them");
    assert!(is_ahead(world, ahead).await, "the clock of server {ahead} was not moved");
    some_time(dice, 3_000, 8_000).await;
    log_out(world, dice).await;
    some_time(dice, 1_000, 5_000).await;
    for clock in world.clocks.iter().chain(&world.node_clocks) {
        clock.set(0);
    }
    log_out(world, dice).await;
}

/// Whether a server believes that it is minutes later: it says so of a new account.
async fn is_ahead(world: &World, n: usize) -> bool {
    let there = world.owner.bare().moved_to(&world.shared.address(n));
    let created = until_answered("a registration", async || {
        // A new name each time: the one before may have been stored without an answer.
        let login = format!("clock{}", world.shared.time().as_millis());
        let new = json!({"userId": login, "password": "long enough"});
        let answer = there.try_request(Method::POST, "/api/users", new).await.ok()?;
        (answer.status == 201).then(|| answer.json()["createdAt"].clone())
    })
    .await;
    let later = Timestamp::now().plus(Duration::from_mins(4)).seconds();
    created.as_str().is_some_and(|at| *at > *later)
}
