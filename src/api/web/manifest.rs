//! The web app manifest: installed, the page is called like the server and has its colour and icon.

use serde_json::{Value, json};

use crate::model::Look;

/// Address of the manifest.
pub(super) const NAME: &str = "manifest.webmanifest";
/// The icons of an own one: side in pixels and purpose.
const ICONS: [(u32, &str); 6] =
    [(48, "any"), (96, "any"), (192, "any"), (512, "any"), (192, "maskable"), (512, "maskable")];

/// Returns the manifest of a server with this look; None: it is the one of `assets/`.
pub(super) fn of(look: &Look, original: &[u8]) -> Option<Vec<u8>> {
    if look.name.is_none() && look.accent.is_none() && look.icon.is_none() {
        return None;
    }
    let mut manifest: Value = serde_json::from_slice(original).ok()?;
    if let Some(name) = &look.name {
        manifest["name"] = name.as_str().into();
        manifest["short_name"] = name.as_str().into();
    }
    if let Some(accent) = &look.accent {
        manifest["theme_color"] = accent.as_str().into();
    }
    if let Some(tag) = &look.icon {
        let icon = |(side, purpose): (u32, &str)| {
            json!({
                "src": format!("api/server/icon?size={side}&purpose={purpose}&v={tag}"),
                "sizes": format!("{side}x{side}"),
                "type": "image/png",
                "purpose": purpose,
            })
        };
        manifest["icons"] = ICONS.into_iter().map(icon).collect();
    }
    serde_json::to_vec(&manifest).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installed_page_has_the_look_of_the_server() {
        let original =
            br##"{"name":"Chat","short_name":"Chat","theme_color":"#00706e","id":"./"}"##;
        let mut look = Look::default();
        assert_eq!(of(&look, original), None);
        look.name = Some("Pier \"Nine\"".to_owned());
        let named: Value = serde_json::from_slice(&of(&look, original).unwrap()).unwrap();
        assert_eq!(
            (&named["name"], &named["theme_color"]),
            (&"Pier \"Nine\"".into(), &"#00706e".into())
        );
        assert_eq!((&named["short_name"], &named["id"]), (&"Pier \"Nine\"".into(), &"./".into()));
        look.accent = Some("#7a2fd0".to_owned());
        look.icon = Some("5f".to_owned());
        let own: Value = serde_json::from_slice(&of(&look, original).unwrap()).unwrap();
        assert_eq!(own["theme_color"], "#7a2fd0");
        assert_eq!(own["icons"][2]["src"], "api/server/icon?size=192&purpose=any&v=5f");
        assert_eq!(own["icons"].as_array().unwrap().len(), ICONS.len());
    }
}
