//! What goes wrong in a cluster, drawn from a seed.
//!
//! A test of faults runs with paused time on one thread: then a run depends on its seed alone, as
//! far as the code above draws no random numbers of its own. It prints the seed before it starts,
//! so that a failure can be repeated:
//!
//! ```
//! # use std::sync::Arc;
//! # use chatctl::store::cluster::tables::memory::{Faults, Memory};
//! # fn test(seed: u64) {
//! println!("seed {seed}");
//! let memory = Memory::with_faults(Faults::often(seed));
//! // Each server has a link of its own, which can be stopped, cut and killed.
//! let (one, two) = (memory.link(), memory.link());
//! // Cluster::open(Arc::new(one.clone()), …), Cluster::open(Arc::new(two.clone()), …)
//! one.kill();
//! // At the end nothing fails any more, and what was late has happened: now check.
//! memory.calm();
//! # }
//! ```

use std::ops::Range;
use std::time::Duration;

/// What goes wrong, and how often. Chances are parts of 1,000.
#[derive(Clone, Debug)]
pub struct Faults {
    /// Where the random numbers begin.
    pub seed: u64,
    /// Time of an operation; half of it passes before it has its effect.
    pub latency: Range<Duration>,
    /// Chance of an operation that takes longer, and its time.
    pub slow: (u64, Range<Duration>),
    /// Chance of a read that is `Unavailable`.
    pub reads: u64,
    /// Chance of a plain write that fails: `Unavailable`, and nothing was written; or `Unknown`,
    /// and each of its partitions is written, is not, or will be within [`Self::late`].
    pub writes: u64,
    /// Chance of a conditional write that fails: `Unavailable`, and nothing was written; or
    /// `Unknown`, and it happened, did not, or is in doubt: the next conditional write or serial
    /// read of the partition finishes or drops it, and it may also finish by itself within
    /// [`Self::late`]. Or the node tries it once more within that time, whatever was read before;
    /// or `Refused`, although it was made, since the node has tried it twice.
    pub compares: u64,
    /// After which time something late happens.
    pub late: Range<Duration>,
}

impl Faults {
    /// Operations take time, and nothing fails.
    pub fn none(seed: u64) -> Self {
        Self {
            seed,
            latency: millis(1, 6),
            slow: (0, millis(0, 1)),
            reads: 0,
            writes: 0,
            compares: 0,
            late: millis(0, 1),
        }
    }

    /// More faults than a cluster has on its worst day.
    pub fn often(seed: u64) -> Self {
        Self {
            slow: (30, millis(20, 200)),
            reads: 20,
            writes: 50,
            compares: 80,
            late: millis(1, 500),
            ..Self::none(seed)
        }
    }
}

fn millis(from: u64, to: u64) -> Range<Duration> {
    Duration::from_millis(from)..Duration::from_millis(to)
}

/// Random numbers from a seed (`SplitMix64`).
#[derive(Debug, Default)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below `sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// Returns whether something with this chance of 1,000 happens.
    pub(super) fn happens(&mut self, chance: u64) -> bool {
        self.roll(1000) < chance
    }

    /// Returns the time that an operation takes.
    pub(super) fn latency(&mut self, faults: &Faults) -> Duration {
        let (chance, slow) = &faults.slow;
        let time = if self.happens(*chance) { slow } else { &faults.latency };
        self.within(time)
    }

    /// Returns a time within the range, in microseconds.
    pub(super) fn within(&mut self, range: &Range<Duration>) -> Duration {
        let span = range.end.saturating_sub(range.start).as_micros();
        let span = u64::try_from(span).unwrap_or(u64::MAX).max(1);
        range.start + Duration::from_micros(self.roll(span))
    }
}

/// What becomes of a write that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing is written, and the caller knows.
    Refused,
    /// It happens; the answer is lost.
    Done,
    /// It does not happen; the caller does not know.
    Lost,
    /// It may happen later.
    Late,
}

impl Fate {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        match dice.roll(4) {
            0 => Self::Refused,
            1 => Self::Done,
            2 => Self::Lost,
            _ => Self::Late,
        }
    }
}
