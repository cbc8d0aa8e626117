//! TLS with a certificate that can be replaced while connections continue.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use crate::admin::certificate::{self, Unusable};
use crate::config;

/// The certificate of all listeners. Clones share it.
#[derive(Clone, Debug)]
pub struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
}

/// The certificate presented in handshakes.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl Certificate {
    /// Reads the configured files, if any.
    pub fn load(server: &config::Server) -> Result<Option<Self>, Unusable> {
        let (Some(cert), Some(key)) = (&server.tls_cert, &server.tls_key) else { return Ok(None) };
        let current = Arc::new(Current(RwLock::new(Arc::new(certificate::load(cert, key)?))));
        Ok(Some(Self { cert: cert.clone(), key: key.clone(), current }))
    }

    /// Reads the files again and uses them for new connections. If they are unusable, nothing
    /// changes.
    pub fn reload(&self) -> Result<(), Unusable> {
        let new = Arc::new(certificate::load(&self.cert, &self.key)?);
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// Path of the certificate chain.
    pub fn file(&self) -> &std::path::Path {
        &self.cert
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&self.current) as Arc<dyn ResolvesServerCert>);
        TlsAcceptor::from(Arc::new(config))
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}
