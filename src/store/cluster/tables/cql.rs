//! Tables of Cassandra or ScyllaDB.
