//! The letter with an invitation.

use super::Language;
use crate::chat::Chat;
use crate::mail::{self, Letter, Unsent};
use crate::model::Timestamp;

/// What the letter says.
#[derive(Clone, Debug)]
pub struct InvitationLetter {
    /// Address of the recipient.
    pub to: String,
    /// The link.
    pub link: String,
    /// Display name of the administrator who invites; None: it was made on the command line.
    pub by: Option<String>,
    /// Time at which the invitation ends.
    pub expires: Timestamp,
}

impl Chat {
    /// Mails an invitation, once.
    pub async fn send_invitation(
        &self,
        letter: &InvitationLetter,
        language: Language,
    ) -> Result<(), Unsent> {
        let server = self.name_in_letters().await;
        let (subject, text) = of(language, &server, letter);
        mail::send(&self.config(), &Letter { to: letter.to.clone(), subject, text }).await
    }
}

/// Returns subject and text.
fn of(language: Language, server: &str, letter: &InvitationLetter) -> (String, String) {
    let (subject, invited) = invited(language, server, letter.by.as_deref());
    let (link, until) = (&letter.link, language.time(letter.expires));
    let text = match language {
        Language::English => format!(
            "{invited}\n\nTo create your account, open this link:\n\n{link}\n\n\
             The link works until {until}. Whoever has it can create an account, so keep it to \
             yourself.\n\nIf you do not know what this is about, ignore this mail.\n"
        ),
        Language::Korean => format!(
            "{invited}\n\n아래 링크를 열어 계정을 만드세요.\n\n{link}\n\n\
             링크 유효 기간: {until}까지. 링크가 있으면 누구나 계정을 만들 수 있으니 다른 사람에게 \
             전달하지 마세요.\n\n짐작 가는 일이 없다면 이 메일을 무시하세요.\n"
        ),
        Language::Russian => format!(
            "{invited}\n\nЧтобы создать аккаунт, откройте эту ссылку:\n\n{link}\n\n\
             Ссылка действует до {until}. Создать аккаунт может любой, у кого она есть, поэтому не \
             пересылайте её.\n\nЕсли вы не понимаете, о чём речь, не обращайте внимания на это \
             письмо.\n"
        ),
        Language::Chinese => format!(
            "{invited}\n\n请打开以下链接创建账号：\n\n{link}\n\n\
             链接有效期至 {until}。任何拿到此链接的人都可以创建账号，请勿转发。\n\n\
             如果您不清楚这是怎么回事，请忽略此邮件。\n"
        ),
    };
    (subject, text)
}

/// Returns the subject, and who invites to what.
fn invited(language: Language, server: &str, by: Option<&str>) -> (String, String) {
    match (language, by) {
        (Language::English, Some(by)) => (
            format!("{by} invites you to {server}"),
            format!("{by} has invited you to the chat of {server}."),
        ),
        (Language::English, None) => (
            format!("Invitation to {server}"),
            format!("You have been invited to the chat of {server}."),
        ),
        (Language::Korean, Some(by)) => (
            format!("{by}님이 {server} 채팅에 초대했습니다"),
            format!("{by}님이 {server} 채팅에 초대했습니다."),
        ),
        (Language::Korean, None) => {
            (format!("{server} 초대장"), format!("{server} 채팅에 초대되었습니다."))
        }
        (Language::Russian, Some(by)) => (
            format!("{by} приглашает вас в {server}"),
            format!("{by} приглашает вас в чат {server}."),
        ),
        (Language::Russian, None) => {
            (format!("Приглашение в {server}"), format!("Вас пригласили в чат {server}."))
        }
        (Language::Chinese, Some(by)) => {
            (format!("{by} 邀请您加入 {server}"), format!("{by} 邀请您加入 {server} 聊天。"))
        }
        (Language::Chinese, None) => {
            (format!("{server} 邀请函"), format!("您已受邀加入 {server} 聊天。"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_server_link_and_end_and_who_invites() {
        for language in Language::ALL {
            for by in [Some("Ada L."), None] {
                let letter = InvitationLetter {
                    to: "ben@example.org".to_owned(),
                    link: "https://x/#invite=1".to_owned(),
                    by: by.map(str::to_owned),
                    expires: Timestamp(1_796_000_580_000),
                };
                let (subject, text) = of(language, "Werk", &letter);
                assert!(subject.contains("Werk") && !subject.contains('\n'), "{subject}");
                assert!(text.contains("Werk") && text.contains("01:03 UTC"), "{text}");
                assert_eq!(text.contains("Ada L."), by.is_some(), "{text}");
                assert!(text.lines().any(|line| line == "https://x/#invite=1"), "{text}");
            }
        }
    }
}
