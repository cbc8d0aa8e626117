//! TLS with certificates that can be replaced while connections continue.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use crate::admin::certificate::Unusable;
use crate::admin::certificates::{Certificates, Refreshed};
use crate::config;

/// The certificates of all listeners. Clones share them.
#[derive(Clone, Debug)]
pub struct Certificate(Arc<Current>);

/// The certificates presented in handshakes.
struct Current {
    all: ArcSwap<Certificates>,
    /// Held while files are read, so that an older state cannot replace a newer one.
    reading: Mutex<()>,
}

impl fmt::Debug for Current {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Current").finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads the configured files, if any. Problems of single files are logged. Blocks.
    pub fn load(server: &config::Server) -> Result<Option<Self>, Unusable> {
        if !server.has_tls() {
            return Ok(None);
        }
        let (all, refreshed) = Certificates::load(server)?;
        Refreshed { loaded: Vec::new(), ..refreshed }.log();
        let current = Current { all: ArcSwap::from_pointee(all), reading: Mutex::default() };
        Ok(Some(Self(Arc::new(current))))
    }

    /// Reads changed files again and uses them for new connections. What is unusable stays as it
    /// was. The outcome is logged. Blocks.
    pub fn refresh(&self, server: &config::Server) {
        let _reading = self.0.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, refreshed) = self.0.all.load().refresh(server);
        self.0.all.store(Arc::new(all));
        refreshed.log();
    }

    /// Returns whether a certificate is valid for the host name.
    pub(in crate::api) fn covers(&self, name: &str) -> bool {
        self.0.all.load().cover(name)
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&self.0) as Arc<dyn ResolvesServerCert>);
        TlsAcceptor::from(Arc::new(config))
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.all.load().find(hello.server_name())
    }
}
