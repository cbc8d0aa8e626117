//! Nodes of one cluster that can be stopped, killed and started again with their data.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Node;

/// Some nodes of one cluster, and where their data is. They end with it.
pub(crate) struct Ring {
    pub(crate) nodes: Vec<Node>,
    dir: tempfile::TempDir,
    /// Beside others of this process.
    number: usize,
}

impl Ring {
    /// Starts so many nodes, one after the other.
    pub(crate) fn start(count: usize) -> Self {
        static RINGS: AtomicUsize = AtomicUsize::new(0);
        let number = RINGS.fetch_add(1, Ordering::SeqCst);
        let mut ring = Self { nodes: Vec::new(), dir: tempfile::tempdir().unwrap(), number };
        for n in 0..count {
            let node = ring.node(n);
            ring.nodes.push(node);
        }
        ring
    }

    /// Starts a node that was killed.
    pub(crate) fn start_again(&mut self, n: usize) {
        self.nodes[n] = self.node(n);
    }

    fn node(&self, n: usize) -> Node {
        // Beside other processes of the machine.
        let of = std::process::id() % 60_000;
        let address =
            |n| format!("127.{}.{}.{}", 2 + of / 250, 2 + of % 250, 11 + 10 * self.number + n);
        Node::at(&self.dir.path().join(n.to_string()), &address(n), &address(0))
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        for node in &self.nodes {
            node.kill_if_running();
        }
    }
}
