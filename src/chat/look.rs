//! How the server presents itself: what administrators have set, and otherwise the configuration.
//!
//! Every page asks for it, so what is set is kept in memory for a short time; an event takes it out.
//! Sizes of the icon are made when they are first asked for, and kept until it changes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::{Chat, Operator};
use crate::config;
use crate::config::look::{wrong_accent, wrong_motd, wrong_name};
use crate::model::{
    Error, FileKind, IconPurpose, Look, LookChange, LookIcon, Result, SNIFFED, icon, icon_of,
};

/// How long what is set is kept in memory. An event of another server may have been lost.
const FRESH: Duration = Duration::from_secs(20);

/// What is known of the look.
#[derive(Default)]
pub(super) struct Looks {
    known: Mutex<Known>,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Known {
    /// Grows when what is known is out of date, so that an earlier read does not count.
    generation: u64,
    set: Option<(Instant, Look)>,
}

/// Pictures of the icon with this tag.
#[derive(Default)]
struct Made {
    tag: String,
    pictures: HashMap<(u32, IconPurpose), Bytes>,
}

impl Looks {
    /// What is set has changed, or may have.
    pub(super) fn forget(&self) {
        let mut known = lock(&self.known);
        known.generation += 1;
        known.set = None;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// New parts of the look; None leaves a part unchanged, and an empty text means that there is none.
#[derive(Clone, Debug, Default)]
pub struct NewLook {
    /// Name.
    pub name: Option<String>,
    /// Accent colour, as `#rrggbb`.
    pub accent: Option<String>,
    /// Message of the day.
    pub motd: Option<String>,
    /// A picture: JPEG, PNG or WebP.
    pub icon: Option<Bytes>,
}

/// A part of the look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookPart {
    /// Name.
    Name,
    /// Accent colour.
    Accent,
    /// Message of the day.
    Motd,
    /// Icon.
    Icon,
}

impl LookPart {
    /// All parts.
    pub const ALL: [Self; 4] = [Self::Name, Self::Accent, Self::Motd, Self::Icon];

    /// Returns the name used by commands.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Accent => "accent",
            Self::Motd => "motd",
            Self::Icon => "icon",
        }
    }

    /// Parses the name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == word)
    }
}

impl Chat {
    /// Returns the look in force: each part as administrators have set it, otherwise as the
    /// configuration says. While the store is unavailable, as it was known last.
    pub async fn look(&self) -> Look {
        let set = self.set_look().await.unwrap_or_else(|error| {
            warn!("What is set of the look of the server cannot be read: {error}.");
            Look::default()
        });
        self.in_force(&set)
    }

    /// Returns what administrators have set.
    pub async fn look_as_set(&self, _: &Operator) -> Result<Look> {
        Ok(self.store().look().await?)
    }

    /// Changes the look; returns what is set now. `Invalid` for a part that breaks its rule, and for
    /// an icon that is no picture or would take too much memory.
    pub async fn change_look(&self, operator: &Operator, new: NewLook) -> Result<Look> {
        let NewLook { name, accent, motd, icon } = new;
        let icon = match icon {
            None => None,
            Some(bytes) => Some(Some(self.make_icon(bytes).await?)),
        };
        let accent = accent.map(|accent| accent.to_ascii_lowercase());
        let change = LookChange {
            name: checked("name", name, wrong_name)?,
            accent: checked("accent", accent, wrong_accent)?,
            motd: checked("motd", motd, wrong_motd)?,
            icon,
        };
        self.store_look(operator, change).await
    }

    /// Leaves parts of the look to the configuration again; returns what is set now.
    pub async fn reset_look(&self, operator: &Operator, parts: &[LookPart]) -> Result<Look> {
        let reset = |part| parts.contains(&part).then_some(None);
        let change = LookChange {
            name: reset(LookPart::Name),
            accent: reset(LookPart::Accent),
            motd: reset(LookPart::Motd),
            icon: parts.contains(&LookPart::Icon).then_some(None),
        };
        self.store_look(operator, change).await
    }

    /// Returns the icon with `side` pixels, one of [`ICON_SIDES`](crate::model::ICON_SIDES), as PNG
    /// with its tag; None: there is none.
    pub async fn icon(&self, side: u32, purpose: IconPurpose) -> Result<Option<(String, Bytes)>> {
        let Some(tag) = self.set_look().await?.icon else { return Ok(None) };
        if let Some(picture) = self.known_icon(&tag, side, purpose) {
            return Ok(Some((tag, picture)));
        }
        let alone = self.0.uploads.previewer();
        let _alone = alone.acquire().await.map_err(|_| Error::Unavailable)?;
        // Others may have asked for the same one.
        if let Some(picture) = self.known_icon(&tag, side, purpose) {
            return Ok(Some((tag, picture)));
        }
        let Some(LookIcon { tag, png }) = self.store().icon().await? else { return Ok(None) };
        let made = tokio::task::spawn_blocking(move || icon_of(&png, side, purpose)).await;
        let picture: Bytes = made.ok().flatten().ok_or(Error::Internal)?.into();
        let mut known = lock(&self.0.looks.made);
        if known.tag != tag {
            *known = Made { tag: tag.clone(), pictures: HashMap::new() };
        }
        known.pictures.insert((side, purpose), picture.clone());
        Ok(Some((tag, picture)))
    }

