//! Locates the content of files and pictures: Slack exports contain only links, but download tools
//! add the files to the archive.

use std::collections::HashMap;

use super::wire::File;
use crate::admin::transfer::archive::Archive;
use crate::admin::transfer::sanitize::file_name;

/// Archive entries by file or user id.
pub(super) struct Files {
    by_id: HashMap<String, String>,
    pictures: HashMap<String, String>,
}

impl Files {
    /// Indexes the names of an archive.
    pub(super) fn of(archive: &Archive) -> Self {
        let (mut by_id, mut pictures) = (HashMap::new(), HashMap::new());
        for name in archive.names().filter(|name| !name.ends_with('/')) {
            let picture = name.split('/').any(|part| matches!(part, "__avatars" | "avatars"));
            for part in name.split('/') {
                let id = part.split(['-', '_', '.']).next().unwrap_or_default();
                let is_id = id.len() > 2
                    && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
                match id.bytes().next() {
                    Some(b'F') if is_id => drop(by_id.insert(id.to_owned(), name.to_owned())),
                    Some(b'U' | b'W') if is_id && picture => {
                        drop(pictures.insert(id.to_owned(), name.to_owned()));
                    }
                    _ => {}
                }
            }
        }
        Self { by_id, pictures }
    }

    /// Archive index of a file.
    pub(super) fn find(&self, archive: &Archive, folder: &str, file: &File) -> Option<usize> {
        if file.id.is_empty() {
            return None;
        }
        let name = file.name.as_deref().and_then(file_name).unwrap_or_else(|| file.id.clone());
        let places = [
            format!("__uploads/{}/{name}", file.id),
            format!("{folder}/attachments/{}-{name}", file.id),
            format!("attachments/{}/{name}", file.id),
        ];
        places.iter().chain(self.by_id.get(&file.id)).find_map(|path| archive.find(path))
    }

    /// Archive index of the profile picture of a user.
    pub(super) fn picture(&self, archive: &Archive, user: &str) -> Option<usize> {
        self.pictures.get(user).and_then(|name| archive.find(name))
    }
}

/// Name and address of a file, without the token in the address.
pub(super) fn elsewhere(file: &File) -> String {
    let name = file.name.as_ref().or(file.title.as_ref()).map_or("file", String::as_str);
    let address = file
        .permalink
        .as_ref()
        .or(file.url_private.as_ref())
        .map(|address| address.split('?').next().unwrap_or_default());
    match address {
        Some(address) => format!("📎 {name}: {address}"),
        None => format!("📎 {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_secret() {
        let file = File {
            name: Some("보고서.pdf".to_owned()),
            url_private: Some("https://files.slack.com/a.pdf?t=xoxe-1".to_owned()),
            ..File::default()
        };
        assert_eq!(elsewhere(&file), "📎 보고서.pdf: https://files.slack.com/a.pdf");
    }
}
