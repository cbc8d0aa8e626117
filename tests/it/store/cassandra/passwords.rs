//! A node that needs a password.

use std::time::Duration;

use chatctl::store::cluster::tables::Tables;
use chatctl::store::cluster::tables::cql::{ConnectError, Cql, Options};

use super::{Node, create, is_wanted};
use crate::store::PATIENCE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_used_and_a_wrong_one_is_told() {
    if !is_wanted() {
        return;
    }
    let node = Node::with_passwords();
    let with = |password: &str| Options {
        login: Some(("cassandra".to_owned(), password.to_owned())),
        ..super::options(&node, "passwords")
    };
    // The node creates its first user after it has started.
    let connecting = async {
        loop {
            match Box::pin(Cql::connect(with("cassandra"))).await {
                Ok(cql) => return cql,
                Err(error) => assert!(matches!(error, ConnectError::WrongLogin), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let cql = tokio::time::timeout(PATIENCE, connecting).await.expect("the password is right");
    create(&cql, 1).await;
    cql.ping().await.unwrap();
    let wrong = Box::pin(Cql::connect(with("wrong"))).await.err();
    assert!(matches!(wrong, Some(ConnectError::WrongLogin)), "{wrong:?}");
    let without = Box::pin(Cql::connect(super::options(&node, "passwords"))).await.err();
    assert!(matches!(without, Some(ConnectError::NoLogin)), "{without:?}");
    node.end();
}
