//! The letter about a log-in on a new device.

use std::net::IpAddr;

use super::Language;
use crate::mail::Letter;
use crate::model::Timestamp;

/// What the letter says.
pub(in crate::chat) struct DeviceLetter {
    /// Login name of the account.
    pub(in crate::chat) login: String,
    /// Time of the log-in.
    pub(in crate::chat) at: Timestamp,
    /// Name of the program; empty if it is not known.
    pub(in crate::chat) program: String,
    /// Address of the client.
    pub(in crate::chat) address: Option<IpAddr>,
    /// Address of the web UI, if there is a public one.
    pub(in crate::chat) base: Option<String>,
    /// Whether people can have a link for a new password mailed.
    pub(in crate::chat) resets: bool,
}

impl DeviceLetter {
    /// Returns the letter in a language.
    pub(in crate::chat) fn written(&self, language: Language, server: &str, to: String) -> Letter {
        let subject = match language {
            Language::English => format!("New sign-in to {server}"),
            Language::Korean => format!("{server} 새 기기 로그인 알림"),
            Language::Russian => format!("Новый вход в {server}"),
            Language::Chinese => format!("{server} 新设备登录提醒"),
        };
        let text = format!("{}\n\n{}", self.what(language, server), self.advice(language));
        Letter { to, subject, text }
    }

    /// What has happened.
    fn what(&self, language: Language, server: &str) -> String {
        let (login, at) = (&self.login, language.time(self.at));
        let [program, address] = self.facts(language);
        match language {
            Language::English => format!(
                "The account {login} on {server} was used on a device that is new to it.\n\n\
                 Time: {at}\nProgram: {program}\nAddress: {address}\n\n\
                 If that was you, you do not need to do anything."
            ),
            Language::Korean => format!(
                "{server}의 {login} 계정이 새로운 기기에서 로그인되었습니다.\n\n\
                 시간: {at}\n프로그램: {program}\nIP 주소: {address}\n\n\
                 본인이 로그인한 것이라면 따로 하실 일은 없습니다."
            ),
            Language::Russian => format!(
                "В аккаунт {login} на {server} вошли с нового устройства.\n\n\
                 Время: {at}\nПрограмма: {program}\nАдрес: {address}\n\n\
                 Если это были вы, ничего делать не нужно."
            ),
            Language::Chinese => format!(
                "您在 {server} 上的账号 {login} 在一台新设备上登录。\n\n\
                 时间：{at}\n程序：{program}\nIP 地址：{address}\n\n\
                 如果是您本人操作，则无需理会。"
            ),
        }
    }

    /// Program and address, or that they are not known.
    fn facts(&self, language: Language) -> [String; 2] {
        let unknown = match language {
            Language::English => "unknown",
            Language::Korean => "알 수 없음",
            Language::Russian => "неизвестно",
            Language::Chinese => "未知",
        };
        let program = if self.program.is_empty() { unknown } else { &self.program };
        let address = self.address.map_or_else(|| unknown.to_owned(), |ip| ip.to_string());
        [program.to_owned(), address]
    }

    /// What to do if it was somebody else.
    fn advice(&self, language: Language) -> String {
        let Some(base) = &self.base else {
            return match language {
                Language::English => {
                    "If it was not you, change your password, end the session under “Sessions” in \
                     your profile, and tell your administrator.\n"
                }
                Language::Korean => {
                    "본인이 아니라면 비밀번호를 변경하고, 프로필의 세션 목록에서 해당 세션을 종료한 뒤 \
                     관리자에게 알려 주세요.\n"
                }
                Language::Russian => {
                    "Если это были не вы, смените пароль, завершите этот сеанс в своём профиле и \
                     сообщите администратору.\n"
                }
                Language::Chinese => {
                    "如果不是您本人操作，请修改密码，在个人资料中结束该会话，并通知管理员。\n"
                }
            }
            .to_owned();
        };
        let sessions = format!("{base}/#/profile");
        let first = match language {
            Language::English => {
                format!("If it was not you, end the session in your profile:\n\n{sessions}\n")
            }
            Language::Korean => {
                format!("본인이 아니라면 프로필에서 해당 세션을 종료하세요.\n\n{sessions}\n")
            }
            Language::Russian => {
                format!(
                    "Если это были не вы, завершите этот сеанс в своём профиле:\n\n{sessions}\n"
                )
            }
            Language::Chinese => {
                format!("如果不是您本人操作，请在个人资料中结束该会话：\n\n{sessions}\n")
            }
        };
        format!("{first}\n{}", self.password(language, base))
    }

    /// How to get a new password.
    fn password(&self, language: Language, base: &str) -> String {
        if !self.resets {
            return match language {
                Language::English => {
                    "Then change your password there, and tell your administrator.\n"
                }
                Language::Korean => "그런 다음 비밀번호를 변경하고 관리자에게 알려 주세요.\n",
                Language::Russian => "Затем смените там пароль и сообщите администратору.\n",
                Language::Chinese => "然后在该页面修改密码，并通知管理员。\n",
            }
            .to_owned();
        }
        let link = format!("{base}/#/forgot");
        match language {
            Language::English => {
                format!("Then set a new password, which ends all sessions:\n\n{link}\n")
            }
            Language::Korean => {
                format!("그런 다음 비밀번호를 재설정하세요. 모든 세션이 종료됩니다.\n\n{link}\n")
            }
            Language::Russian => {
                format!("Затем задайте новый пароль, это завершит все сеансы:\n\n{link}\n")
            }
            Language::Chinese => format!("然后重置密码，所有会话都会结束：\n\n{link}\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_when_with_what_from_where_and_what_to_do() {
        for language in Language::ALL {
            let base = Some("https://x".to_owned());
            for (base, resets) in [(None, false), (base.clone(), false), (base, true)] {
                let letter = DeviceLetter {
                    login: "ann".to_owned(),
                    at: Timestamp(1_796_000_580_000),
                    program: "Firefox, Windows".to_owned(),
                    address: "203.0.113.5".parse().ok(),
                    base: base.clone(),
                    resets,
                };
                let Letter { subject, text, .. } =
                    letter.written(language, "Werk", "ann@example.org".to_owned());
                assert!(subject.contains("Werk") && !subject.contains('\n'), "{subject}");
                for part in ["Werk", "ann", "01:03 UTC", "Firefox, Windows", "203.0.113.5"] {
                    assert!(text.contains(part), "{part}: {text}");
                }
                let links = text.lines().filter(|line| line.starts_with("https://x/#/")).count();
                assert_eq!(links, usize::from(base.is_some()) + usize::from(resets), "{text}");
                assert!(text.ends_with('\n') && !text.contains("\n\n\n"), "{text}");
            }
            let nothing = DeviceLetter {
                login: "ann".to_owned(),
                at: Timestamp(0),
                program: String::new(),
                address: None,
                base: None,
                resets: false,
            };
            let text = nothing.written(language, "Werk", String::new()).text;
            assert!(!text.contains(": \n") && !text.contains("：\n"), "{text}");
        }
    }
}
