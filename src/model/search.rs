//! What a search looks for in messages, and what an index knows of a message for it.

use super::{Message, Snippet, Timestamp, UserId, WordQuery};

/// Something that a message has besides words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// An attached file of any type.
    File,
    /// An attached picture.
    Image,
    /// A web address in its text.
    Link,
}

impl Has {
    /// All of them with their names in requests.
    pub const ALL: [(&'static str, Self); 3] =
        [("file", Self::File), ("image", Self::Image), ("link", Self::Link)];

    /// Returns the one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, has)| has)
    }
}

/// A search: a message matches if all of it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageQuery {
    /// Words in its text or in the names of its files.
    pub words: Option<WordQuery>,
    /// Its author.
    pub from: Option<UserId>,
    /// What it has.
    pub has: Vec<Has>,
    /// It was created then or later.
    pub since: Option<Timestamp>,
    /// It was created earlier.
    pub until: Option<Timestamp>,
}

impl From<WordQuery> for MessageQuery {
    fn from(words: WordQuery) -> Self {
        Self { words: Some(words), ..Self::default() }
    }
}

impl MessageQuery {
    /// Returns whether it looks for anything but a time.
    pub fn is_narrow(&self) -> bool {
        self.words.is_some() || self.from.is_some() || !self.has.is_empty()
    }

    /// Returns whether a message matches in its present version.
    pub fn fits(&self, message: &Message) -> bool {
        let known = Searchable::from(message);
        self.from.is_none_or(|from| known.author == Some(from))
            && self.since.is_none_or(|since| since <= known.created)
            && self.until.is_none_or(|until| known.created < until)
            && self.has.iter().all(|has| known.has(*has))
            && self.words.as_ref().is_none_or(|words| words.is_in(&known.searched()))
    }

    /// Returns the part of a text around the first match; its beginning if no words are looked for.
    pub fn snippet(&self, text: &str) -> Snippet {
        self.words.as_ref().map_or_else(|| Snippet::start_of(text), |words| words.snippet(text))
    }
}

/// What can be found of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searchable {
    /// Its author; None: unknown.
    pub author: Option<UserId>,
    /// Time at which it was created.
    pub created: Timestamp,
    /// Its text.
    pub text: String,
    /// Names of its files, one on each line.
    pub file_names: String,
    /// Whether it has files, and pictures among them.
    pub files: bool,
    /// Whether one of its files is a picture.
    pub images: bool,
}

impl Searchable {
    /// Returns the text in which words are looked for.
    pub fn searched(&self) -> String {
        format!("{}\n{}", self.text, self.file_names)
    }

    /// Returns whether it has this.
    pub fn has(&self, what: Has) -> bool {
        match what {
            Has::File => self.files,
            Has::Image => self.images,
            Has::Link => ["http://", "https://"].iter().any(|scheme| {
                let (text, scheme) = (self.text.as_bytes(), scheme.as_bytes());
                text.windows(scheme.len()).any(|part| part.eq_ignore_ascii_case(scheme))
            }),
        }
    }
}

impl From<&Message> for Searchable {
    fn from(message: &Message) -> Self {
        let names: Vec<&str> =
            message.media.iter().filter_map(|file| file.file_name.as_deref()).collect();
        Self {
            author: message.author.id(),
            created: message.created,
            text: message.text.clone(),
            file_names: names.join("\n"),
            files: !message.media.is_empty(),
            images: message.media.iter().any(|file| file.is_image),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Searchable {
        Searchable {
            author: Some(UserId(1)),
            created: Timestamp(0),
            text: text.to_owned(),
            file_names: "report.pdf".to_owned(),
            files: true,
            images: false,
        }
    }

    #[test]
    fn a_link_is_an_address_with_a_scheme() {
        for (text, link) in [
            ("see https://example.com", true),
            ("SEE HTTP://EXAMPLE.COM", true),
            ("보기:https://예시.kr", true),
            ("example.com", false),
            ("http:/", false),
            ("", false),
        ] {
            assert_eq!(with(text).has(Has::Link), link, "{text}");
        }
    }

    #[test]
    fn names_of_files_are_searched_too() {
        let searched = with("the numbers").searched();
        for (words, found) in
            [("numbers", true), ("report", true), ("pdf numbers", true), ("x", false)]
        {
            assert_eq!(WordQuery::parse(words).unwrap().is_in(&searched), found, "{words}");
        }
        assert!(with("").has(Has::File) && !with("").has(Has::Image));
        assert_eq!(Has::parse("image"), Some(Has::Image));
        assert_eq!(Has::parse("Image"), None);
    }
}
