//! A whole instance out of the database, and records into it.
//!
//! `export` reads everything of one moment; `import` takes batches of records, each a transaction
//! of the writer; `table` is what the instance remembers of imports. What may live here: no file
//! formats, no rule on what a name or a text may be.

mod export;
mod import;
mod messages;
mod passwords;
mod people;
mod table;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) fn statements() -> Vec<&'static str> {
    [
        export::STATEMENTS,
        import::STATEMENTS,
        messages::STATEMENTS,
        passwords::STATEMENTS,
        people::STATEMENTS,
        table::STATEMENTS,
    ]
    .concat()
}
