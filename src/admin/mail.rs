//! Commands on mail: a test letter, and what letters of other commands need.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::database::verdict;
use super::outcome::Failure;
use super::{Admin, Call, items};
use crate::chat::Language;
use crate::config::check::is_mailbox;
use crate::model::{AuditNote, AuditTarget, check_email};

/// Send a test letter through the configured mail server.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailTest {
    /// Address that the letter is sent to.
    pub address: String,
    /// Language of the letter: `en`, `ko`, `ru` or `zh`; absent: English.
    #[serde(default)]
    pub language: Option<String>,
}

impl MailTest {
    /// Sends it once, and reports whether the mail server has taken it.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Self { address, language } = self;
        let language = parse_language(language.as_deref())?;
        call.admin.check_mail()?;
        let address = check_address(&address)?;
        call.record(AuditNote {
            target: Some(AuditTarget::new("mail", address, None)),
            before: None,
            after: None,
        })
        .await;
        let sent = call.admin.chat().send_test_letter(address, language).await;
        let problem = sent.err().map(|why| why.to_string());
        let problems = usize::from(problem.is_some());
        let server = call.admin.0.parts.config.get().mail.host.clone().unwrap_or_default();
        let item =
            items::MailTest { to: address.to_owned(), server, sent: problem.is_none(), problem };
        call.output.item(item).await?;
        verdict(problems)
    }
}

impl Admin {
    /// Fails unless the server can send mail.
    pub(super) fn check_mail(&self) -> Result<(), Failure> {
        if self.chat().sends_mail() {
            Ok(())
        } else {
            Err(Failure::usage(
                "[mail] is not set, so no mail is sent; set host and from in [mail]",
            ))
        }
    }
}

/// Returns an address that a letter can be sent to, without spaces around it.
pub(super) fn check_address(text: &str) -> Result<&str, Failure> {
    let address = text.trim();
    if check_email("mail", address).is_ok() && !address.contains('<') && is_mailbox(address) {
        return Ok(address);
    }
    Err(Failure::usage(format!("{text:?} is not an e-mail address")))
}

/// Returns the language of letters.
pub(super) fn parse_language(tag: Option<&str>) -> Result<Language, Failure> {
    let Some(tag) = tag else { return Ok(Language::default()) };
    Language::known(tag)
        .ok_or_else(|| Failure::usage(format!("language must be en, ko, ru or zh, not {tag:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain_ones() {
        for (text, address) in [("ann@example.org", "ann@example.org"), (" a@b.c ", "a@b.c")] {
            assert_eq!(check_address(text).ok(), Some(address), "{text}");
        }
        for wrong in
            ["", "ann", "ann@", "@example.org", "Ann <ann@example.org>", "a b@c.d", "a@b\nBcc: c@d"]
        {
            assert!(check_address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_language_is_one_that_has_texts() {
        assert_eq!(parse_language(None).unwrap(), Language::English);
        assert_eq!(parse_language(Some("ko-KR")).unwrap(), Language::Korean);
        assert!(parse_language(Some("fr")).is_err());
    }
}