    /// Returns the look in force if this is set.
    pub(super) fn in_force(&self, set: &Look) -> Look {
        in_force(set, &self.config().server)
    }

    fn known_icon(&self, tag: &str, side: u32, purpose: IconPurpose) -> Option<Bytes> {
        let made = lock(&self.0.looks.made);
        made.pictures.get(&(side, purpose)).filter(|_| made.tag == tag).cloned()
    }

    async fn set_look(&self) -> Result<Look> {
        let looks = &self.0.looks;
        let generation = {
            let known = lock(&looks.known);
            if let Some((_, set)) = known.set.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
                return Ok(set.clone());
            }
            known.generation
        };
        let read = self.store().look().await;
        let mut known = lock(&looks.known);
        match read {
            Ok(set) => {
                if known.generation == generation {
                    known.set = Some((Instant::now(), set.clone()));
                }
                Ok(set)
            }
            Err(error) => match &known.set {
                Some((_, set)) => Ok(set.clone()),
                None => Err(error.into()),
            },
        }
    }

    async fn make_icon(&self, bytes: Bytes) -> Result<LookIcon> {
        let alone = self.0.uploads.previewer();
        let _alone = alone.acquire().await.map_err(|_| Error::Unavailable)?;
        let made = tokio::task::spawn_blocking(move || {
            icon(FileKind::sniff(&bytes[..bytes.len().min(SNIFFED)]), &bytes)
        });
        // A decoder that panics, which has been logged, refuses the picture only.
        let png = made.await.ok().flatten().ok_or_else(|| {
            Error::invalid(
                "icon",
                "must be a JPEG, PNG or WebP picture that does not move, of at most 25 million \
                 pixels",
            )
        })?;
        let tag = hex::encode(&Sha256::digest(&png)[..8]);
        Ok(LookIcon { tag, png })
    }

    async fn store_look(&self, operator: &Operator, change: LookChange) -> Result<Look> {
        let set = self.store_for(operator.attribution()).change_look(change).await?;
        // Its event may still be on its way.
        self.0.looks.forget();
        info!(user = operator.name(), "The look of the server was set.");
        Ok(set)
    }
}

/// Returns the look in force if this is set and configured.
fn in_force(set: &Look, configured: &config::Server) -> Look {
    let part = |set: &Option<String>, configured: &Option<String>| {
        let part = set.as_ref().or(configured.as_ref());
        part.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Look {
        name: part(&set.name, &configured.name),
        accent: part(&set.accent, &configured.accent),
        motd: part(&set.motd, &configured.motd),
        icon: set.icon.clone(),
    }
}

/// An empty text says that there is none, and breaks no rule.
#[expect(clippy::option_option, reason = "as in LookChange")]
fn checked(
    field: &'static str,
    text: Option<String>,
    wrong: fn(&str) -> Option<&'static str>,
) -> Result<Option<Option<String>>> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim();
    match wrong(text).filter(|_| !text.is_empty()) {
        Some(why) => Err(Error::invalid(field, why)),
        None => Ok(Some(Some(text.to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::world::World;
    use crate::config::Config;

    #[expect(clippy::unnecessary_wraps, reason = "as the fields are")]
    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_is_set_wins_and_an_empty_text_is_none() {
        let configured = config::Server {
            name: text(" Pier Nine "),
            accent: text("#2a6fdb"),
            motd: text("Hello"),
            ..config::Server::default()
        };
        let set = Look { accent: text("#ff0000"), motd: text(""), ..Look::default() };
        let expected =
            Look { name: text("Pier Nine"), accent: text("#ff0000"), motd: None, icon: None };
        assert_eq!(in_force(&set, &configured), expected);
        assert_eq!(in_force(&set, &config::Server::default()).name, None);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_change_is_in_force_at_once_and_a_bad_one_is_refused() {
        let world = World::new(&Config::default()).await;
        let (chat, operator) = (&world.chat, Operator::server("test"));
        assert_eq!(chat.look().await, Look::default());
        let new = NewLook { name: text(" Pier "), accent: text("#2A6FDB"), ..NewLook::default() };
        chat.change_look(&operator, new).await.unwrap();
        let look = chat.look().await;
        assert_eq!((look.name, look.accent), (text("Pier"), text("#2a6fdb")));
        for bad in [
            NewLook { name: text("two\nlines"), ..NewLook::default() },
            NewLook { accent: text("red"), ..NewLook::default() },
            NewLook { motd: text(&"a".repeat(301)), ..NewLook::default() },
            NewLook { icon: Some(Bytes::from_static(b"<svg/>")), ..NewLook::default() },
        ] {
            let refused = chat.change_look(&operator, bad).await.unwrap_err();
            assert!(matches!(refused, Error::Invalid { .. }), "{refused:?}");
        }
        chat.reset_look(&operator, &[LookPart::Name]).await.unwrap();
        assert_eq!(chat.look().await, Look { accent: text("#2a6fdb"), ..Look::default() });
        assert_eq!(chat.icon(32, IconPurpose::Any).await.unwrap(), None);
    }
}
