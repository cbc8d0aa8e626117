//! Letters that the server sends to people: what each says, in the languages of the web UI, and how
//! often it is tried.

mod invitation;
mod language;
mod new_device;
mod test;

use std::future::Future;
use std::time::Duration;

pub use invitation::InvitationLetter;
pub use language::Language;
pub(super) use new_device::DeviceLetter;

use super::Chat;
use crate::egress::own_name;
use crate::mail::Unsent;

/// Pauses before a letter is sent again. Mail servers that know a sender too little take the first
/// one only after minutes ("greylisting").
const PAUSES: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(5)];

impl Chat {
    /// Returns whether the server can send mail: `[mail] host` and `from` are set.
    pub fn sends_mail(&self) -> bool {
        self.config().mail.is_on()
    }

    /// Returns the name of the server for people.
    pub(super) async fn name_in_letters(&self) -> String {
        self.look().await.name.unwrap_or_else(|| own_name(&self.config()))
    }
}

/// Sends until it works, is refused for good, or there are no pauses left.
pub(super) async fn patiently<F, S>(send: F) -> Result<(), Unsent>
where
    F: Fn() -> S + Send,
    S: Future<Output = Result<(), Unsent>> + Send,
{
    for pause in PAUSES {
        match send().await {
            Err(Unsent::ForNow(_)) => tokio::time::sleep(pause).await,
            decided => return decided,
        }
    }
    send().await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_mail_server_that_takes_nothing_yet_is_asked_again() {
        let later = || Unsent::ForNow("450 greylisted".to_owned());
        let never = || Unsent::Refused("550 no such person".to_owned());
        for (answers, wanted) in [
            (vec![Ok(())], Ok(())),
            (vec![Err(later()), Err(later()), Ok(())], Ok(())),
            (vec![Err(later()), Err(never())], Err(never())),
            (vec![Err(later()), Err(later()), Err(later())], Err(later())),
        ] {
            let asked = AtomicUsize::new(0);
            let sent = patiently(|| {
                let answer = answers[asked.fetch_add(1, Ordering::SeqCst)].clone();
                async move { answer }
            });
            assert_eq!(sent.await, wanted);
            assert_eq!(asked.into_inner(), answers.len());
        }
    }
}
