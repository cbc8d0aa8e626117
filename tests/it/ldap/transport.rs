//! Encrypted connections to the directory.

use super::{asking, ctl, log_in};
use crate::support::Slapd;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_used_in_every_way() {
    let slapd = Slapd::start();
    let authority = slapd.authority();
    let authority = ("LDAP__TLS_CA", authority.to_str().unwrap());
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let (tls, plain) = (slapd.tls_url(host), slapd.url_of(host));
        for more in [
            vec![("LDAP__URL", tls.as_str()), authority],
            vec![("LDAP__URL", plain.as_str()), ("LDAP__STARTTLS", "true"), authority],
        ] {
            let server = asking(&slapd, &more).await;
            log_in(&server, "ann", "ann's secret").await.is(200);
            log_in(&server, "ann", "wrong").await.fails(401, "invalid_credentials");
        }
        let server = asking(&slapd, &[("LDAP__URL", plain.as_str())]).await;
        log_in(&server, "ann", "ann's secret").await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_authority_is_not_believed() {
    let slapd = Slapd::start();
    let other = Slapd::start();
    let foreign = other.authority();
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let (tls, plain) = (slapd.tls_url(host), slapd.url_of(host));
        for more in [
            vec![("LDAP__URL", tls.as_str())],
            vec![("LDAP__URL", tls.as_str()), ("LDAP__TLS_CA", foreign.to_str().unwrap())],
            vec![("LDAP__URL", plain.as_str()), ("LDAP__STARTTLS", "true")],
        ] {
            let server = asking(&slapd, &more).await;
            log_in(&server, "ann", "ann's secret").await.fails(503, "unavailable");
            let said = ctl(&server, &slapd, &more).run(&["ldap", "test", "ann"]);
            assert!(said.ends(6).out.contains("certificate"), "{said:?}");
        }
    }
    // Nor a certificate of another name.
    let authority = slapd.authority();
    let url = slapd.tls_url("0.0.0.0");
    let more = [("LDAP__URL", url.as_str()), ("LDAP__TLS_CA", authority.to_str().unwrap())];
    let server = asking(&slapd, &more).await;
    log_in(&server, "ann", "ann's secret").await.fails(503, "unavailable");
}

/// What is tried, the step that fails, what differs from the usual settings, and what the sentence
/// must say.
type Case<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, &'a [&'a str]);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failure_comes_with_a_way_out() {
    let slapd = Slapd::start();
    let without_tls = Slapd::without_tls();
    let authority = slapd.authority();
    let authority = ("LDAP__TLS_CA", authority.to_str().unwrap());
    let (plain, tls) = (slapd.url_of("127.0.0.1"), slapd.tls_url("127.0.0.1"));
    // This machine, by a name that the certificate does not have.
    let other_name = slapd.tls_url("0.0.0.0");
    let (bare, at_plain) = (without_tls.url(), plain.replace("ldap:", "ldaps:"));
    let starttls = ("LDAP__STARTTLS", "true");
    let cases: [Case<'_>; 6] = [
        (
            "no StartTLS",
            "connect",
            vec![("LDAP__URL", &bare), starttls, authority],
            &["it refuses StartTLS", "switch TLS on in the directory", "ldaps://"],
        ),
        (
            "ldaps:// at the plain port",
            "connect",
            vec![("LDAP__URL", &at_plain), authority],
            &["TLS does not begin at this port", "636", "starttls = true"],
        ),
        (
            "no CA",
            "connect",
            vec![("LDAP__URL", &tls)],
            &["UnknownIssuer", "set [ldap] tls_ca to the certificate of that authority"],
        ),
        (
            "no CA, with StartTLS",
            "connect",
            vec![("LDAP__URL", &plain), starttls],
            &["UnknownIssuer", "set [ldap] tls_ca to the certificate of that authority"],
        ),
        (
            "another name",
            "connect",
            vec![("LDAP__URL", &other_name), authority],
            &["its certificate is for another name", "[ldap] url"],
        ),
        (
            "a wrong password of the service account",
            "bind",
            vec![("LDAP__URL", &tls), authority, ("LDAP__BIND_PASSWORD", "wrong")],
            &["result code 49", "bind_dn or bind_password in [ldap] is wrong"],
        ),
    ];
    let mut server = asking(&slapd, &[]).await;
    assert!(server.terminate().await.success());
    for (what, step, more, told) in cases {
        let said = ctl(&server, &slapd, &more).run(&["ldap", "test", "-o", "jsonl"]);
        let last = said.ends(6).out.lines().last().unwrap_or_default().to_owned();
        assert!(last.contains(&format!("\"step\":\"{step}\"")), "{what}: {said:?}");
        for told in told {
            assert!(last.contains(told), "{what}: {told} is not in {last}");
        }
    }
}
