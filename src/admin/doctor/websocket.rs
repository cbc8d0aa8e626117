//! Check `websocket`: whether a WebSocket opens through `public_url`, which misconfigured proxies
//! often prevent. Performs a real handshake with the origin of the web UI.

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

/// Timeout for each step.
const PATIENCE: Duration = Duration::from_secs(10);

/// A parsed URL.
struct Target<'a> {
    tls: bool,
    authority: &'a str,
    host: String,
    port: u16,
    /// Base path of the server, usually `/`.
    path: String,
}

/// A problem and its remedy.
type Wrong = (String, &'static str);

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let Some(url) = &ground.config.server.public_url else {
        return report.skip_with(
            "public_url is not set",
            "Set [server] public_url to the address at which clients reach the server.",
        );
    };
    match ground.server {
        Server::Stopped => return report.skip("no server is running"),
        Server::Here(_) => {
            return report.skip("only the command line can run this check");
        }
        Server::Elsewhere | Server::Silent(_) => (),
    }
    let Some(target) = Target::of(url) else {
        return report.fail(
            format!("public_url {url:?} is not a valid URL"),
            "Set [server] public_url to the address that browsers use, such as https://chat.example.org.",
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
                "Check DNS, the firewall, and that the proxy is running.",
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
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
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
                // It opened, so the check has succeeded.
                drop(socket.close(None));
                Ok(())
            }
            Err(HandshakeError::Interrupted(_)) => {
                Err((format!("{url} does not answer a WebSocket handshake"), PASS_ON))
            }
            Err(HandshakeError::Failure(Error::Http(answer))) => Err(refused(url, answer.status())),
            Err(HandshakeError::Failure(error)) => Err((
                format!("{url} sends an invalid reply to a WebSocket handshake: {error}"),
                PASS_ON,
            )),
        }
    }
}

/// Explains why a certificate is refused.
fn untrusted(error: &io::Error) -> (String, &'static str) {
    let Some(TlsError::InvalidCertificate(certificate)) =
        error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>())
    else {
        return (
            error.to_string(),
            "Check the name, chain and expiry of the certificate; clients refuse it too.",
        );
    };
    match certificate {
        CertificateError::UnknownIssuer => (
            "its certificate is not signed by an authority that this machine trusts".to_owned(),
            "If an authority signed it, tls_cert must contain the whole chain; if it is \
             self-signed, add it to the trusted certificates of the clients.",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("its certificate has expired".to_owned(), "Renew it; browsers refuse it too.")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("its certificate is not valid yet".to_owned(), "Check the clocks of both machines.")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "its certificate is for another name".to_owned(),
            "The certificate must be issued for the host in [server] public_url.",
        ),
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => (
            "its certificate is a self-signed CA certificate".to_owned(),
            "Use a certificate that an authority has signed, or create it with: openssl req -x509 \
             … -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:HOST.",
        ),
        other => (
            format!("its certificate is refused: {other}"),
            "Check its name, chain and expiry; clients refuse it too.",
        ),
    }
}

const PASS_ON: &str = "The proxy must pass on the headers Upgrade and Connection (nginx: \
                       proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
                       proxy_set_header Connection \"upgrade\"), also for /, and must not close \
                       connections early.";

fn refused(url: &str, status: StatusCode) -> Wrong {
    let found = format!("{url} answers a WebSocket handshake with {status}");
    match status {
        StatusCode::FORBIDDEN => (
            found,
            "The server refuses the origin: [server] public_url must be the address in the \
             address bar of browsers.",
        ),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            (found, "The proxy cannot reach the server: compare its upstream with [server] listen.")
        }
        _ => (found, PASS_ON),
    }
}

fn wrong(url: &str, error: &dyn Display) -> Wrong {
    (
        format!("{url} cannot be used: {error}"),
        "Set [server] public_url to the address that browsers use, such as https://chat.example.org.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_parsed() {
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
