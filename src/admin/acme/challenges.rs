//! The answers to the CA's challenges while an order is pending.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

/// The answers that the listeners give to a CA. Clones share them.
#[derive(Clone, Default)]
pub struct Challenges(Arc<Mutex<Answers>>);

#[derive(Default)]
struct Answers {
    /// Certificates of `tls-alpn-01`, by host name.
    certificates: HashMap<String, Arc<CertifiedKey>>,
    /// Key authorizations of `http-01`, by token.
    texts: HashMap<String, String>,
}

impl fmt::Debug for Challenges {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Challenges").finish_non_exhaustive()
    }
}

impl Challenges {
    /// Returns the answer to `GET /.well-known/acme-challenge/TOKEN`.
    pub fn text(&self, token: &str) -> Option<String> {
        self.answers().texts.get(token).cloned()
    }

    /// Answers challenges for a name, by TLS and by HTTP, until the result is dropped. `digest` is
    /// the SHA-256 digest of the key authorization.
    pub(super) fn answer(
        &self,
        name: &str,
        token: &str,
        key_authorization: &str,
        digest: &[u8],
    ) -> Result<Answered, rcgen::Error> {
        let certificate = certificate(name, digest)?;
        let mut answers = self.answers();
        answers.certificates.insert(name.to_owned(), Arc::new(certificate));
        answers.texts.insert(token.to_owned(), key_authorization.to_owned());
        Ok(Answered { of: self.clone(), name: name.to_owned(), token: token.to_owned() })
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Challenges {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?.to_ascii_lowercase();
        self.answers().certificates.get(&name).cloned()
    }
}

/// Ends the answers when it is dropped.
pub(super) struct Answered {
    of: Challenges,
    name: String,
    token: String,
}

impl Drop for Answered {
    fn drop(&mut self) {
        let mut answers = self.of.answers();
        answers.certificates.remove(&self.name);
        answers.texts.remove(&self.token);
    }
}

/// The self-signed certificate that answers `tls-alpn-01` (RFC 8737).
fn certificate(name: &str, digest: &[u8]) -> Result<CertifiedKey, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key)?;
    let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = ring::sign::any_supported_type(&der).map_err(|_| rcgen::Error::RingUnspecified)?;
    // Without a comparison of both: it does not know the critical extension of the challenge.
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}
