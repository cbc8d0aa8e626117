//! Previews of pictures, kept below the directory in which uploads arrive: `previews/ab/NAME-SIDE`.
//! They can be deleted at any time and are not in backups.
//!
//! The first byte of a file says what it holds: an extension of the format, or that the picture
//! itself is to be shown, so that it is not examined again.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::is_name;
use crate::model::FileKind;

/// Its folder.
const FOLDER: &str = "previews";
/// Previews that nobody has asked for during this time are deleted.
const UNUSED_FOR: Duration = Duration::from_hours(30 * 24);
/// The time of the last use is written once within this time.
const NOTED_EVERY: Duration = Duration::from_hours(24);
/// What the first byte means.
const FORMATS: [(u8, &str); 2] = [(b'j', "jpg"), (b'w', "webp")];
const ITSELF: u8 = b'-';

/// What is known of a preview.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    /// The picture itself is to be shown.
    Itself,
    /// The preview and its type.
    Preview(FileKind, Bytes),
}

/// The previews in a directory.
#[derive(Clone, Debug)]
pub struct Previews {
    root: PathBuf,
}

impl Previews {
    /// The previews below a directory. Changes nothing.
    pub(super) fn below(directory: &Path) -> Self {
        Self { root: directory.join(FOLDER) }
    }

    /// Returns what is known of the preview of this file with this longer side. A file that cannot
    /// be read or has another form counts as unknown. Blocks.
    pub fn get(&self, name: &str, side: u32) -> Option<Known> {
        let path = self.place(name, side)?;
        let bytes = Bytes::from(fs::read(&path).ok()?);
        let known = match *bytes.first()? {
            ITSELF => Known::Itself,
            first => {
                let (_, ending) = FORMATS.iter().find(|(byte, _)| *byte == first)?;
                Known::Preview(FileKind::of(ending), bytes.slice(1..))
            }
        };
        note_use(&path);
        Some(known)
    }

    /// Keeps a preview; one that is there is replaced. Not durable: a preview that a power failure
    /// damages or loses is made again. Blocks.
    pub fn put(&self, name: &str, side: u32, known: &Known) -> io::Result<()> {
        let Some(path) = self.place(name, side) else { return Ok(()) };
        let folder = path.parent().unwrap_or(&self.root);
        let mut builder = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
        let (first, bytes) = match known {
            Known::Itself => (ITSELF, &[][..]),
            Known::Preview(kind, bytes) => {
                let format = FORMATS.iter().find(|(_, ending)| *ending == kind.ending);
                (format.map_or(ITSELF, |(byte, _)| *byte), &bytes[..])
            }
        };
        // Readers see all of it or nothing. What a crash leaves is trimmed like any other.
        let unfinished =
            path.with_extension(format!("{:08x}", getrandom::u32().map_err(io::Error::other)?));
        let written = fs::write(&unfinished, [&[first], bytes].concat());
        written.and_then(|()| fs::rename(&unfinished, &path)).inspect_err(|_| {
            drop(fs::remove_file(&unfinished));
        })
    }

    /// Deletes all previews of these files. Blocks.
    pub fn remove(&self, names: &[String]) -> io::Result<()> {
        for name in names.iter().filter(|name| is_name(name)) {
            let folder = match fs::read_dir(self.root.join(&name[..2])) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                folder => folder?,
            };
            for file in folder {
                let file = file?;
                if file.file_name().to_string_lossy().starts_with(name.as_str()) {
                    match fs::remove_file(file.path()) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => (),
                    }
                }
            }
        }
        Ok(())
    }

    /// Deletes previews that were not used for 30 days, and those whose last use is longest ago
    /// until the others take at most `max_bytes`. Blocks.
    pub fn trim(&self, max_bytes: u64) -> io::Result<()> {
        let mut all = self.all()?;
        // The latest use first.
        all.sort_unstable_by(|(one, ..), (other, ..)| other.cmp(one));
        let old = SystemTime::now().checked_sub(UNUSED_FOR);
        let mut sum = 0;
        for (used, bytes, path) in all {
            sum += bytes;
            if sum > max_bytes || old.is_some_and(|old| used < old) {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => (),
                }
            }
        }
        Ok(())
    }

    /// Returns all files with the time of their last use and their size.
    fn all(&self) -> io::Result<Vec<(SystemTime, u64, PathBuf)>> {
        let mut all = Vec::new();
        let folders = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(all),
            folders => folders?,
        };
        for folder in folders {
            let folder = folder?;
            if !folder.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder.path())? {
                let file = file?;
                // Another server that shares the directory may have deleted it.
                let Ok(meta) = file.metadata() else { continue };
                if meta.is_file() {
                    all.push((meta.modified()?, meta.len(), file.path()));
                }
            }
        }
        Ok(all)
    }

    fn place(&self, name: &str, side: u32) -> Option<PathBuf> {
        is_name(name).then(|| self.root.join(&name[..2]).join(format!("{name}-{side}")))
    }
}

