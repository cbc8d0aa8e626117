//! Measures how long it takes to split a message into words.

use std::hint::black_box;
use std::time::Duration;

use chatctl::model::index_words;

use super::texts::{CHINESE, Dice, ENGLISH, KOREAN};

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
