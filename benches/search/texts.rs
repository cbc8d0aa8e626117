//! Generates messages in Korean, Chinese and English: the same in each run, with words of known
//! frequency.

/// Each in one of fifteen messages.
pub(super) const COMMON: [&str; 3] = ["meeting", "회의", "时间"];
/// Each in one of forty thousand messages.
pub(super) const RARE: [&str; 2] = ["lighthouse", "등대"];

pub(super) const KOREAN: &str = "가나다라마바사아자차카타파하고도로모보소오조초코토포호구두루무부수우주추쿠투푸후기디리미비시이지치키티피히은는을를에서의와과책방집";
pub(super) const CHINESE: &str = "人我你他们的是在有这个中大来上国说到时要就出会可也对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现";
pub(super) const ENGLISH: [&str; 24] = [
    "about", "again", "always", "before", "book", "build", "change", "could", "evening", "first",
    "garden", "house", "later", "letter", "morning", "never", "paper", "question", "really",
    "server", "thing", "tomorrow", "water", "write",
];

/// Generates pseudo-random numbers that are the same in each run.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// Returns a number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    pub(super) fn letters(&mut self, script: &[char], count: usize) -> String {
        (0..count).map(|_| script[self.below(script.len())]).collect()
    }
}

/// Returns the n-th message.
pub(super) fn message(dice: &mut Dice, n: usize) -> String {
    let (korean, chinese): (Vec<_>, Vec<_>) = (KOREAN.chars().collect(), CHINESE.chars().collect());
    let count = 4 + dice.below(10);
    let mut words: Vec<String> = match n % 3 {
        0 => (0..count)
            .map(|_| format!("{}{}", ENGLISH[dice.below(ENGLISH.len())], dice.below(400)))
            .collect(),
        1 => (0..count)
            .map(|_| {
                let length = 2 + dice.below(3);
                dice.letters(&korean, length)
            })
            .collect(),
        _ => vec![dice.letters(&chinese, 2 * count)],
    };
    if dice.below(5) == 0 {
        words.push(COMMON[n % 3].to_owned());
    }
    match n % 40_000 {
        17 => words.push(RARE[0].to_owned()),
        19 => words.push(RARE[1].to_owned()),
        _ => (),
    }
    words.join(" ")
}
