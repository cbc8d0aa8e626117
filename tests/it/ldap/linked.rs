//! Linking accounts to entries, and what then differs from accounts with passwords of their own.

use serde_json::json;

use super::{asking, enter, log_in};
use crate::second_factor::App;
use crate::support::{Client, Ctl, Json, Person, Slapd};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linked_account_is_only_checked_by_the_directory() {
    let slapd = Slapd::start();
    let server = asking(&slapd, &[("LIMITS__ENABLED", "false")]).await;
    let ctl = Ctl::of(&server);
    let ann = Person::new(&server, "ann").await;
    log_in(&server, "ann", "ann's secret").await.fails(401, "invalid_credentials");
    ctl.run(&["user", "link", "ann", "--ldap", &slapd.id("ann")]).ends(0);
    log_in(&server, "ann", &ann.password).await.fails(401, "invalid_credentials");
    log_in(&server, "ann", "ann's secret").await.is(200);
    // One entry belongs to one account, and an account that is there.
    Person::new(&server, "other").await;
    ctl.run(&["user", "link", "other", "--ldap", &slapd.id("ann")]).fails(4, "account, ann");
    ctl.run(&["user", "link", "other", "--ldap", "nonsense"]).fails(3, "no entry with the id");
    ctl.run(&["user", "link", "other", "--ldap", " "]).fails(2, "must not be empty");
    ctl.run(&["user", "unlink", "ann", "--oidc"]).fails(3, "not linked to a provider");
    ctl.run(&["user", "unlink", "ann", "--ldap"]).ends(0);
    ctl.run(&["user", "link", "ann", "--ldap", &slapd.id("ann")]).ends(0);

    ctl.run(&["user", "unlink", "ann"]).ends(0);
    log_in(&server, "ann", "ann's secret").await.fails(401, "invalid_credentials");
    log_in(&server, "ann", &ann.password).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_of_the_directory_are_not_changed_here() {
    let slapd = Slapd::start();
    let server = asking(&slapd, &[("LIMITS__ENABLED", "false")]).await;
    let ctl = Ctl::of(&server);
    let ann = enter(&server, "ann", "ann's secret").await;
    let change = json!({"password": "another secret", "currentPassword": "ann's secret"});
    let refused = ann.patch("/api/users/me", change).await;
    refused.blames("password");
    assert!(refused.text.contains("LDAP directory"), "{}", refused.text);
    ctl.run_with(&["user", "passwd", "ann", "--password-stdin"], "another secret\n")
        .fails(2, "LDAP directory");
    ctl.run(&["user", "reset-link", "ann"]).fails(4, "LDAP directory");
    log_in(&server, "ann", "ann's secret").await.is(200);
    log_in(&server, "ann", "another secret").await.fails(401, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_step_log_in_is_set_up_with_the_password_of_the_directory() {
    let slapd = Slapd::start();
    let more = [("AUTH__SECOND_FACTOR", "optional"), ("LIMITS__ENABLED", "false")];
    let server = asking(&slapd, &more).await;
    let ann = enter(&server, "ann", "ann's secret").await;
    let path = "/api/users/me/second_factor";
    ann.post(path, json!({"password": "wrong"})).await.fails(403, "forbidden");
    let made: Json = ann.post(path, json!({"password": "ann's secret"})).await.is(200);
    let app = App::new(made["secret"].as_str().unwrap());
    ann.post(&format!("{path}/confirm"), json!({"code": app.shows(0)})).await.is(200);
    log_in(&server, "ann", "ann's secret").await.fails(401, "second_factor_required");
    log_in(&server, "ann", "wrong").await.fails(401, "invalid_credentials");
    let body = json!({"userId": "ann", "password": "ann's secret", "code": app.shows(1)});
    ann.bare().post("/api/login", body).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_step_log_in_may_be_required_with_the_password_of_the_directory() {
    let slapd = Slapd::start();
    let more = [("AUTH__SECOND_FACTOR", "required"), ("LIMITS__ENABLED", "false")];
    let server = asking(&slapd, &more).await;
    let client = Client::new(&server);
    log_in(&server, "ann", "wrong").await.fails(401, "invalid_credentials");
    // Also at the first log-in, which creates the account.
    log_in(&server, "ann", "ann's secret").await.fails(401, "second_factor_setup_required");
    let path = "/api/login/second_factor";
    let wrong = json!({"userId": "ann", "password": "wrong"});
    client.post(path, wrong).await.fails(401, "invalid_credentials");
    let mut body = json!({"userId": "ann", "password": "ann's secret"});
    let made = client.post(path, body.clone()).await.is(200);
    let app = App::new(made["secret"].as_str().unwrap());
    body["code"] = app.shows(0).into();
    let opened = client.post(&format!("{path}/confirm"), body.clone()).await.is(200);
    client.bearer(opened["token"].as_str().unwrap()).get("/api/users/me").await.is(200);
    body["code"] = app.shows(1).into();
    client.post("/api/login", body).await.is(200);
}
