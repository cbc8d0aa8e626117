//! Custom emoji: listing, adding and deleting them.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use tracing::info;

use super::{Caller, Chat, Operator, access, actor};
use crate::model::{
    Claim, CustomEmoji, Error, FileKind, MAX_EMOJI_BYTES, MAX_EMOJI_SIDE, NewEmoji, Reaction,
    Result, SNIFFED, Session, Size, UserId, check_emoji_name, clean_picture,
};

/// Users read at a time to find an administrator.
const USERS: u32 = 500;

/// The custom emoji of the server.
pub struct EmojiList {
    /// All of them, ascending by name; `creator` is empty where the caller may not see it.
    pub emoji: Vec<CustomEmoji>,
    /// Whether the caller may add some, and delete their own.
    pub may_add: bool,
}

impl Chat {
    /// Returns all custom emoji; everybody may see them, but not who has added them.
    pub async fn emoji(&self, session: &Session) -> Result<EmojiList> {
        let mut emoji = self.store().emoji().await?;
        for one in &mut emoji {
            if !access::see_emoji_owner(actor(session), one.media.owner) {
                one.creator.clear();
            }
        }
        let may_add = access::add_emoji(actor(session), self.config().rooms.custom_emoji).is_ok();
        Ok(EmojiList { emoji, may_add })
    }

    /// Returns all custom emoji.
    pub async fn all_emoji(&self, _: &Operator) -> Result<Vec<CustomEmoji>> {
        Ok(self.store().emoji().await?)
    }

    /// Adds a custom emoji with the picture that the body is.
    pub async fn add_emoji<B>(
        &self,
        session: &Session,
        name: &str,
        body: &mut B,
    ) -> Result<CustomEmoji>
    where
        B: Stream<Item = Result<Bytes>> + Unpin + Send,
    {
        access::add_emoji(actor(session), self.config().rooms.custom_emoji)?;
        self.check_new_emoji(name).await?;
        // Pictures of deleted emoji are unused files.
        self.check_share(session).await?;
        let mut read = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            if (read.len() + chunk.len()) as u64 > MAX_EMOJI_BYTES {
                return Err(Error::TooLarge);
            }
            read.extend_from_slice(&chunk);
        }
        // The body may have taken long, and the session may have ended meanwhile.
        self.check_still_open(session).await?;
        access::add_emoji(actor(session), self.config().rooms.custom_emoji)?;
        self.store_emoji(session.into(), session.user, name, &read).await
    }

    /// Adds a custom emoji whose picture is kept as a file of the user with this login name; None:
    /// of the operator, or else of the first administrator.
    pub async fn add_emoji_for(
        &self,
        operator: &Operator,
        owner: Option<&str>,
        name: &str,
        picture: &[u8],
    ) -> Result<CustomEmoji> {
        if picture.len() as u64 > MAX_EMOJI_BYTES {
            return Err(Error::TooLarge);
        }
        self.check_new_emoji(name).await?;
        let owner = match owner {
            Some(login) => self.account_of(operator, login).await?.user.id,
            None => self.keeper(operator).await?,
        };
        self.store_emoji(operator.into(), owner, name, picture).await
    }

    /// Deletes a custom emoji. Messages and reactions with its name stay.
    pub async fn remove_emoji(
        &self,
        caller: impl Into<Caller<'_>>,
        name: &str,
    ) -> Result<CustomEmoji> {
        let caller = caller.into();
        let found = self.store().emoji_named(name).await?.ok_or(Error::EmojiNotFound)?;
        let (owner, permitted) = (found.media.owner, self.config().rooms.custom_emoji);
        access::remove_emoji(caller.actor(), owner, permitted)?;
        let to = caller.attribution("emoji.delete", |powerless| {
            access::remove_emoji(powerless, owner, permitted).is_err()
        });
        let gone = self.store_for(to).remove_emoji(name).await?;
        info!(user = caller.name(), "Custom emoji deleted: {name}.");
        Ok(gone)
    }

    /// Returns whose file a picture is that the operator adds.
    async fn keeper(&self, operator: &Operator) -> Result<UserId> {
        if let (Some(user), _) = operator.maker() {
            return Ok(user);
        }
        let mut after = None;
        loop {
            let page = self.all_users(operator, after, USERS).await?;
            if let Some(found) = page.iter().find(|user| user.admin && !user.disabled) {
                return Ok(found.id);
            }
            after = page.last().map(|user| user.id);
            if after.is_none() {
                return Err(Error::invalid("owner", "is required: there is no administrator"));
            }
        }
    }

    /// Refuses a reaction with a custom emoji that does not exist.
    pub(super) async fn check_custom(&self, reaction: &Reaction) -> Result<()> {
        let Some(name) = reaction.custom() else { return Ok(()) };
        match self.store().emoji_named(name).await? {
            Some(_) => Ok(()),
            None => Err(Error::invalid("reactionType", "must be an emoji that exists")),
        }
    }

    /// Checks the name before the picture is read; the store decides.
    async fn check_new_emoji(&self, name: &str) -> Result<()> {
        check_emoji_name("name", name)?;
        match self.store().emoji_named(name).await? {
            Some(_) => Err(Error::Taken(Claim::Emoji)),
            None => Ok(()),
        }
    }

    async fn store_emoji(
        &self,
        caller: Caller<'_>,
        owner: UserId,
        name: &str,
        picture: &[u8],
    ) -> Result<CustomEmoji> {
        let kind = FileKind::sniff(picture.get(..SNIFFED).unwrap_or(picture));
        let cleaned = if kind.is_emoji() { clean_picture(kind, picture) } else { None };
        let cleaned = cleaned
            .ok_or_else(|| Error::invalid("body", "must be a PNG, JPEG, GIF or WebP picture"))?;
        let Size { width, height } = cleaned.size;
        if width.max(height) > MAX_EMOJI_SIDE {
            return Err(Error::invalid(
                "body",
                format!(
                    "must have at most {MAX_EMOJI_SIDE} × {MAX_EMOJI_SIDE} pixels, but has {width} \
                     × {height}"
                ),
            ));
        }
        let media = self.keep_picture(owner, kind, &cleaned).await?;
        let permitted = self.config().rooms.custom_emoji;
        let to = caller
            .attribution("emoji.add", |powerless| access::add_emoji(powerless, permitted).is_err());
        let new = NewEmoji { name: name.to_owned(), media: media.id };
        let added = self.store_for(to).add_emoji(owner, new).await?;
        // A collection may have removed the same bytes just before.
        self.check_kept(&media).await?;
        info!(user = caller.name(), "Custom emoji added: {name}.");
        Ok(added)
    }
}

#[cfg(test)]
mod tests;
