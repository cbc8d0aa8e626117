//! Reactions and their limits.

use std::borrow::Cow;

use super::emoji::emoji_in_colons;
use crate::model::{Error, Result};

/// Maximum number of different reactions on one message.
pub(super) const MAX_REACTION_KINDS: u32 = 50;
/// Maximum number of reactions of one user on one message.
pub(super) const MAX_REACTIONS_OF_USER: u32 = 20;

/// The selector that requests the coloured form of a character; keyboards differ in whether they
/// send it.
const EMOJI_STYLE: char = '\u{fe0f}';

/// `like`, `love`, `laugh`, `sad`, `angry` or exactly one emoji: a built-in one in its fully
/// qualified form, or the name of a custom one between colons.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reaction(Cow<'static, str>);

impl Reaction {
    /// Checks a reaction and returns the form in which it is stored and compared.
    pub fn parse(text: &str) -> Result<Self> {
        match ["like", "love", "laugh", "sad", "angry"]
            .into_iter()
            .find(|word| *word == text)
            .or_else(|| one_emoji(text))
        {
            Some(reaction) => Ok(Self(Cow::Borrowed(reaction))),
            None if emoji_in_colons(text).is_some() => Ok(Self(Cow::Owned(text.to_owned()))),
            None => Err(Error::invalid(
                "reactionType",
                "must be like, love, laugh, sad, angry or one emoji",
            )),
        }
    }

    /// Returns the name of the custom emoji, which need not exist.
    pub fn custom(&self) -> Option<&str> {
        emoji_in_colons(&self.0)
    }

    /// A reaction read from storage, checked before.
    pub fn stored(text: String) -> Self {
        Self(Cow::Owned(text))
    }

    /// Returns the text of the reaction.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns the qualified form of an emoji, whichever selectors it is written with.
pub fn one_emoji(text: &str) -> Option<&'static str> {
    let found = emojis::get(text).or_else(|| {
        let bare: String = text.chars().filter(|c| *c != EMOJI_STYLE).collect();
        emojis::get(&bare)
    });
    found.map(emojis::Emoji::as_str)
}

/// Checks the limits for one more reaction: the message has `kinds` different ones, including this
/// one if `known`, and `own` of the user.
pub fn check_reaction_room(kinds: u32, known: bool, own: u32) -> Result<()> {
    if own >= MAX_REACTIONS_OF_USER || (!known && kinds >= MAX_REACTION_KINDS) {
        Err(Error::TooManyReactions)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reactions_are_five_words_or_one_emoji() {
        for good in ["like", "love", "laugh", "sad", "angry", "👍", "🙏🏽", "👨‍👩‍👧"]
        {
            assert_eq!(Reaction::parse(good).unwrap().as_str(), good);
        }
        let custom = Reaction::parse(":party_parrot:").unwrap();
        assert_eq!((custom.as_str(), custom.custom()), (":party_parrot:", Some("party_parrot")));
        assert_eq!(Reaction::parse("👍").unwrap().custom(), None);
        for bad in
            ["", "likes", "👍👍", "a", "<b>", "\u{fe0f}", "like\u{fe0f}", ":Parrot:", ":a b:", "::"]
        {
            assert!(Reaction::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_emoji_is_one_reaction_with_and_without_its_selectors() {
        for emoji in emojis::iter() {
            let forms = [
                emoji.as_str().to_owned(),
                emoji.as_str().replace(EMOJI_STYLE, ""),
                format!("{emoji}{EMOJI_STYLE}"),
            ];
            for form in forms {
                assert_eq!(Reaction::parse(&form).unwrap().as_str(), emoji.as_str(), "{form:?}");
            }
            for toned in emoji.skin_tones().into_iter().flatten() {
                assert_eq!(
                    Reaction::parse(toned.as_str()).unwrap().as_str(),
                    toned.as_str(),
                    "skin tones stay apart"
                );
            }
        }
        assert_eq!(Reaction::parse("❤").unwrap(), Reaction::parse("❤\u{fe0f}").unwrap());
        assert_ne!(Reaction::parse("👍").unwrap(), Reaction::parse("👍🏽").unwrap());
    }

    #[test]
    fn a_message_has_room_for_so_many_reactions() {
        for (kinds, known, own, fits) in [
            (0, false, 0, true),
            (49, false, 19, true),
            (50, true, 19, true),
            (50, false, 0, false),
            (20, true, 20, false),
            (20, false, 20, false),
        ] {
            assert_eq!(
                check_reaction_room(kinds, known, own).is_ok(),
                fits,
                "{kinds} {known} {own}"
            );
        }
    }
}
