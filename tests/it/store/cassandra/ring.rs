//! Nodes of one cluster that can be stopped, killed and started again with their data.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Node;

/// Port of the nodes for clients.
const CLIENTS: u16 = 9042;
/// Port of the nodes for each other.
const NODES: u16 = 7000;

/// Some nodes of one cluster, and where their data is. They end with it.
pub(crate) struct Ring {
    pub(crate) nodes: Vec<Node>,
    plan: RingPlan,
}

/// Where the nodes of a cluster will be.
pub(crate) struct RingPlan {
    dir: tempfile::TempDir,
    /// Beside others of this process.
    number: usize,
    /// Whether nodes send clients and other nodes to proxies ([`RingPlan::clients`],
    /// [`RingPlan::others`]).
    proxied: bool,
    /// By node: what it has in its environment.
    variables: Vec<Vec<(String, String)>>,
    /// By node: the port of nodetool.
    tools: Vec<u16>,
}

/// A node to be started, perhaps elsewhere than on the thread of its cluster.
pub(crate) struct NodePlan {
    directory: PathBuf,
    own: String,
    seed: String,
    variables: Vec<(String, String)>,
}

/// The tool of a node.
pub(crate) struct NodeTool {
    port: u16,
}

impl NodePlan {
    /// Starts it, and waits until it has joined the others.
    pub(crate) fn start(&self) -> Node {
        Node::at(&self.directory, &self.own, &self.seed, &self.variables)
    }
}

impl RingPlan {
    /// A cluster of at most so many nodes.
    pub(crate) fn new(most: usize, proxied: bool) -> Self {
        static RINGS: AtomicUsize = AtomicUsize::new(0);
        let number = RINGS.fetch_add(1, Ordering::SeqCst);
        let tools = (0..most).map(|_| free_port()).collect();
        let variables = vec![Vec::new(); most];
        Self { dir: tempfile::tempdir().unwrap(), number, proxied, variables, tools }
    }

    /// Adds variables to the environment of a node.
    pub(crate) fn set(&mut self, n: usize, variables: &[(&str, &str)]) {
        let more = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.variables[n].extend(more);
    }

    /// `127.A.B.C:9042` where a proxy of a node listens for clients, and where the node does.
    pub(crate) fn clients(&self, n: usize) -> (String, String) {
        self.pair(n, CLIENTS)
    }

    /// `127.A.B.C:7000` where a proxy of a node listens for other nodes, and where the node does.
    pub(crate) fn others(&self, n: usize) -> (String, String) {
        self.pair(n, NODES)
    }

    /// Starts so many of its nodes, one after the other.
    pub(crate) fn start(self, count: usize) -> Ring {
        let nodes = (0..count).map(|n| self.node(n).start()).collect();
        Ring { nodes, plan: self }
    }

    fn pair(&self, n: usize, port: u16) -> (String, String) {
        (format!("{}:{port}", self.address(n, 100)), format!("{}:{port}", self.address(n, 0)))
    }

    fn node(&self, n: usize) -> NodePlan {
        let mut variables = self.variables[n].clone();
        let mut set = |name: &str, value: String| variables.push((name.to_owned(), value));
        set("CASSANDRA_JMX", self.tools[n].to_string());
        if self.proxied {
            set("CASSANDRA_PROXY", self.address(n, 100));
        }
        NodePlan {
            directory: self.directory(n),
            own: self.address(n, 0),
            seed: self.address(0, if self.proxied { 100 } else { 0 }),
            variables,
        }
    }

    fn directory(&self, n: usize) -> PathBuf {
        self.dir.path().join(n.to_string())
    }

    fn address(&self, n: usize, more: usize) -> String {
        // Beside other processes of the machine.
        let of = std::process::id() % 60_000;
        format!("127.{}.{}.{}", 2 + of / 250, 2 + of % 250, 11 + 10 * self.number + n + more)
    }
}

impl Ring {
    /// Starts so many nodes, one after the other.
    pub(crate) fn start(count: usize) -> Self {
        RingPlan::new(count, false).start(count)
    }

    /// Starts a node that was killed.
    pub(crate) fn start_again(&mut self, n: usize) {
        self.nodes[n] = self.plan.node(n).start();
    }

    /// Another node of the cluster, which is to be added to the list once it is started.
    pub(crate) fn next(&self) -> NodePlan {
        self.plan.node(self.nodes.len())
    }

    /// The tool of the last node.
    pub(crate) fn last(&self) -> NodeTool {
        NodeTool { port: self.plan.tools[self.nodes.len() - 1] }
    }

    /// Ends the last node, which has left the cluster, and removes what it had.
    pub(crate) fn drop_last(&mut self) {
        self.nodes.pop().unwrap().kill();
        std::fs::remove_dir_all(self.plan.directory(self.nodes.len())).unwrap();
    }

    /// Copies what a killed node has on disk.
    pub(crate) fn save(&self, n: usize, to: &Path) {
        copy(&self.plan.directory(n), to);
    }

    /// Gives a killed node what it had on disk.
    pub(crate) fn put_back(&self, n: usize, from: &Path) {
        let directory = self.plan.directory(n);
        std::fs::remove_dir_all(&directory).unwrap();
        copy(from, &directory);
    }
}

impl NodeTool {
    /// Takes the node out of its cluster; it moves its data to the others first.
    pub(crate) fn decommission(&self) {
        let mut tool = Command::new(super::node::root().join("tests/cassandra/nodetool"));
        let output = tool.args([&self.port.to_string(), "decommission"]).output().unwrap();
        assert!(output.status.success(), "nodetool decommission: {output:?}");
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        for node in &self.nodes {
            node.kill_if_running();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.unwrap().success(), "{} to {}", from.display(), to.display());
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
