//! The letter that shows that mail works.

use super::Language;
use crate::chat::Chat;
use crate::mail::{self, Letter, Unsent};

impl Chat {
    /// Sends a test letter to an address, once.
    pub async fn send_test_letter(&self, to: &str, language: Language) -> Result<(), Unsent> {
        let server = self.name_in_letters().await;
        let (subject, text) = of(language, &server);
        mail::send(&self.config(), &Letter { to: to.to_owned(), subject, text }).await
    }
}

/// Returns subject and text.
fn of(language: Language, server: &str) -> (String, String) {
    match language {
        Language::English => (
            format!("Test mail from {server}"),
            format!(
                "This is a test. If you can read it, {server} can send mail.\n\n\
                 You do not need to do anything.\n"
            ),
        ),
        Language::Korean => (
            format!("{server} 테스트 메일"),
            format!(
                "테스트 메일입니다. 이 메일이 보인다면 {server} 서버에서 메일을 보낼 수 있습니다.\n\n\
                 따로 하실 일은 없습니다.\n"
            ),
        ),
        Language::Russian => (
            format!("Тестовое письмо: {server}"),
            format!(
                "Это тестовое письмо. Если вы его читаете, сервер {server} может отправлять \
                 почту.\n\nНичего делать не нужно.\n"
            ),
        ),
        Language::Chinese => (
            format!("{server} 测试邮件"),
            format!(
                "这是一封测试邮件。如果您能看到它，说明 {server} 可以发送邮件。\n\n\
                 您无需进行任何操作。\n"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_the_server_in_every_language() {
        for language in Language::ALL {
            let (subject, text) = of(language, "Werk");
            assert!(subject.contains("Werk") && text.contains("Werk"), "{subject}\n{text}");
        }
    }
}
