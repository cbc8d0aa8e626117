//! Rules of the model as functions of SQL, for migrations that bring what is stored into the form
//! of today.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Result};

use crate::model::{Reaction, fold, skeleton, with_single_spaces};

/// From a text to a text.
type Rule = fn(&str) -> String;

/// Name and rule of each.
const FUNCTIONS: [(&str, Rule); 4] = [
    ("reaction_form", reaction_form),
    ("fold", fold),
    ("skeleton", skeleton),
    ("single_spaces", with_single_spaces),
];

/// The form under which a reaction is stored; one that nobody knows stays.
fn reaction_form(reaction: &str) -> String {
    Reaction::parse(reaction)
        .map_or_else(|_| reaction.to_owned(), |known| known.as_str().to_owned())
}

/// Adds them to a connection. NULL stays NULL.
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

/// Takes them away again.
pub(super) fn remove(conn: &Connection) -> Result<()> {
    FUNCTIONS.iter().try_for_each(|(name, _)| conn.remove_function(*name, 1))
}
