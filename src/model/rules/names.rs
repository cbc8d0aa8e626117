//! Names shown to users.

/// Returns the name shown in a room: the one set for that room, otherwise the display name.
pub fn shown_name<'a>(edited_name: &'a str, name: &'a str) -> &'a str {
    if edited_name.is_empty() { name } else { edited_name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_for_the_room_goes_before_the_display_name() {
        assert_eq!(shown_name("Benny", "Ben Ng"), "Benny");
        assert_eq!(shown_name("", "Ben Ng"), "Ben Ng");
    }
}
