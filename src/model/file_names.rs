//! File names: they tell users what they are about to open, so they must not contain invisible
//! characters or characters that change the text direction.

use super::rules::{hidden, without_hidden};
use super::{Error, Result};

/// Maximum length of a file name in code points.
pub const MAX_FILE_NAME: usize = 255;

/// Returns the last part of a path if it is a valid name.
pub fn check_file_name(field: &'static str, name: &str) -> Result<String> {
    let last = last_part(name);
    if last.is_empty() || last.chars().count() > MAX_FILE_NAME {
        return Err(Error::invalid(field, format!("must be 1 to {MAX_FILE_NAME} characters")));
    }
    match hidden(last) {
        Some(hidden) => Err(Error::invalid(
            field,
            format!(
                "must not contain U+{:04X}, which is invisible or changes the text direction",
                u32::from(hidden)
            ),
        )),
        None => Ok(last.to_owned()),
    }
}

/// Returns the last part of a path without forbidden characters, if anything is left.
pub fn clean_file_name(name: &str) -> Option<String> {
    let seen: String = without_hidden(last_part(name)).chars().take(MAX_FILE_NAME).collect();
    let seen = without_hidden(&seen);
    let name = seen.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_have_no_directories() {
        for (name, last) in [
            ("C:\\tmp\\a b.png", "a b.png"),
            ("../책.txt", "책.txt"),
            (" a ", "a"),
            ("👩\u{200d}🚀.gif", "👩\u{200d}🚀.gif"),
        ] {
            assert_eq!(check_file_name("fileName", name).unwrap(), last);
            assert_eq!(clean_file_name(name).unwrap(), last);
        }
        for bad in ["", "  ", "a/", &"x".repeat(256)] {
            assert!(check_file_name("fileName", bad).is_err(), "{bad:?}");
        }
        assert_eq!(clean_file_name(&"x".repeat(300)).unwrap().len(), 255);
        assert_eq!(clean_file_name("a/\u{202e} "), None);
    }

    #[test]
    fn what_turns_text_around_or_cannot_be_seen_is_in_no_file_name() {
        for hidden in [
            '\u{202e}', '\u{202a}', '\u{2066}', '\u{2069}', '\u{200e}', '\u{200f}', '\u{61c}',
            '\u{200b}', '\u{feff}', '\u{ad}', '\n', '\u{7f}',
        ] {
            let name = format!("invoice_{hidden}fdp.exe");
            let refused = check_file_name("fileName", &name).unwrap_err().to_string();
            assert!(refused.contains(&format!("U+{:04X}", u32::from(hidden))), "{refused}");
            assert_eq!(clean_file_name(&name).unwrap(), "invoice_fdp.exe", "{hidden:?}");
        }
    }
}
