//! Imports custom emoji of other products, and names them in reactions and texts.

use crate::admin::Failure;
use crate::admin::transfer::files::Foreign;
use crate::admin::transfer::importer::Taker;
use crate::model::{
    FileKind, SNIFFED, Timestamp, check_emoji_name, clean_picture, emoji_in_colons, emoji_names,
};
use crate::store::transfer::{EmojiRecord, Key, Reason, Record};

/// Maximum size of a picture, in bytes: what Mattermost permits, which is more than here.
const MAX_BYTES: u64 = 1024 * 1024;

impl Taker<'_> {
    /// Imports a custom emoji; None: its picture cannot be read.
    pub(in crate::admin::transfer) fn custom_emoji(
        &mut self,
        name: &str,
        owner: &str,
        created: Timestamp,
        picture: Option<Vec<u8>>,
    ) -> Result<(), Failure> {
        let Some(name) = self.emoji_name(name) else { return Ok(()) };
        let picture = picture.filter(|bytes| is_picture(bytes));
        let Some(bytes) = picture else {
            self.report.note(Reason::FileUnreadable, format!("picture of the emoji :{name}:"));
            return Ok(());
        };
        let key = format!("emoji:{name}");
        let file = Foreign { key: key.clone(), owner: owner.into(), name: "", created, bytes };
        for record in file.records() {
            self.take(record)?;
        }
        self.named_emoji(name, key, created)
    }

    /// Imports another name of an emoji: of one that was imported, or of a built-in one. `target` is
    /// a name of it.
    pub(in crate::admin::transfer) fn emoji_alias(
        &mut self,
        name: &str,
        target: &str,
    ) -> Result<(), Failure> {
        if let Some(emoji) = emoji_names::by_name(target) {
            self.emoji.built_in.insert(name.to_lowercase(), emoji);
            return Ok(());
        }
        let Some(key) = self.emoji.files.get(&target.to_lowercase()).cloned() else {
            self.report.note(Reason::Dangling, format!("emoji :{name}:, an alias of :{target}:"));
            return Ok(());
        };
        let Some(name) = self.emoji_name(name) else { return Ok(()) };
        self.named_emoji(name, key, Timestamp::now())
    }

    /// The reaction with this short name: a built-in emoji, or the name of a custom one, whose
    /// picture may be missing. None: it cannot be one.
    pub(super) fn reaction(&mut self, name: &str) -> Option<String> {
        if let Some(emoji) = emoji_names::by_name(name) {
            return Some(emoji.to_owned());
        }
        let lower = name.to_lowercase();
        if let Some(emoji) = self.emoji.built_in.get(&lower) {
            return Some((*emoji).to_owned());
        }
        if !self.emoji.files.contains_key(&lower) {
            self.report.note(Reason::ReactionUnknown, name);
        }
        let custom = format!(":{lower}:");
        emoji_in_colons(&custom).is_some().then_some(custom)
    }

    /// Replaces other names of built-in emoji in a text.
    pub(super) fn with_emoji(&self, text: String) -> String {
        if self.emoji.built_in.is_empty() {
            return text;
        }
        emoji_names::replaced(&text, &|name: &str| self.emoji.built_in.get(name).copied())
    }

    /// The name, if an emoji may have it here.
    fn emoji_name(&mut self, name: &str) -> Option<String> {
        let lower = name.to_lowercase();
        if check_emoji_name("name", &lower).is_ok() {
            return Some(lower);
        }
        self.report.note(Reason::EmojiLeftOut, format!(":{name}:"));
        None
    }

    fn named_emoji(
        &mut self,
        name: String,
        key: String,
        created: Timestamp,
    ) -> Result<(), Failure> {
        self.emoji.files.insert(name.clone(), key.clone());
        self.take(Record::Emoji(EmojiRecord { name, media: Key::Text(key), created }))
    }
}

fn is_picture(bytes: &[u8]) -> bool {
    let kind = FileKind::sniff(bytes.get(..SNIFFED).unwrap_or(bytes));
    bytes.len() as u64 <= MAX_BYTES
        && kind.is_emoji()
        && clean_picture(kind, bytes).is_some_and(|picture| !picture.size.is_too_large())
}
