//! `[server]`: addresses, directories, TLS, heartbeat.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::rules::openable;

/// ACME directory of Let's Encrypt.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// `[server]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Name of the server, shown in the web UI and in the titles of its pages: at most 64 characters.
    /// Default: `Chat`, in the language of the page. What administrators set (`chatctl server set`)
    /// wins over `name`, `accent` and `motd`.
    pub name: Option<String>,
    /// Accent colour of the web UI, as `#rrggbb`. Only its hue and its saturation are used, so that
    /// texts stay readable. Default: green.
    pub accent: Option<String>,
    /// Message of the day, shown on the page for signing in and, until each user closes it, above
    /// the rooms: at most 300 characters.
    pub motd: Option<String>,
    /// Addresses to listen on, each `HOST:PORT` or `unix:PATH`.
    pub listen: Vec<String>,
    /// Data directory: database, uploaded files, logs and backups.
    pub data_dir: PathBuf,
    /// Base URL that browsers use, if it differs from the `Host` header: scheme, host and port, and
    /// the path if a proxy serves the server below one (`https://example.org/chat`).
    pub public_url: Option<String>,
    /// Origins of other web pages that may send requests with cookies and open WebSockets, as
    /// `https://HOST`.
    pub allowed_origins: Vec<String>,
    /// Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are used: addresses,
    /// or networks such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
    /// PEM file with the certificate chain. Requires `tls_key`.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the private key, unencrypted. Requires `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// Directory of more certificates, used for the host names that they contain: `NAME.crt` with
    /// `NAME.key`, or `NAME/fullchain.pem` with `NAME/privkey.pem`. `tls_cert` is used for all
    /// other names.
    pub tls_directory: Option<PathBuf>,
    /// Host names for which the server obtains and renews TLS certificates itself, from a CA by ACME.
    /// Requires `acme_accept_terms`.
    pub acme_domains: Vec<String>,
    /// Whether you accept the terms of service of the CA. Required for `acme_domains`.
    pub acme_accept_terms: bool,
    /// E-mail address that the CA may use to reach you.
    pub acme_contact: Option<String>,
    /// URL of the CA's ACME directory. Default: Let's Encrypt.
    pub acme_directory: String,
    /// PEM file with the certificates by which the server of a private CA is verified, instead of
    /// those of the system.
    pub acme_ca: Option<PathBuf>,
    /// Seconds for which browsers use only `https` after a response over `https`
    /// (`Strict-Transport-Security`); 0: no such header.
    pub hsts_seconds: u64,
    /// Addresses, each `HOST:PORT`, at which plain HTTP requests are redirected to `https`.
    /// Requires TLS.
    pub redirect_listen: Vec<String>,
    /// Path of the control socket, which `chatctl` commands use to reach the running server.
    /// Relative to the data directory. Default: `control.sock`.
    pub control_socket: Option<PathBuf>,
    /// Group whose members may use the control socket, and so administer the server. Default: only
    /// the user of the server and root.
    pub control_socket_group: Option<String>,
    /// File mode of the sockets that `listen` creates at `unix:` addresses, in octal.
    pub unix_socket_mode: String,
    /// Seconds between pings on an idle WebSocket. After two missed pings the socket is closed.
    pub heartbeat_seconds: u64,
    /// Seconds that a graceful stop may take before open connections are cut.
    pub shutdown_grace_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            name: None,
            accent: None,
            motd: None,
            listen: vec!["127.0.0.1:8080".to_owned()],
            data_dir: PathBuf::from("./data"),
            public_url: None,
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            tls_cert: None,
            tls_key: None,
            tls_directory: None,
            acme_domains: Vec::new(),
            acme_accept_terms: false,
            acme_contact: None,
            acme_directory: LETS_ENCRYPT.to_owned(),
            acme_ca: None,
            hsts_seconds: 365 * 24 * 60 * 60,
            redirect_listen: Vec::new(),
            control_socket: None,
            control_socket_group: None,
            unix_socket_mode: "0666".to_owned(),
            heartbeat_seconds: 30,
            shutdown_grace_seconds: 10,
        }
    }
}

impl Server {
    /// Returns the path of the control socket.
    pub fn control_path(&self) -> PathBuf {
        self.data_dir
            .join(self.control_socket.as_deref().unwrap_or(std::path::Path::new("control.sock")))
    }

    /// Returns `unix_socket_mode` as a number.
    pub fn socket_mode(&self) -> Option<u32> {
        u32::from_str_radix(&self.unix_socket_mode, 8).ok().filter(|mode| *mode <= 0o777)
    }

    /// Returns the path of `public_url`, such as `/chat`, without a trailing slash; empty if the
    /// server has a host of its own.
    pub fn base_path(&self) -> &str {
        let rest = self.public_url.as_deref().and_then(|url| url.split_once("://"));
        let path = rest.and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
        path.unwrap_or_default().trim_end_matches('/')
    }

    /// Returns the address at which programs reach the server, as far as it is known, without a
    /// trailing slash: `public_url`, or the first of the addresses that it listens on, or that is
    /// configured.
    pub fn base_url(&self, addresses: &[String]) -> String {
        if let Some(url) = &self.public_url {
            return url.trim_end_matches('/').to_owned();
        }
        let running = addresses.iter().find(|address| address.starts_with("http")).cloned();
        let scheme = if self.has_tls() { "https" } else { "http" };
        let configured = || {
            let listen = self.listen.iter().find(|address| !address.starts_with("unix:"));
            format!("{scheme}://{}", listen.map_or("localhost", String::as_str))
        };
        openable(&running.unwrap_or_else(configured), "localhost")
    }

    /// Returns whether the server itself uses TLS.
    pub fn has_tls(&self) -> bool {
        self.tls_cert.is_some() || self.tls_directory.is_some() || self.has_acme()
    }

    /// Returns whether the server obtains certificates itself.
    pub fn has_acme(&self) -> bool {
        !self.acme_domains.is_empty()
    }

    /// Returns the names of `acme_domains` in lower case, each once.
    pub fn acme_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.acme_domains.iter().map(|name| name.to_ascii_lowercase()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns whether browsers reach the server by `https`, directly or through a proxy.
    pub fn is_https(&self) -> bool {
        self.has_tls() || self.has_https_url()
    }

    /// Returns whether `public_url` begins with `https`.
    pub fn has_https_url(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}
