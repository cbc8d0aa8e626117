//! Names of custom emoji of other products, and aliases of them.

use std::collections::HashMap;

/// How often an alias may lead to another one.
const DEEPEST: usize = 8;

/// Custom emoji of an import.
#[derive(Default)]
pub(in crate::admin::transfer) struct CustomEmoji {
    /// The files of those that were imported, by name.
    pub(super) files: HashMap<String, String>,
    /// Other names of built-in emoji.
    pub(super) built_in: HashMap<String, &'static str>,
}

/// Returns the names of aliases with what they lead to in the end, in an order in which the targets
/// come first.
pub(in crate::admin::transfer) fn resolved(aliases: &[(String, String)]) -> Vec<(&str, &str)> {
    let end = |name: &'_ str| {
        let mut target = name;
        for _ in 0..DEEPEST {
            let next = aliases.iter().find(|(alias, _)| alias == target);
            let Some((_, next)) = next else { break };
            target = next;
        }
        aliases.iter().find(|(_, known)| known == target).map(|(_, known)| known.as_str())
    };
    aliases
        .iter()
        .map(|(name, target)| (name.as_str(), end(target).unwrap_or(target.as_str())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_of_an_alias_leads_to_the_emoji() {
        let aliases: Vec<(String, String)> =
            [("ship", "shipit"), ("shipit", "squirrel"), ("ok", "tada"), ("a", "b"), ("b", "a")]
                .map(|(name, target)| (name.to_owned(), target.to_owned()))
                .into();
        let found = resolved(&aliases);
        assert_eq!(found[..3], [("ship", "squirrel"), ("shipit", "squirrel"), ("ok", "tada")]);
        assert_eq!(found.len(), 5, "a circle ends");
    }
}
