//! `chatctl mail`: the mail server.

use clap::Subcommand;

use super::print::Layout;
use super::{Global, execute};
use crate::admin::mail::MailTest;
use crate::admin::{Command, Failure};

/// Verbs of `chatctl mail`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  chatctl mail test ann@example.org\n  chatctl mail test \
                        ann@example.org -o json | jq .problem")]
pub(super) enum Verb {
    /// Send a test letter through the mail server of `[mail]`; exit code 6 if it is not taken
    Test {
        /// Address to send it to
        address: String,
        /// Language of the letter: en, ko, ru or zh
        #[arg(long, value_name = "LANGUAGE", default_value = "en")]
        language: String,
    },
}

const SENT: Layout =
    Layout::List(&[("to", "to"), ("server", "server"), ("sent", "sent"), ("problem", "problem")]);

pub(super) fn run(global: &Global, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Test { address, language } => {
            let command = MailTest { address, language: Some(language) };
            execute::run(global, &Command::MailTest(command), SENT)
        }
    }
}
