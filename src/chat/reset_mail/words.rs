//! What the letter says, in the languages of the web UI.

use crate::chat::letters::Language;

/// Returns subject and text of the letter with a link.
pub(super) fn of(language: Language, server: &str, login: &str, link: &str) -> (String, String) {
    match language {
        Language::English => (
            format!("New password for {server}"),
            format!(
                "Somebody asked for a new password for the account {login} on {server}.\n\n\
                 To set it, open this link within an hour. It works once:\n\n{link}\n\n\
                 If you did not ask for it, ignore this mail. Your password has not changed.\n"
            ),
        ),
        Language::Korean => (
            format!("{server} 비밀번호 재설정"),
            format!(
                "{server}의 {login} 계정에 대한 비밀번호 재설정 요청을 받았습니다.\n\n\
                 1시간 안에 아래 링크를 열어 새 비밀번호를 설정하세요. 링크는 한 번만 사용할 수 \
                 있습니다.\n\n{link}\n\n\
                 요청하지 않으셨다면 이 메일을 무시하세요. 비밀번호는 변경되지 않았습니다.\n"
            ),
        ),
        Language::Russian => (
            format!("Новый пароль для {server}"),
            format!(
                "Кто-то запросил новый пароль для аккаунта {login} на {server}.\n\n\
                 Чтобы задать его, откройте эту ссылку в течение часа. Она действует один раз:\n\n\
                 {link}\n\n\
                 Если вы этого не запрашивали, не обращайте внимания на это письмо. Пароль не \
                 изменён.\n"
            ),
        ),
        Language::Chinese => (
            format!("重置 {server} 的密码"),
            format!(
                "有人请求重置 {server} 上账号 {login} 的密码。\n\n\
                 请在一小时内打开以下链接设置新密码。链接只能使用一次：\n\n{link}\n\n\
                 如果这不是您本人的操作，请忽略此邮件。您的密码没有改变。\n"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_names_server_account_and_link() {
        for tag in ["en", "ko-KR", "ru", "zh-CN", "zh_Hans", "fr", ""] {
            let (subject, text) = of(Language::of_tag(tag), "Example", "ann", "https://x/#reset=1");
            assert!(subject.contains("Example") && !subject.contains('\n'), "{subject}");
            assert!(text.contains("Example") && text.contains("ann"), "{text}");
            assert!(text.lines().any(|line| line == "https://x/#reset=1"), "{text}");
        }
    }
}