/// Notes that a preview was used, at most once a day. If that fails it is deleted too early.
fn note_use(path: &Path) {
    let now = SystemTime::now();
    let noted = || -> io::Result<()> {
        let used = fs::metadata(path)?.modified()?;
        if now.duration_since(used).is_ok_and(|since| since > NOTED_EVERY) {
            File::options()
                .write(true)
                .open(path)?
                .set_times(FileTimes::new().set_modified(now))?;
        }
        Ok(())
    };
    drop(noted());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(letter: &str) -> String {
        letter.repeat(128)
    }

    fn preview(bytes: &'static [u8]) -> Known {
        Known::Preview(FileKind::of("jpg"), Bytes::from_static(bytes))
    }

    fn used(previews: &Previews, name: &str, ago: Duration) {
        let file = File::options().write(true).open(previews.place(name, 320).unwrap()).unwrap();
        let at = SystemTime::now() - ago;
        file.set_times(FileTimes::new().set_modified(at)).unwrap();
    }

    #[test]
    fn what_was_put_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let previews = Previews::below(directory.path());
        assert_eq!(previews.get(&name("a"), 320), None);
        previews.trim(0).unwrap();
        previews.put(&name("a"), 320, &preview(b"small")).unwrap();
        previews.put(&name("a"), 640, &Known::Itself).unwrap();
        assert_eq!(previews.get(&name("a"), 320), Some(preview(b"small")));
        assert_eq!(previews.get(&name("a"), 640), Some(Known::Itself));
        assert_eq!(previews.get(&name("b"), 320), None);
        previews.put(&name("a"), 320, &preview(b"other")).unwrap();
        assert_eq!(previews.get(&name("a"), 320), Some(preview(b"other")));
        // Neither is a name.
        previews.put("../../up", 320, &preview(b"x")).unwrap();
        assert_eq!(previews.get("../../up", 320), None);
        fs::write(previews.place(&name("a"), 320).unwrap(), b"").unwrap();
        assert_eq!(previews.get(&name("a"), 320), None, "as after a power failure");
    }

    #[test]
    fn all_previews_of_a_file_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let previews = Previews::below(directory.path());
        previews.remove(&[name("a")]).unwrap();
        let other = format!("aab{}", "a".repeat(125));
        for side in [320, 640] {
            previews.put(&name("a"), side, &preview(b"small")).unwrap();
            previews.put(&other, side, &preview(b"other")).unwrap();
        }
        previews.remove(&[name("a"), "../../up".to_owned()]).unwrap();
        for side in [320, 640] {
            assert_eq!(previews.get(&name("a"), side), None);
            assert_eq!(previews.get(&other, side), Some(preview(b"other")));
        }
    }

    #[test]
    fn what_is_used_least_goes_first() {
        let directory = tempfile::tempdir().unwrap();
        let previews = Previews::below(directory.path());
        let day = Duration::from_hours(24);
        for (letter, ago) in [("a", 2 * day), ("b", 3 * day), ("c", 40 * day), ("d", day / 2)] {
            previews.put(&name(letter), 320, &preview(b"123456789")).unwrap();
            used(&previews, &name(letter), ago);
        }
        let there =
            || ["a", "b", "c", "d"].map(|one| previews.place(&name(one), 320).unwrap().exists());
        previews.trim(1_000).unwrap();
        assert_eq!(there(), [true, true, false, true], "40 days are too long");
        // Asking for it is a use.
        previews.get(&name("b"), 320).unwrap();
        previews.trim(20).unwrap();
        assert_eq!(there(), [false, true, false, true]);
        previews.trim(0).unwrap();
        assert_eq!(there(), [false; 4]);
    }
}
