#!/usr/bin/env bash
# Libraries: rustls 0.23.46 and rcgen 0.14.10 (crates.io).
# Behaviour: the certificate that answers an ACME tls-alpn-01 challenge (RFC 8737) has a critical
#   extension. rcgen makes it, but rustls refuses it for a server of its own: with_single_cert and
#   CertifiedKey::from_der compare key and certificate, and read the certificate for that as a
#   client would. CertifiedKey::new, which compares nothing, takes it, and the challenge succeeds.
# Output seen: "InvalidCertificate(Other(OtherError(UnsupportedCriticalExtension)))" from both;
#   the same certificate without the extension is taken by all three.
# Why it matters to a chat server: a server that obtains its own certificates has to serve this one,
#   and the documented ways to hand rustls a certificate fail just there.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat > Cargo.toml <<'T'
[package]
name = "seen"
version = "0.0.0"
edition = "2024"

[dependencies]
rcgen = { version = "=0.14.10", default-features = false, features = ["crypto", "ring"] }
rustls = { version = "=0.23.46", default-features = false, features = ["ring", "std", "tls12"] }
T
cat > src/main.rs <<'R'
use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;

fn main() {
    for challenge in [false, true] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["chat.example".to_owned()]).unwrap();
        if challenge {
            params.custom_extensions = vec![CustomExtension::new_acme_identifier(&[7; 32])];
        }
        let chain = || vec![params.self_signed(&key).unwrap().der().clone()];
        let secret = || PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = ring::default_provider();
        let from_der = CertifiedKey::from_der(chain(), secret(), &provider).map(drop);
        println!("challenge={challenge} from_der: {from_der:?}");
        let single = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain(), secret())
            .map(drop);
        println!("challenge={challenge} with_single_cert: {single:?}");
        let new = CertifiedKey::new(chain(), ring::sign::any_supported_type(&secret()).unwrap());
        println!("challenge={challenge} new: {} certificate", new.cert.len());
    }
}
R
cargo run --quiet > seen.txt
cat seen.txt
cat > expected.txt <<'T'
challenge=false from_der: Ok(())
challenge=false with_single_cert: Ok(())
challenge=false new: 1 certificate
challenge=true from_der: Err(InvalidCertificate(Other(OtherError(UnsupportedCriticalExtension))))
challenge=true with_single_cert: Err(InvalidCertificate(Other(OtherError(UnsupportedCriticalExtension))))
challenge=true new: 1 certificate
T
diff expected.txt seen.txt
