//! What the operator does about accounts and the provider: links, addresses, checks.

use serde_json::json;

use super::{ann, start};
use crate::support::{Ctl, Json, Provider, Server, Visitor};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_linked_and_unlinked() {
    let provider = Provider::start();
    provider.knows(json!({"7": ann()})).await;
    let server = start(&provider, &[("OIDC__CREATE_ACCOUNTS", "false")]).await;
    let ctl = Ctl::of(&server);
    let browser = Visitor::of(&server.url());
    assert_eq!(browser.log_in("7").await, "/#/sign-in/unknown");
    ctl.create("anna", &[]);
    ctl.create("ben", &[]);
    let subject = format!("{}#7", provider.issuer());
    let wanted = json!([{"source": "oidc", "subject": subject}]);
    for _ in 0..2 {
        let linked = ctl.one(&["user", "link", "anna", "--oidc", "7"]);
        assert_eq!(linked["identities"], wanted);
    }
    ctl.run(&["user", "link", "ben", "--oidc", "7"]).fails(4, "another account, anna");
    ctl.run(&["user", "link", "nobody", "--oidc", "7"]).fails(3, "does not exist");
    for blank in ["", " ", "\t"] {
        ctl.run(&["user", "link", "ben", "--oidc", blank]).fails(2, "subject");
    }
    ctl.run(&["user", "unlink", "anna", "--ldap"]).fails(3, "not linked to the LDAP directory");
    ctl.run(&["bot", "create", "ci"]).ends(0);
    ctl.run(&["user", "link", "ci", "--oidc", "8"]).fails(2, "bot");
    assert_eq!(browser.log_in("7").await, "/");
    assert_eq!(browser.me().await["userId"], "anna");
    let unlinked = ctl.one(&["user", "unlink", "anna"]);
    assert_eq!(unlinked["identities"], json!([]));
    ctl.run(&["user", "unlink", "anna"]).fails(3, "not linked");
    assert_eq!(browser.me().await["userId"], "anna", "the session stays");
    assert_eq!(browser.log_in("7").await, "/#/sign-in/unknown");
    // What people are elsewhere is exported with their data, and erased with it.
    ctl.one(&["user", "link", "ben", "--oidc", "7"]);
    ctl.run(&["user", "erase", "ben", "--yes"]).ends(0);
    ctl.one(&["user", "link", "anna", "--oidc", "7"]);
    // Exports of the server have them too.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.jsonl");
    ctl.run(&["export", file.to_str().unwrap()]).ends(0);
    let other = Ctl::at(&folder.path().join("data"));
    other.run(&["import", file.to_str().unwrap(), "--yes"]).ends(0);
    assert_eq!(other.one(&["user", "show", "anna"])["identities"], wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_are_set_and_removed() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ann", &[]);
    ctl.create("ben", &["--email", "ben@example.org"]);
    assert_eq!(ctl.one(&["user", "email", "ann", "a@example.org"])["email"], "a@example.org");
    ctl.run(&["user", "email", "ann", "BEN@example.org"]).fails(4, "another account");
    for wrong in ["nonsense", "", "a b@example.org"] {
        let named = format!("{wrong:?} is not an e-mail address");
        ctl.run(&["user", "email", "ann", wrong]).fails(2, &named);
    }
    ctl.run(&["user", "email", "ann"]).fails(2, "or --remove");
    ctl.run(&["user", "email", "ann", "a@example.org", "--remove"]).fails(2, "--remove");
    assert_eq!(ctl.one(&["user", "email", "ann", "--remove"])["email"], Json::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_whether_the_provider_answers() {
    let mut provider = Provider::start();
    let server = start(&provider, &[]).await;
    let ctl = Ctl::of(&server);
    let found = || ctl.run(&["doctor", "--only", "oidc", "-o", "jsonl"]);
    let guessed = found();
    assert!(guessed.out.contains("answers") && guessed.out.contains("redirect"), "{guessed:?}");
    provider.stop();
    let away = found();
    away.ends(6);
    assert!(away.out.contains("cannot be used"), "{away:?}");
    let data = tempfile::tempdir().unwrap();
    let slash = Ctl::at(data.path()).set("OIDC__ISSUER", "https://id.example.org/?a");
    slash.run(&["config", "check"]).fails(6, "[oidc] issuer");
}
