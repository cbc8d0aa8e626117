//! TLS with ring as its cryptography. It is named each time, since another one is linked as well: the
//! driver of Cassandra brings it along, and rustls would not choose between the two.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier,
};

/// Why both versions of TLS are there.
const VERSIONS: &str = "ring has TLS 1.2 and 1.3";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Chooses for libraries that do not let their caller choose. For the start of the program.
pub fn choose() {
    // Chosen before, by the same function.
    drop(ring::default_provider().install_default());
}

/// Returns the configuration of a client that trusts these authorities.
pub fn client(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect(VERSIONS)
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Begins the configuration of a server.
pub fn server() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect(VERSIONS)
}
