//! Previews in memory: the most recently used ones, each with a time until which it is believed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::OnceCell;

use super::Preview;

/// Maximum number of links.
const MOST: usize = 2_000;
/// Maximum size of their previews, in bytes.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What is known of a link.
pub(super) struct Known {
    /// None: it has no preview.
    pub(super) preview: Option<Arc<Preview>>,
    /// Until when this is believed.
    pub(super) until: Instant,
}

/// Where it is written what is known of a link. Whoever gets it empty fetches the link, and others
/// wait for that.
pub(super) type Place = Arc<OnceCell<Known>>;

/// Places by the address of the link.
#[derive(Default)]
pub(super) struct Cache(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    entries: HashMap<String, Entry>,
    /// Counts uses, in whose order entries are dropped.
    uses: u64,
}

struct Entry {
    place: Place,
    used: u64,
}

impl Entry {
    fn is_believed(&self, now: Instant) -> bool {
        self.place.get().is_some_and(|known| known.until > now)
    }

    fn weight(&self) -> usize {
        let preview = self.place.get().and_then(|known| known.preview.as_ref());
        preview.map_or(0, |preview| preview.weight())
    }
}

impl Cache {
    /// Returns whether something is known of a link at this time.
    pub(super) fn has(&self, link: &str, now: Instant) -> bool {
        self.lock().entries.get(link).is_some_and(|entry| entry.is_believed(now))
    }

    /// Returns the place of a link, which is empty if nothing is known at this time.
    pub(super) fn place(&self, link: &str, now: Instant) -> Place {
        let mut inner = self.lock();
        inner.uses += 1;
        let used = inner.uses;
        if let Some(entry) = inner.entries.get_mut(link)
            && (!entry.place.initialized() || entry.is_believed(now))
        {
            entry.used = used;
            return Arc::clone(&entry.place);
        }
        let place = Place::default();
        let entry = Entry { place: Arc::clone(&place), used };
        inner.entries.insert(link.to_owned(), entry);
        inner.trim();
        place
    }

    /// Drops what has not been used for longest while there is too much.
    pub(super) fn trim(&self) {
        self.lock().trim();
    }

    /// Drops everything.
    pub(super) fn clear(&self) {
        self.lock().entries.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn trim(&mut self) {
        let mut bytes: usize = self.entries.values().map(Entry::weight).sum();
        while self.entries.len() > MOST || bytes > MOST_BYTES {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(link) = oldest.map(|(link, _)| link.clone()) else { return };
            bytes -= self.entries.remove(&link).map_or(0, |entry| entry.weight());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIFE: Duration = Duration::from_mins(1);

    fn preview(bytes: usize) -> Arc<Preview> {
        let (title, site) = ("x".repeat(bytes), String::new());
        Arc::new(Preview { title, description: None, site, picture: None })
    }

    fn put(cache: &Cache, link: &str, bytes: usize, now: Instant) {
        let known = Known { preview: Some(preview(bytes)), until: now + LIFE };
        assert!(cache.place(link, now).set(known).is_ok(), "{link} is known already");
        cache.trim();
    }

    #[test]
    fn what_is_known_is_believed_for_a_while() {
        let (cache, now) = (Cache::default(), Instant::now());
        let first = cache.place("a", now);
        assert!(Arc::ptr_eq(&first, &cache.place("a", now)), "one fetch for all");
        assert!(!cache.has("a", now), "nobody has fetched it yet");
        put(&cache, "a", 1, now);
        assert!(cache.has("a", now) && !cache.has("b", now));
        let later = now + LIFE;
        assert!(!cache.has("a", later));
        assert!(!cache.place("a", later).initialized(), "it is fetched again");
        cache.clear();
        assert!(!Arc::ptr_eq(&first, &cache.place("a", now)));
    }

    #[test]
    fn what_is_used_is_kept() {
        let (cache, now) = (Cache::default(), Instant::now());
        for link in ["a", "b", "c"] {
            put(&cache, link, MOST_BYTES / 3, now);
        }
        cache.place("a", now);
        put(&cache, "d", MOST_BYTES / 3, now);
        assert_eq!(
            ["a", "b", "c", "d"].map(|link| cache.has(link, now)),
            [true, false, true, true]
        );
        for number in 0..MOST {
            put(&cache, &number.to_string(), 0, now);
        }
        assert_eq!(cache.lock().entries.len(), MOST);
        assert!(!cache.has("a", now) && cache.has("0", now));
    }
}
