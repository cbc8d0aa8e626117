//! How a server presents itself: its name, accent colour, message of the day and icon.

/// Name, colour, message and icon of a server.
///
/// As set by administrators: None leaves the choice to the configuration, and an empty text means
/// that there is none. As it is in force: None means that there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Name, shown instead of the name of the product.
    pub name: Option<String>,
    /// Accent colour, as `#rrggbb`.
    pub accent: Option<String>,
    /// Message of the day.
    pub motd: Option<String>,
    /// Tag of the icon, which changes with it; None: the icon of the product.
    pub icon: Option<String>,
}

/// A change of what administrators have set; None leaves a part unchanged, `Some(None)` leaves it to
/// the configuration again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookChange {
    /// Name.
    pub name: Option<Option<String>>,
    /// Accent colour.
    pub accent: Option<Option<String>>,
    /// Message of the day.
    pub motd: Option<Option<String>>,
    /// Icon.
    pub icon: Option<Option<LookIcon>>,
}

/// The icon of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookIcon {
    /// Differs for each picture.
    pub tag: String,
    /// A square PNG of at most 512 pixels.
    pub png: Vec<u8>,
}

impl Look {
    /// Returns what is set after a change.
    #[must_use]
    pub fn with(&self, change: &LookChange) -> Self {
        let part = |change: &Option<Option<String>>, now: &Option<String>| {
            change.clone().unwrap_or_else(|| now.clone())
        };
        let icon = change.icon.as_ref().map(|icon| icon.as_ref().map(|icon| icon.tag.clone()));
        Self {
            name: part(&change.name, &self.name),
            accent: part(&change.accent, &self.accent),
            motd: part(&change.motd, &self.motd),
            icon: part(&icon, &self.icon),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_leaves_the_rest_as_it_is() {
        let text = |text: &str| Some(text.to_owned());
        let set = Look { name: text("Pier"), motd: text(""), icon: text("a"), ..Look::default() };
        assert_eq!(set.with(&LookChange::default()), set);
        let icon = LookIcon { tag: "b".to_owned(), png: vec![1] };
        let change = LookChange {
            name: Some(None),
            accent: Some(text("#2a6fdb")),
            icon: Some(Some(icon)),
            ..LookChange::default()
        };
        let expected =
            Look { name: None, accent: text("#2a6fdb"), motd: text(""), icon: text("b") };
        assert_eq!(set.with(&change), expected);
    }
}
