//! Whether a WebSocket opens through `public_url`: what proxies forget most. A real handshake, with
//! the origin of the web UI.

use std::fmt::Display;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, ClientConnection, Error as TlsError, RootCertStore, StreamOwned,
};
use tokio_tungstenite::tungstenite::client::client;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::http::header::{
    CONNECTION, HOST, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use tokio_tungstenite::tungstenite::http::{Request, StatusCode};
use tokio_tungstenite::tungstenite::{Error, HandshakeError};

use super::report::Report;
use super::{Installation, Server};

/// Who answers later does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A URL, taken apart.
struct Target<'a> {
    tls: bool,
    authority: &'a str,
    host: String,
    port: u16,
    /// What the server answers below, usually `/`.
    path: String,
}

/// What is wrong and what to do.
type Wrong = (String, &'static str);

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let Some(url) = &ground.config.server.public_url else {
        return report.skip_with(
            "there is no public_url",
            "[server] public_url tells where clients reach the server.",
        );
    };
    match ground.server {
        Server::Stopped => return report.skip("no server runs"),
        Server::Here(_) => {
            return report.skip("it is tried from the command line, where clients are");
        }
        Server::Elsewhere | Server::Silent(_) => (),
    }
    let Some(target) = Target::of(url) else {
        return report.fail(
            format!("public_url is {url:?}"),
            "[server] public_url is how browsers reach the server, as https://chat.example.org.",
        );
    };
    match target.shake_hands(url) {
        Ok(()) => report.ok(format!("a WebSocket opens through {url}")),
        Err((found, advice)) => report.fail(found, advice),
    }
}

impl<'a> Target<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority
            .rsplit_once(':')
            .filter(|(host, port)| !port.contains(']') && !host.is_empty())
        {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, if tls { 443 } else { 80 }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let path = if path.is_empty() {
            "/".to_owned()
        } else {
            format!("/{}/", path.trim_end_matches('/'))
        };
        (!host.is_empty()).then_some(Self { tls, authority, host, port, path })
    }

    fn shake_hands(&self, url: &str) -> Result<(), Wrong> {
        let stream = self.connect().map_err(|error| {
            (
                format!("{url} cannot be reached from here: {error}"),
                "Look at DNS, the firewall, and whether the proxy runs.",
            )
        })?;
        if !self.tls {
            return self.upgrade(stream, url);
        }
        let name = ServerName::try_from(self.host.clone()).map_err(|error| wrong(url, &error))?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let connection =
            ClientConnection::new(Arc::new(config), name).map_err(|error| wrong(url, &error))?;
        let mut stream = StreamOwned::new(connection, stream);
        stream.conn.complete_io(&mut stream.sock).map_err(|error| {
            let (why, advice) = untrusted(&error);
            (format!("TLS with {url} fails: {why}"), advice)
        })?;
        self.upgrade(stream, url)
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn upgrade<S: io::Read + io::Write>(&self, stream: S, url: &str) -> Result<(), Wrong> {
        let scheme = if self.tls { ("wss", "https") } else { ("ws", "http") };
        let request = Request::get(format!("{}://{}{}", scheme.0, self.authority, self.path))
            .header(HOST, self.authority)
            .header(ORIGIN, format!("{}://{}", scheme.1, self.authority))
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, generate_key())
            .body(())
            .map_err(|error| wrong(url, &error))?;
        match client(request, stream) {
            Ok((mut socket, _)) => {
                // It has opened, which is what was asked.
                drop(socket.close(None));
                Ok(())
            }
            Err(HandshakeError::Interrupted(_)) => {
                Err((format!("{url} does not answer a WebSocket handshake"), PASS_ON))
            }
            Err(HandshakeError::Failure(Error::Http(answer))) => Err(refused(url, answer.status())),
            Err(HandshakeError::Failure(error)) => Err((
                format!("{url} does not answer a WebSocket handshake as one: {error}"),
                PASS_ON,
            )),
        }
    }
}

/// Why a certificate is refused, in plain words.
fn untrusted(error: &io::Error) -> (String, &'static str) {
    let Some(TlsError::InvalidCertificate(certificate)) =
        error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>())
    else {
        return (
            error.to_string(),
            "Check the certificate that is served there: its name, its chain, its end; clients \
             refuse it too.",
        );
    };
    match certificate {
        CertificateError::UnknownIssuer => (
            "its certificate is signed by nobody whom this machine trusts".to_owned(),
            "If an authority has signed the certificate, tls_cert must hold the whole chain; if \
             you have signed it yourself, clients must be told to trust it.",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("its certificate has ended".to_owned(), "Renew it; browsers refuse it too.")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("its certificate does not hold yet".to_owned(), "Look at the clocks of both machines.")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "its certificate is for another name".to_owned(),
            "The certificate must name the host of [server] public_url.",
        ),
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => (
            "its certificate is that of an authority, signed by itself".to_owned(),
            "openssl req -x509 makes such ones. Use one that an authority has signed, or add: \
             -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:HOST.",
        ),
        other => (
            format!("its certificate is refused: {other}"),
            "Look at its name, its chain and its end; clients refuse it too.",
        ),
    }
}

const PASS_ON: &str = "The proxy must pass Upgrade and Connection on (nginx: proxy_http_version \
                       1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \
                       \"upgrade\"), also for /, and must not end connections early.";

fn refused(url: &str, status: StatusCode) -> Wrong {
    let found = format!("{url} answers a WebSocket handshake with {status}");
    match status {
        StatusCode::FORBIDDEN => (
            found,
            "The server takes the origin for a foreign one: [server] public_url must be what \
             browsers have in their address bar.",
        ),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            (
                found,
                "The proxy does not reach the server: compare its upstream with [server] listen.",
            )
        }
        _ => (found, PASS_ON),
    }
}

fn wrong(url: &str, error: &dyn Display) -> Wrong {
    (
        format!("{url} cannot be used: {error}"),
        "[server] public_url is how browsers reach the server, as https://chat.example.org.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let parts = |url| {
            Target::of(url)
                .map(|t| format!("{} {} {} {} {}", t.tls, t.authority, t.host, t.port, t.path))
        };
        assert_eq!(parts("https://chat.example").unwrap(), "true chat.example chat.example 443 /");
        assert_eq!(
            parts("http://chat.example:8080/").unwrap(),
            "false chat.example:8080 chat.example 8080 /"
        );
        assert_eq!(parts("https://[::1]/a/b").unwrap(), "true [::1] ::1 443 /a/b/");
        assert_eq!(parts("https://[::1]:8443").unwrap(), "true [::1]:8443 ::1 8443 /");
        for bad in ["chat.example", "ftp://x", "https://", "http://a:b"] {
            assert!(parts(bad).is_none(), "{bad}");
        }
    }
}
