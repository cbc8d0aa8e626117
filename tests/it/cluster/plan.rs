//! How large a run is.

use std::time::Duration;

/// What `CHATCTL_TEST_CLUSTER` asks for.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Nodes of Cassandra.
    pub(super) nodes: usize,
    pub(super) rooms: usize,
    /// Clients of each dialect.
    pub(super) of_each: usize,
    /// Time between two posts of a client on average, in milliseconds.
    pub(super) pace: u64,
    /// Faults are made for so long, each of them at least once.
    pub(super) time: Duration,
    pub(super) seed: u64,
    /// Faults that are made; all if empty.
    pub(super) only: Vec<String>,
}

impl Plan {
    /// `short` and `long`; none: no run is wanted. `CHATCTL_TEST_SEED` repeats the choices of a run,
    /// `CHATCTL_TEST_SECONDS` changes how long it takes, and `CHATCTL_TEST_FAULTS` is a list of those
    /// that are made.
    pub(super) fn wanted() -> Option<Self> {
        let variable = |name: &str| std::env::var(name).ok();
        let number = |name: &str| variable(name).map(|text| text.parse::<u64>().expect("a number"));
        let seed = number("CHATCTL_TEST_SEED").unwrap_or_else(|| {
            let mut bytes = [0; 4];
            getrandom::fill(&mut bytes).expect("random numbers");
            u32::from_ne_bytes(bytes).into()
        });
        let list = variable("CHATCTL_TEST_FAULTS").unwrap_or_default();
        let only = list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let short = Self {
            nodes: 1,
            rooms: 6,
            of_each: 3,
            pace: 300,
            time: Duration::from_mins(2),
            seed,
            only,
        };
        let mut plan = match variable("CHATCTL_TEST_CLUSTER")?.as_str() {
            "short" => short,
            "long" => Self {
                nodes: 3,
                rooms: 30,
                of_each: 12,
                pace: 1_000,
                time: Duration::from_mins(28),
                ..short
            },
            other => panic!("CHATCTL_TEST_CLUSTER={other}: short or long"),
        };
        if let Some(seconds) = number("CHATCTL_TEST_SECONDS") {
            plan.time = Duration::from_secs(seconds);
        }
        Some(plan)
    }
}
