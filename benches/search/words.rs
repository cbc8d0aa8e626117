//! Generates messages in Korean, Chinese and English: the same in each run, with words of known
//! frequency. Measures how long it takes to split a message into words.

use std::hint::black_box;
use std::time::Duration;

use chatctl::model::index_words;

/// In every fifth message.
pub(super) const COMMON: [&str; 3] = ["meeting", "회의", "时间"];
/// In one of forty thousand messages.
pub(super) const RARE: &str = "lighthouse";
/// Single characters contained in many words.
pub(super) const ONE: [&str; 2] = ["가", "人"];

const KOREAN: &str = "가나다라마바사아자차카타파하고도로모보소오조초코토포호구두루무부수우주추쿠투푸후기디리미비시이지치키티피히은는을를에서의와과책방집";
const CHINESE: &str = "人我你他们的是在有这个中大来上国说到时要就出会可也对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现";
const ENGLISH: [&str; 24] = [
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

    fn letters(&mut self, script: &[char], count: usize) -> String {
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
    if n % 40_000 == 17 {
        words.push(RARE.to_owned());
    }
    words.join(" ")
}

/// Bytes per measured text.
const TEXT: usize = 200;
/// Number of texts per script, and how often all are split.
const TEXTS: usize = 500;
const ROUNDS: usize = 40;

/// Texts of about 200 bytes in several scripts.
fn scripts(dice: &mut Dice) -> [(&'static str, Vec<String>); 5] {
    let (korean, chinese): (Vec<_>, Vec<_>) = (KOREAN.chars().collect(), CHINESE.chars().collect());
    let emoji = ["👍", "👍🏽", "❤️", "😂", "👨‍👩‍👧", "🇰🇷", "🎉"];
    let mut of = |word: &dyn Fn(&mut Dice, usize) -> String| {
        let text = |_| {
            let mut text = String::new();
            for n in 0.. {
                let word = word(dice, n);
                if text.len() + word.len() > TEXT {
                    break;
                }
                text.push_str(&word);
            }
            text
        };
        (0..TEXTS).map(text).collect()
    };
    let english = |dice: &mut Dice| format!("{} ", ENGLISH[dice.below(ENGLISH.len())]);
    [
        ("ASCII", of(&|dice, _| english(dice))),
        ("Korean", of(&|dice, _| dice.letters(&korean, 3) + " ")),
        ("Chinese", of(&|dice, _| dice.letters(&chinese, 8) + "，")),
        (
            "mixed",
            of(&|dice, n| match n % 3 {
                0 => english(dice),
                1 => dice.letters(&korean, 3) + " ",
                _ => format!("v{}.{} café, ", dice.below(9), dice.below(99)),
            }),
        ),
        ("emoji", of(&|dice, _| emoji[dice.below(emoji.len())].to_owned() + " ")),
    ]
}

/// Returns the processor time of this thread, from the scheduler.
fn thread_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// Prints the processor time per text of each script; the floor is to copy the text character by
/// character.
#[expect(clippy::cast_precision_loss, reason = "results are rounded anyway")]
pub(super) fn measure() {
    println!("{:<34} {:>12} {:>9} {:>8}", "words of 200 bytes", "CPU us", "floor us", "x floor");
    for (script, texts) in scripts(&mut Dice::new()) {
        let each = |split: &dyn Fn(&str) -> String| {
            let all = || texts.iter().for_each(|text| drop(black_box(split(black_box(text)))));
            all();
            let before = thread_time();
            (0..ROUNDS).for_each(|_| all());
            thread_time().saturating_sub(before).as_secs_f64() * 1e6 / (TEXTS * ROUNDS) as f64
        };
        let floor = each(&|text| {
            let mut copy = String::with_capacity(text.len());
            text.chars().for_each(|c| copy.push(black_box(c)));
            copy
        });
        let words = each(&index_words);
        println!("{script:<34} {words:>12.2} {floor:>9.2} {:>8.1}", words / floor);
    }
    println!();
}
