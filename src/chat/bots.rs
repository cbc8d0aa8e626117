//! Bots: accounts of programs. Nobody can log in to them; they act with API tokens.

use tracing::info;

use super::accounts::check_profile;
use super::{Chat, Operator, unusable_password};
use crate::model::{Error, Result, User, UserId, check_login, fold, with_single_spaces};
use crate::store::{NewUser, UserQuery};

/// Users read at once.
const PAGE: u32 = 500;

/// A bot to be created.
#[derive(Clone, Debug)]
pub struct NewBot {
    /// Login name.
    pub login: String,
    /// Display name; the login name when absent.
    pub name: Option<String>,
    /// It sees only its rooms.
    pub guest: bool,
}

impl Chat {
    /// Creates a bot. `Taken` if its login name belongs to another account, or looks like one.
    pub async fn create_bot(&self, operator: &Operator, new: NewBot) -> Result<User> {
        let NewBot { login, name, guest } = new;
        check_login("userId", &login)?;
        check_profile(name.as_deref(), None, None)?;
        let folded = fold(&login);
        let user = NewUser {
            look_alike: self.look_alike(&folded),
            folded,
            name: name.map_or_else(|| login.clone(), |name| with_single_spaces(&name)),
            login,
            email: None,
            birth: None,
            password: unusable_password().ok_or(Error::Internal)?,
            md5: None,
            sha1: None,
            admin: false,
            bot: true,
            guest,
            identity: None,
        };
        let bot = self.store_for(operator.attribution()).add_user(user).await?;
        info!(user = bot.login, "Bot created.");
        Ok(bot)
    }

    /// Returns a page of the bots: those among the next 500 users after this one, and the last of
    /// these users, if there may be more.
    pub async fn bots(
        &self,
        _: &Operator,
        after: Option<UserId>,
    ) -> Result<(Vec<User>, Option<UserId>)> {
        let mut page = self.store().users(UserQuery::After(after, PAGE)).await?;
        let more = page.last().filter(|_| page.len() == PAGE as usize).map(|last| last.id);
        page.retain(|user| user.bot);
        Ok((page, more))
    }
}
