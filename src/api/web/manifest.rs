//! The web app manifest: installed, the page is called like the server and has its colour.

use serde_json::Value;

use crate::config;

/// Address of the manifest.
pub(super) const NAME: &str = "manifest.webmanifest";

/// Returns the manifest of this server; None: it is the one of `assets/`.
pub(super) fn of(server: &config::Server, original: &[u8]) -> Option<Vec<u8>> {
    if server.name.is_none() && server.accent.is_none() {
        return None;
    }
    let mut manifest: Value = serde_json::from_slice(original).ok()?;
    if let Some(name) = &server.name {
        manifest["name"] = name.trim().into();
        manifest["short_name"] = name.trim().into();
    }
    if let Some(accent) = &server.accent {
        manifest["theme_color"] = accent.as_str().into();
    }
    serde_json::to_vec(&manifest).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installed_page_has_the_name_and_the_colour_of_the_server() {
        let original =
            br##"{"name":"Chat","short_name":"Chat","theme_color":"#00706e","id":"./"}"##;
        let mut server = config::Server::default();
        assert_eq!(of(&server, original), None);
        server.name = Some("Pier \"Nine\"".to_owned());
        let named: Value = serde_json::from_slice(&of(&server, original).unwrap()).unwrap();
        assert_eq!(
            (&named["name"], &named["theme_color"]),
            (&"Pier \"Nine\"".into(), &"#00706e".into())
        );
        assert_eq!((&named["short_name"], &named["id"]), (&"Pier \"Nine\"".into(), &"./".into()));
        server.accent = Some("#7a2fd0".to_owned());
        let coloured: Value = serde_json::from_slice(&of(&server, original).unwrap()).unwrap();
        assert_eq!(coloured["theme_color"], "#7a2fd0");
    }
}
