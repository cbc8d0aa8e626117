//! TLS with certificates that can be replaced while connections continue.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::{Acceptor as Hello, ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::server::TlsStream;

use crate::admin::acme::{self, Challenges};
use crate::admin::certificate::Unusable;
use crate::admin::certificates::{Certificates, Refreshed};
use crate::config;

/// The protocol by which a CA checks that a name leads to this server (RFC 8737).
const CHALLENGE: &[u8] = b"acme-tls/1";

/// HTTP/2 in the handshake (RFC 7301).
pub(super) const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// The certificates of all listeners. Clones share them.
#[derive(Clone, Debug)]
pub struct Certificate(Arc<Current>);

/// The certificates presented in handshakes.
struct Current {
    all: ArcSwap<Certificates>,
    challenges: Challenges,
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
        acme::check(server)?;
        let (all, refreshed) = Certificates::load(server)?;
        Refreshed { loaded: Vec::new(), ..refreshed }.log();
        let current = Current {
            all: ArcSwap::from_pointee(all),
            challenges: Challenges::default(),
            reading: Mutex::default(),
        };
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

    /// The answers to a CA that checks names.
    pub fn challenges(&self) -> &Challenges {
        &self.0.challenges
    }

    pub(super) fn acceptor(&self) -> Acceptor {
        let with = |certificates: Arc<dyn ResolvesServerCert>| {
            ServerConfig::builder().with_no_client_auth().with_cert_resolver(certificates)
        };
        let mut challenge = with(Arc::new(self.0.challenges.clone()));
        challenge.alpn_protocols = vec![CHALLENGE.to_vec()];
        let mut usual = with(Arc::clone(&self.0) as Arc<dyn ResolvesServerCert>);
        usual.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        Acceptor { usual: Arc::new(usual), challenge: Arc::new(challenge) }
    }
}

/// Accepts TLS connections. Clones share it.
#[derive(Clone)]
pub(super) struct Acceptor {
    usual: Arc<ServerConfig>,
    /// For the checks of a CA.
    challenge: Arc<ServerConfig>,
}

impl Acceptor {
    /// Returns the connection; None: it was the check of a CA, which ends with the handshake.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<Option<TlsStream<TcpStream>>> {
        let start = LazyConfigAcceptor::new(Hello::default(), stream).await?;
        let is_check = start
            .client_hello()
            .alpn()
            .is_some_and(|mut protocols| protocols.any(|protocol| protocol == CHALLENGE));
        if is_check {
            let mut checked = start.into_stream(Arc::clone(&self.challenge)).await?;
            checked.shutdown().await?;
            return Ok(None);
        }
        start.into_stream(Arc::clone(&self.usual)).await.map(Some)
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.all.load().find(hello.server_name())
    }
}
