//! Sections about connections that the server opens: mail, alerts, the receiver of the log,
//! previews of links, push services, and which addresses it may connect to.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Masked;

/// `[egress]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Egress {
    /// Private addresses and networks, such as `127.0.0.1` or `10.0.0.0/8`, that the server may
    /// connect to for alerts, mail, the log, outgoing webhooks, slash commands, the OpenID Connect
    /// provider, previews of links and push services. It may always connect to public addresses.
    pub allowed_networks: Vec<String>,
}

/// Encryption of the connection to the mail server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// Begins without encryption and requires STARTTLS.
    #[default]
    Starttls,
    /// TLS from the start.
    Tls,
    /// No encryption.
    None,
}

/// `[mail]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Host name of the mail server. Unset: no mail is sent.
    pub host: Option<String>,
    /// Port. Default: 587 for `starttls`, 465 for `tls`, 25 for `none`.
    pub port: Option<u16>,
    /// Encryption: `starttls`, `tls` or `none`.
    pub security: MailSecurity,
    /// User name, if the mail server requires one.
    pub user: Option<String>,
    /// Password of that user.
    pub password: Option<Masked>,
    /// Sender of all mail, such as `chatctl@example.org` or `Chat <chatctl@example.org>`.
    pub from: Option<String>,
    /// Mail people whose account is used on a device for the first time.
    pub new_device: bool,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            security: MailSecurity::default(),
            user: None,
            password: None,
            from: None,
            new_device: true,
        }
    }
}

impl Mail {
    /// Returns whether mail can be sent.
    pub fn is_on(&self) -> bool {
        self.host.is_some() && self.from.is_some()
    }
}

/// `[log.alerts]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// URL of an incoming webhook of Slack (`https://hooks.slack.com/services/…`), or of Mattermost
    /// or Rocket.Chat, which take the same format.
    pub slack_webhook: Option<Masked>,
    /// Recipients of alerts by e-mail. Requires `[mail]`.
    pub mail_to: Vec<String>,
    /// Maximum number of alerts per hour. The next one says how many were held back.
    pub at_most_per_hour: u32,
    /// Number of failed log-ins within a minute from which they are an alert; 0: never.
    pub login_failures_per_minute: u32,
    /// Seconds without a failure after which a note says that it is over.
    pub recovered_after_seconds: u64,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            slack_webhook: None,
            mail_to: Vec::new(),
            at_most_per_hour: 10,
            login_failures_per_minute: 60,
            recovered_after_seconds: 600,
        }
    }
}

/// `[log.ship]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ship {
    /// URL of an OTLP/HTTP receiver that the log is sent to, such as `https://otlp.example.org`.
    /// Without a path, `/v1/logs` is added. Unset: the log is not sent.
    pub otlp_endpoint: Option<String>,
    /// Headers of the requests to it, each as `NAME: VALUE`.
    pub headers: Vec<Masked>,
    /// Maximum number of records that wait for the receiver, at most 16 MiB in all. Further ones are
    /// dropped.
    pub queue: usize,
    /// PEM file with certificates of authorities that are trusted in addition to those of the
    /// system.
    pub tls_ca: Option<PathBuf>,
}

impl Default for Ship {
    fn default() -> Self {
        Self { otlp_endpoint: None, headers: Vec::new(), queue: 20_000, tls_ca: None }
    }
}

/// `[link_previews]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinkPreviews {
    /// Show title, description and picture of pages that messages link to. The server fetches these
    /// pages.
    pub enabled: bool,
    /// Maximum time for fetching a page and its picture, in seconds.
    pub timeout_seconds: u64,
    /// Maximum number of bytes that are read of a page; the rest is ignored.
    pub max_page_bytes: usize,
    /// Maximum size of its picture, in bytes. Larger ones are not shown.
    pub max_picture_bytes: usize,
}

impl Default for LinkPreviews {
    fn default() -> Self {
        Self {
            enabled: false,
            timeout_seconds: 8,
            max_page_bytes: 512 * 1024,
            max_picture_bytes: 4 * 1024 * 1024,
        }
    }
}

/// `[push]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Push {
    /// Notify devices on which no page is open, through the push services of their browsers. Requires
    /// `contact`, or a `[server] public_url` with https.
    pub enabled: bool,
    /// Address at which the operators of push services can reach the administrator:
    /// `mailto:ops@example.org` or an https URL. Default: `[server] public_url`.
    pub contact: Option<String>,
    /// Send the beginning of messages, encrypted for the device. `false`: only who has written, and
    /// where.
    pub show_text: bool,
    /// Seconds that people who are connected have to read a message before their other devices are
    /// notified; others are notified at once.
    pub delay_seconds: u64,
    /// Hosts of permitted push services, such as `fcm.googleapis.com` or `*.push.apple.com`. Empty:
    /// any public host.
    pub services: Vec<String>,
    /// Ports of public hosts at which push services may be. Other ports are only possible at
    /// addresses in `[egress] allowed_networks` that are written in numbers.
    pub ports: Vec<u16>,
}

impl Default for Push {
    fn default() -> Self {
        Self {
            enabled: true,
            contact: None,
            show_text: true,
            delay_seconds: 10,
            services: Vec::new(),
            ports: vec![443],
        }
    }
}
