//! TLS to Redis, and users of it.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};

use super::{Common, health};
use crate::store::cassandra::{cassandra, is_wanted};
use crate::support::{Ctl, Person, Redis};

/// Writes the certificate of an authority, and one of it with its key for each of these addresses;
/// returns the path of the former.
fn certificates(folder: &Path, hosts: &[&str]) -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    for host in hosts {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(host.parse::<IpAddr>().unwrap())];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let pem = [key.serialize_pem(), certificate.pem()].concat();
        fs::write(folder.join(format!("{host}.pem")), pem).unwrap();
    }
    let path = folder.join("authority.pem");
    fs::write(&path, authority.pem()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_redis_are_encrypted_and_have_a_user() {
    if !is_wanted() {
        return;
    }
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let authority = certificates(folder.path(), &["127.0.0.1"]);
    let unknown = certificates(other.path(), &[]);
    let redis = Redis::with_tls(&folder.path().join("127.0.0.1.pem"));
    let url = redis.tls_url();
    let settings = [
        ("CLUSTER__REDIS", url.as_str()),
        ("CLUSTER__REDIS_TLS_CA", &authority),
        ("CLUSTER__REDIS_USER", "chatctl"),
        ("CLUSTER__REDIS_PASSWORD", "secret"),
    ];
    // As in docs/cluster.md, but for the keyspaces of these tests.
    let user =
        "ACL SETUSER chatctl on >secret ~several_* &several_* +@all -@admin -@dangerous +info";
    assert_eq!(redis.command(&user.split(' ').collect::<Vec<_>>()), "OK");
    assert_eq!(redis.command(&["ACL", "SETUSER", "default", "off"]), "OK");
    let common = Common::on(&cassandra().address, &settings);

    let data = tempfile::tempdir().unwrap();
    let ctl = common.ctl(Ctl::at(data.path()));
    let parts = ctl.all(&["cluster", "status"]);
    assert!(parts.iter().all(|part| part["up"] == true), "{parts:?}");
    for (setting, value) in
        [("CLUSTER__REDIS_TLS_CA", unknown.as_str()), ("CLUSTER__REDIS_USER", "nobody")]
    {
        let parts = ctl.clone().set(setting, value).all(&["cluster", "status"]);
        let redis = parts.iter().find(|part| part["part"] == "redis").unwrap();
        assert_eq!(redis["up"], false, "{setting}={value}: {redis}");
    }

    let (one, two) = (common.server(&[]).await, common.server(&[]).await);
    health(&one, 200, "ok", "ok").await;
    health(&two, 200, "ok", "ok").await;
    let ann = Person::new(&one, "ann").await;
    let room = ann.room(&[]).await;
    let mut socket = ann.at(two.address()).enter(&room).await;
    ann.say(&room, "through all of it").await;
    socket.hears("through all of it").await;
}
