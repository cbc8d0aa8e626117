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
    let url = slapd.tls_url("ip6-localhost");
    let more = [("LDAP__URL", url.as_str()), ("LDAP__TLS_CA", authority.to_str().unwrap())];
    let server = asking(&slapd, &more).await;
    log_in(&server, "ann", "ann's secret").await.fails(503, "unavailable");
}
