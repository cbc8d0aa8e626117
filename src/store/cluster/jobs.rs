//! Work of many steps, which any server can continue.

use super::Cluster;

pub(super) fn start(_at: &Cluster) {}

pub(super) async fn stop(_at: &Cluster) {}

pub(super) async fn settle(_at: &Cluster) {}
