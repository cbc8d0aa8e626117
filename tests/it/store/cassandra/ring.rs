//! Nodes of one cluster that can be stopped, killed and started again with their data.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Node;

/// Some nodes of one cluster, and where their data is. They end with it.
pub(crate) struct Ring {
    pub(crate) nodes: Vec<Node>,
    dir: tempfile::TempDir,
    /// Beside others of this process.
    number: usize,
    /// Whether nodes send clients to [`Self::proxy`].
    proxied: bool,
}

impl Ring {
    /// Starts so many nodes, one after the other.
    pub(crate) fn start(count: usize) -> Self {
        Self::begin(count, false)
    }

    /// As [`Self::start`]; the nodes send their clients to proxies.
    pub(crate) fn behind_proxies(count: usize) -> Self {
        Self::begin(count, true)
    }

    fn begin(count: usize, proxied: bool) -> Self {
        static RINGS: AtomicUsize = AtomicUsize::new(0);
        let number = RINGS.fetch_add(1, Ordering::SeqCst);
        let mut ring =
            Self { nodes: Vec::new(), dir: tempfile::tempdir().unwrap(), number, proxied };
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
        let proxy = self.proxied.then(|| self.address(n, 100));
        let (own, first) = (self.address(n, 0), self.address(0, 0));
        Node::at(&self.dir.path().join(n.to_string()), &own, &first, proxy.as_deref())
    }

    /// `127.A.B.C:9042`, where a proxy of this node listens.
    pub(crate) fn proxy(&self, n: usize) -> String {
        format!("{}:9042", self.address(n, 100))
    }

    fn address(&self, n: usize, more: usize) -> String {
        // Beside other processes of the machine.
        let of = std::process::id() % 60_000;
        format!("127.{}.{}.{}", 2 + of / 250, 2 + of % 250, 11 + 10 * self.number + n + more)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        for node in &self.nodes {
            node.kill_if_running();
        }
    }
}
