//! The connection of one server to the tables.

use std::future::pending;

use tokio::sync::watch;

use super::Memory;
use crate::store::cluster::tables::{
    Compare, Outcome, Page, Put, Row, Slice, Table, TableError, TableReply, Tables,
};

/// The connection of one server to tables in memory; clones are the same connection.
///
/// Stopping, cutting and killing concern answers too: an operation on its way may have its effect,
/// and its answer waits, is lost, or never comes.
#[derive(Clone)]
pub struct Link {
    memory: Memory,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Stopped,
    Cut,
    Killed,
}

impl Link {
    pub(super) fn new(memory: Memory) -> Self {
        Self { memory, state: watch::Sender::new(State::Open) }
    }

    /// Operations go through again.
    pub fn open(&self) {
        self.set(State::Open);
    }

    /// Operations and their answers wait until [`Self::open`], as if the server's process were
    /// stopped, or a pause of its machine.
    pub fn stop(&self) {
        self.set(State::Stopped);
    }

    /// Operations fail until [`Self::open`], as if the network were cut.
    pub fn cut(&self) {
        self.set(State::Cut);
    }

    /// Nothing is answered ever again, as if the server's process had been killed.
    pub fn kill(&self) {
        self.set(State::Killed);
    }

    fn set(&self, state: State) {
        self.state.send_if_modified(|held| {
            let changed = *held != State::Killed && *held != state;
            if changed {
                *held = state;
            }
            changed
        });
    }

    /// Waits until the link lets something pass; returns whether it does.
    async fn pass(&self) -> bool {
        let mut state = self.state.subscribe();
        let moving = state.wait_for(|state| *state != State::Stopped).await.map(|state| *state);
        match moving {
            Ok(State::Killed) | Err(_) => pending().await,
            Ok(state) => state == State::Open,
        }
    }

    async fn through<T>(
        &self,
        operation: TableReply<'_, T>,
        lost: TableError,
    ) -> Result<T, TableError> {
        if !self.pass().await {
            return Err(TableError::Unavailable);
        }
        let answer = operation.await;
        if self.pass().await { answer } else { Err(lost) }
    }
}

impl Tables for Link {
    fn read(&self, slice: Slice) -> TableReply<'_, Vec<Row>> {
        Box::pin(self.through(self.memory.read(slice), TableError::Unavailable))
    }

    fn write(&self, puts: Vec<Put>) -> TableReply<'_, ()> {
        Box::pin(self.through(self.memory.write(puts), TableError::Unknown))
    }

    fn compare(&self, compare: Compare) -> TableReply<'_, Outcome> {
        Box::pin(self.through(self.memory.compare(compare), TableError::Unknown))
    }

    fn scan<'a>(
        &'a self,
        table: &'static Table,
        from: Option<&'a [u8]>,
        limit: u32,
    ) -> TableReply<'a, Page> {
        Box::pin(self.through(self.memory.scan(table, from, limit), TableError::Unavailable))
    }

    fn ping(&self) -> TableReply<'_, ()> {
        Box::pin(self.through(self.memory.ping(), TableError::Unavailable))
    }
}
