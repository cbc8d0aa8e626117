//! Tables of an engine that is closed: every operation is `Unavailable`.

use super::{Compare, Outcome, Page, Put, Row, Slice, Table, TableError, TableReply, Tables};

/// Tables that cannot be used any more.
pub struct Closed;

fn closed<'a, T: Send + 'a>() -> TableReply<'a, T> {
    Box::pin(async { Err(TableError::Unavailable) })
}

impl Tables for Closed {
    fn read(&self, _: Slice) -> TableReply<'_, Vec<Row>> {
        closed()
    }

    fn write(&self, _: Vec<Put>) -> TableReply<'_, ()> {
        closed()
    }

    fn compare(&self, _: Compare) -> TableReply<'_, Outcome> {
        closed()
    }

    fn scan<'a>(&'a self, _: &'static Table, _: Option<&'a [u8]>, _: u32) -> TableReply<'a, Page> {
        closed()
    }

    fn ping(&self) -> TableReply<'_, ()> {
        closed()
    }
}
