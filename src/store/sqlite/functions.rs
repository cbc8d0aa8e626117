//! Rules of the model as SQL functions, for migrations that convert stored values to their current
//! form.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Result};

use crate::model::{Reaction, fold, skeleton, with_single_spaces};

/// A conversion of a text.
type Rule = fn(&str) -> String;

/// Names and conversions.
const FUNCTIONS: [(&str, Rule); 4] = [
    ("reaction_form", reaction_form),
    ("fold", fold),
    ("skeleton", skeleton),
    ("single_spaces", with_single_spaces),
];

/// Returns the form in which a reaction is stored; an unknown one is unchanged.
fn reaction_form(reaction: &str) -> String {
    Reaction::parse(reaction)
        .map_or_else(|_| reaction.to_owned(), |known| known.as_str().to_owned())
}

/// Adds the functions to a connection. NULL stays NULL.
pub(super) fn add(conn: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    for (name, rule) in FUNCTIONS {
        conn.create_scalar_function(name, 1, flags, move |context: &Context<'_>| {
            Ok(context.get::<Option<String>>(0)?.map(|text| rule(&text)))
        })?;
    }
    Ok(())
}

/// Removes the functions.
pub(super) fn remove(conn: &Connection) -> Result<()> {
    FUNCTIONS.iter().try_for_each(|(name, _)| conn.remove_function(*name, 1))
}
