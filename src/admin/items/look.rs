//! The look of the server.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model;

/// How the server presents itself: `server.show`, `server.set`, `server.reset`.
#[derive(Serialize, ToSchema)]
pub struct Look {
    /// Name in force; null: pages are called Chat.
    pub(in crate::admin) name: Option<String>,
    /// Where it is from: `set` with a command or in the web UI, `configuration`, or `default`.
    pub(in crate::admin) name_from: &'static str,
    /// Accent colour in force, as `#rrggbb`; null: green.
    pub(in crate::admin) accent: Option<String>,
    /// `set`, `configuration` or `default`.
    pub(in crate::admin) accent_from: &'static str,
    /// Message of the day in force; null: none.
    pub(in crate::admin) motd: Option<String>,
    /// `set`, `configuration` or `default`.
    pub(in crate::admin) motd_from: &'static str,
    /// What `v` of its address must be, and changes with it; null: the icon of chatctl.
    pub(in crate::admin) icon: Option<String>,
    /// `set` or `default`.
    pub(in crate::admin) icon_from: &'static str,
}

impl Look {
    /// The look in force if this is set.
    pub(in crate::admin) fn of(look: model::Look, set: &model::Look) -> Self {
        let from = |set: &Option<String>, now: &Option<String>| match (set, now) {
            (Some(_), _) => "set",
            (None, Some(_)) => "configuration",
            (None, None) => "default",
        };
        Self {
            name_from: from(&set.name, &look.name),
            accent_from: from(&set.accent, &look.accent),
            motd_from: from(&set.motd, &look.motd),
            icon_from: from(&set.icon, &look.icon),
            name: look.name,
            accent: look.accent,
            motd: look.motd,
            icon: look.icon,
        }
    }
}
