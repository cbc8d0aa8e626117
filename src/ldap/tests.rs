//! Tests with directories that answer nonsense, or nothing.

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A directory that answers each request with these bytes; without bytes, it says nothing.
async fn answering(answer: &'static [u8]) -> Ldap {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    drop(stream.write_all(answer).await);
                }
            });
        }
    });
    Ldap {
        url: Some(url),
        base: Some("dc=example,dc=org".to_owned()),
        timeout_seconds: 1,
        ..Ldap::default()
    }
}

fn ann() -> Who {
    Who::Login("ann".to_owned())
}

#[tokio::test]
async fn an_answer_that_breaks_the_protocol_is_an_error() {
    // A bind response without its fields, a message without any, with another id, and no LDAP.
    for answer in [
        &b"\x30\x05\x02\x01\x01\x61\x00"[..],
        b"\x30\x00",
        b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04",
        b"\x30\x0c\x02\x01\x07\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ] {
        let ldap = answering(answer).await;
        let checked = Directory::default().check(&ldap, ann(), "secret").await;
        let Err(Unavailable(why)) = checked else { panic!("{answer:?}: {checked:?}") };
        assert!(!why.is_empty());
    }
}

#[tokio::test]
async fn the_answer_to_another_request_is_none() {
    // Success to every request: the answer to a search is none.
    let ldap = answering(b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00").await;
    assert!(Directory::default().check(&ldap, ann(), "secret").await.is_err());
}

#[tokio::test]
async fn a_directory_that_says_nothing_is_given_up() {
    let ldap = answering(b"").await;
    let Err(Unavailable(why)) = Directory::default().find(&ldap, ann()).await else {
        panic!("it said nothing")
    };
    assert_eq!(why, "it did not answer within 1 s");
    let probe = probe(&ldap, None, None).await;
    let steps: Vec<Step> = probe.done.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [Step::Connect]);
    assert_eq!(probe.failed.map(|(step, _)| step), Some(Step::Bind));
}

#[tokio::test]
async fn an_empty_password_is_never_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    let ldap = Ldap { url: Some(url), ..Ldap::default() };
    let checked = Directory::default().check(&ldap, ann(), "").await;
    assert!(matches!(checked, Ok(Checked::Wrong(_))), "{checked:?}");
    assert!(listener.accept().now_or_never().is_none(), "it connected");
}

#[tokio::test]
async fn only_so_many_log_ins_connect_and_wait() {
    let ldap = Ldap { max_connections: 2, ..answering(b"").await };
    let directory = Directory::default();
    let mut open: Vec<_> =
        (0..2 + 2 * WAITING).map(|_| Box::pin(directory.find(&ldap, ann()))).collect();
    for one in &mut open {
        assert!(one.as_mut().now_or_never().is_none());
    }
    let refused = directory.find(&ldap, ann()).now_or_never();
    assert!(matches!(refused, Some(Err(Unavailable(why))) if why.contains("max_connections")));
    // Places that are given up are free again.
    drop(open);
    assert!(directory.find(&ldap, ann()).now_or_never().is_none());
}
