//! Exports a complete instance from the database, and imports records into it.
//!
//! `export` reads a consistent state; `import` takes batches of records, each in one transaction of
//! the writer; `table` records the results of imports. Contains no file formats, and no rules for
//! names or texts.

mod commands;
mod export;
mod import;
mod messages;
mod passwords;
mod people;
mod personal;
mod table;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) fn statements() -> Vec<&'static str> {
    [
        commands::STATEMENTS,
        export::STATEMENTS,
        import::STATEMENTS,
        messages::STATEMENTS,
        passwords::STATEMENTS,
        people::STATEMENTS,
        personal::STATEMENTS,
        table::STATEMENTS,
    ]
    .concat()
}
