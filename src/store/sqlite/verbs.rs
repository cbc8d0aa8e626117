//! Implements [`Store`]: each method passes an operation to the writer or a query to the readers.

use std::sync::Arc;

use super::{
    Sqlite, accounts, audit, cards, drafts, emoji, identities, invitations, late_answers, look,
    marks, media, message_changes, messages, outgoing, outgoing_rooms, pins, posting, preferences,
    retention, room_changes, rooms, saved, slash_commands, threads, traces, users,
};
use crate::model::{
    Account, Attribution, AuditEntry, AuditNote, Changes, CustomEmoji, DraftPlace, Follow,
    FollowedThread, Hash32, Identity, Invitation, InvitationId, Look, LookChange, LookIcon, Media,
    MediaId, Membership, MessageQuery, NewEmoji, NewOutgoingWebhook, NewSlashCommand,
    OutgoingWebhook, OwnChange, OwnSettings, Pin, Preferences, PreferencesChange, ReadMark, Rev,
    RoomCard, RoomFacts, RoomId, Saved, SavedPlace, Seq, SlashCommand, SlashCommandId, SocketId,
    ThreadPlace, ThreadSummary, Timestamp, Unsent, User, UserId, WebhookChange, WebhookId,
    WebhookPlace, Window,
};
use crate::store::{
    Added, AuditQuery, Basis, Committed, Digests, Draft, Erased, Found, LeftBehind, MessageChange,
    MessagePage, NewInvitation, NewMedia, NewRoom, NewUser, OwnFile, Posted, Reply, RoomChange,
    RoomQuery, Settings, Store, Thread, Traces, UserChange, UserKey, UserQuery, Version, Whose,
};

impl Store for Sqlite {
    fn add_user(&self, new: NewUser) -> Reply<'_, User> {
        Box::pin(self.write_apart(move |work| users::add(work, &new)))
    }

    fn add_invited(&self, new: NewUser, secret: Hash32) -> Reply<'_, (User, Invitation)> {
        Box::pin(self.write_apart(move |work| invitations::add_user(work, &new, secret)))
    }

    fn accept_invitation(&self, user: UserId, secret: Hash32) -> Reply<'_, Invitation> {
        Box::pin(self.write_apart(move |work| invitations::accept(work, user, secret)))
    }

    fn add_invitation(&self, new: NewInvitation) -> Reply<'_, Invitation> {
        Box::pin(self.write_apart(move |work| invitations::add(work, &new)))
    }

    fn invitations(&self) -> Reply<'_, Vec<Invitation>> {
        Box::pin(self.read(|conn| Ok(invitations::all(conn)?)))
    }

    fn invitation(&self, secret: Hash32) -> Reply<'_, Option<Invitation>> {
        Box::pin(self.read(move |conn| Ok(invitations::by_secret(conn, secret)?)))
    }

    fn revoke_invitation(&self, id: InvitationId) -> Reply<'_, Invitation> {
        Box::pin(self.write_apart(move |work| invitations::revoke(work, id)))
    }

    fn account<'a>(&'a self, who: UserKey<'a>) -> Reply<'a, Option<Account>> {
        let key = match who {
            UserKey::Id(id) => users::Key::Id(id),
            UserKey::Folded(folded) => users::Key::Folded(folded.to_owned()),
            UserKey::Email(email) => users::Key::Email(email.to_owned()),
            UserKey::Identity(identity) => users::Key::Identity(identity.clone()),
        };
        Box::pin(self.read(move |conn| Ok(users::account(conn, &key)?)))
    }

    fn has_administrator(&self) -> Reply<'_, bool> {
        Box::pin(self.read(|conn| Ok(users::has_administrator(conn)?)))
    }

    fn users<'a>(&'a self, which: UserQuery<'a>) -> Reply<'a, Vec<User>> {
        match which {
            UserQuery::Ids(ids) => {
                let ids = ids.to_vec();
                Box::pin(self.read(move |conn| Ok(users::by_ids(conn, &ids)?)))
            }
            UserQuery::Folded(names) => {
                let names = names.to_vec();
                Box::pin(self.read(move |conn| Ok(users::by_folded(conn, &names)?)))
            }
            UserQuery::After(id, limit) => {
                Box::pin(self.read(move |conn| Ok(users::after(conn, id, limit)?)))
            }
        }
    }

    fn change_user(&self, id: UserId, change: UserChange) -> Reply<'_, User> {
        Box::pin(self.write(move |work| accounts::change(work, id, &change)))
    }

    fn identities(&self, id: UserId) -> Reply<'_, Vec<Identity>> {
        Box::pin(self.read(move |conn| Ok(identities::of_user(conn, id)?)))
    }

    fn add_digests(&self, id: UserId, digests: Digests) -> Reply<'_, ()> {
        Box::pin(self.write_apart(move |work| accounts::add_digests(work, id, &digests)))
    }

    fn forget_digests(&self) -> Reply<'_, usize> {
        Box::pin(self.write_apart(|work| accounts::forget_digests(work)))
    }

    fn remove_user(&self, id: UserId) -> Reply<'_, ()> {
        Box::pin(self.write(move |work| accounts::remove(work, id)))
    }

    fn traces(&self, user: UserId, room: RoomId, after: Seq, count: u32) -> Reply<'_, Traces> {
        Box::pin(
            self.read_expensive(move |conn| Ok(traces::of_user(conn, user, room, after, count)?)),
        )
    }

    fn left_behind(&self, user: UserId) -> Reply<'_, LeftBehind> {
        Box::pin(self.read_expensive(move |conn| Ok(traces::left_behind(conn, user)?)))
    }

    fn forget_user(&self, id: UserId) -> Reply<'_, ()> {
        Box::pin(self.write_apart(move |work| Ok(traces::forget(work, id)?)))
    }

    fn find_users<'a>(
        &'a self,
        text: &'a str,
        names_too: bool,
        near: Option<UserId>,
        limit: u32,
    ) -> Reply<'a, Vec<User>> {
        let text = text.to_owned();
        Box::pin(
            self.read_expensive(move |conn| {
                Ok(users::with_text(conn, &text, names_too, near, limit)?)
            }),
        )
    }

    fn statuses(&self, near: UserId, now: Timestamp) -> Reply<'_, Vec<User>> {
        Box::pin(self.read_expensive(move |conn| Ok(users::with_status(conn, near, now)?)))
    }

    fn acquainted<'a>(&'a self, user: UserId, with: &'a [UserId]) -> Reply<'a, Vec<UserId>> {
        let with = with.to_vec();
        Box::pin(self.read(move |conn| Ok(users::acquainted(conn, user, &with)?)))
    }

    fn add_room(&self, new: NewRoom) -> Reply<'_, Added<RoomFacts>> {
        Box::pin(self.write_apart(move |work| rooms::add(work, &new)))
    }

    fn room(&self, id: RoomId) -> Reply<'_, Option<RoomFacts>> {
        Box::pin(self.read(move |conn| Ok(rooms::facts(conn, id)?)))
    }

    fn rooms<'a>(&'a self, which: RoomQuery<'a>) -> Reply<'a, Vec<RoomCard>> {
        match which {
            RoomQuery::Of { user, participants } => Box::pin(
                self.read_expensive(move |conn| Ok(cards::of_user(conn, user, participants)?)),
            ),
            RoomQuery::Page { user, descending, offset, limit, participants } => {
                Box::pin(self.read_expensive(move |conn| {
                    Ok(cards::page(conn, user, descending, offset, limit, participants)?)
                }))
            }
            RoomQuery::Public { user, after, limit } => Box::pin(
                self.read_expensive(move |conn| Ok(cards::public(conn, user, after, limit)?)),
            ),
            RoomQuery::Visible { user, limit } => {
                Box::pin(self.read_expensive(move |conn| Ok(cards::visible(conn, user, limit)?)))
            }
            RoomQuery::These(user, ids) => {
                let ids = ids.to_vec();
                Box::pin(self.read(move |conn| Ok(cards::these(conn, user, &ids)?)))
            }
            RoomQuery::Named(name, limit) => {
                let name = name.to_owned();
                Box::pin(self.read(move |conn| Ok(cards::named(conn, &name, limit)?)))
            }
            RoomQuery::After(id, limit) => {
                Box::pin(self.read(move |conn| Ok(cards::after(conn, id, limit)?)))
            }
        }
    }

    fn pins(&self, room: RoomId) -> Reply<'_, Vec<Pin>> {
        Box::pin(self.read(move |conn| Ok(pins::of_room(conn, room)?)))
    }

    fn rooms_of(&self, user: UserId) -> Reply<'_, Vec<RoomId>> {
        Box::pin(self.read(move |conn| Ok(cards::ids_of_user(conn, user)?)))
    }

    fn files_of(&self, room: RoomId) -> Reply<'_, (u64, u64)> {
        Box::pin(self.read_expensive(move |conn| Ok(media::of_room(conn, room)?)))
    }

    fn change_room(
        &self,
        id: RoomId,
        basis: Basis,
        by: Option<UserId>,
        change: RoomChange,
    ) -> Reply<'_, Committed> {
        Box::pin(
            self.write_room(id, move |work| room_changes::change(work, id, basis, by, &change)),
        )
    }

    fn post(&self, room: RoomId, basis: Basis, draft: Draft) -> Reply<'_, Posted> {
        Box::pin(self.write_counted(room, move |work| posting::post(work, room, basis, &draft)))
    }

    fn change_message(
        &self,
        room: RoomId,
        seq: Seq,
        basis: Basis,
        by: Option<UserId>,
        whose: Whose,
        change: MessageChange,
    ) -> Reply<'_, Committed> {
        Box::pin(self.write_room(room, move |work| {
            message_changes::change(work, room, seq, basis, by, whose, &change)
        }))
    }

    fn version(&self, room: RoomId) -> Option<Version> {
        self.0.versions.of(room)
    }

    fn page(&self, room: RoomId, window: Window, limit: u32) -> Reply<'_, MessagePage> {
        Box::pin(async move {
            let ask = move |conn: &_| messages::window(conn, room, window, limit);
            match window {
                // May skip any number of rows.
                Window::Offset(1..) => self.read_expensive(ask).await,
                _ => self.read(ask).await,
            }
        })
    }

    fn thread(&self, room: RoomId, seq: Seq, before: Option<Seq>, limit: u32) -> Reply<'_, Thread> {
        Box::pin(self.read_expensive(move |conn| messages::thread(conn, room, seq, before, limit)))
    }

    fn changes<'a>(
        &'a self,
        room: RoomId,
        since: Rev,
        epoch: Option<&'a str>,
        limit: u32,
    ) -> Reply<'a, Changes> {
        let ours = self.0.settings.epoch.clone();
        let same = epoch.is_none_or(|theirs| theirs == ours);
        Box::pin(self.read(move |conn| messages::changes(conn, room, since, same, &ours, limit)))
    }

    fn mark_read(&self, room: RoomId, user: UserId, upto: Seq) -> Reply<'_, ReadMark> {
        Box::pin(self.mark(room, user, upto))
    }

    fn readers(&self, room: RoomId, seq: Seq) -> Reply<'_, Vec<(ReadMark, String)>> {
        Box::pin(self.read(move |conn| Ok(marks::readers(conn, room, seq)?)))
    }

    fn find_messages<'a>(
        &'a self,
        rooms: &'a [RoomId],
        query: &'a MessageQuery,
        after: Option<&'a str>,
        limit: u32,
    ) -> Reply<'a, Found> {
        Box::pin(self.search(rooms, query, after, limit))
    }

    fn add_media(&self, new: NewMedia) -> Reply<'_, Added<Media>> {
        Box::pin(self.write_apart(move |work| media::add(work, &new)))
    }

    fn media<'a>(
        &'a self,
        name: &'a str,
        id: Option<MediaId>,
        reader: UserId,
    ) -> Reply<'a, Option<Media>> {
        let name = name.to_owned();
        Box::pin(self.read(move |conn| Ok(media::readable(conn, &name, id, reader)?)))
    }

    fn unused_media_bytes(&self, owner: UserId) -> Reply<'_, u64> {
        Box::pin(self.read(move |conn| Ok(media::unused_bytes(conn, owner)?)))
    }

    fn count_unused_media(
        &self,
        before: Timestamp,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (u64, u64, Option<MediaId>)> {
        Box::pin(self.read_expensive(move |conn| {
            let page = media::unused(conn, before, after, count)?;
            Ok((page.looked_at, page.unused.len() as u64, page.next))
        }))
    }

    fn drop_unused_media(
        &self,
        before: Timestamp,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (Vec<String>, Option<MediaId>)> {
        Box::pin(async move {
            // Found by a reader, so that no post waits for it; the writer checks again.
            let media::Page { unused: ids, next, .. } = self
                .read_expensive(move |conn| Ok(media::unused(conn, before, after, count)?))
                .await?;
            let names = if ids.is_empty() {
                Vec::new()
            } else {
                self.write_apart(move |work| Ok(media::forget(work, &ids, before)?)).await?
            };
            Ok((names, next))
        })
    }

    fn used_elsewhere<'a>(&'a self, ids: &'a [MediaId], room: RoomId) -> Reply<'a, Vec<MediaId>> {
        let ids = ids.to_vec();
        Box::pin(self.read(move |conn| Ok(media::used_elsewhere(conn, &ids, room)?)))
    }

    fn own_files(
        &self,
        owner: UserId,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (Vec<OwnFile>, Option<MediaId>)> {
        Box::pin(self.read_expensive(move |conn| Ok(media::of_user(conn, owner, after, count)?)))
    }

    fn drop_own_files<'a>(&'a self, owner: UserId, ids: &'a [MediaId]) -> Reply<'a, ()> {
        let ids = ids.to_vec();
        Box::pin(self.write_apart(move |work| Ok(media::forget_own(work, owner, &ids)?)))
    }

    fn known_media<'a>(&'a self, names: &'a [String]) -> Reply<'a, Vec<String>> {
        let names = names.to_vec();
        Box::pin(self.read(move |conn| Ok(media::known(conn, &names)?)))
    }

    fn change_mine(&self, room: RoomId, user: UserId, change: OwnChange) -> Reply<'_, OwnSettings> {
        Box::pin(self.write_apart(move |work| preferences::change_own(work, room, user, change)))
    }

    fn mark_unread(&self, room: RoomId, user: UserId, from: Seq) -> Reply<'_, ReadMark> {
        Box::pin(self.write_marks(move |work| marks::unread_from(work, room, user, from)))
    }

    fn preferences(&self, user: UserId) -> Reply<'_, Preferences> {
        Box::pin(self.read(move |conn| Ok(preferences::of_user(conn, user)?)))
    }

    fn change_preferences(
        &self,
        user: UserId,
        change: PreferencesChange,
    ) -> Reply<'_, Preferences> {
        Box::pin(self.write_apart(move |work| preferences::change(work, user, change.clone())))
    }

    fn save_message(&self, room: RoomId, user: UserId, seq: Seq, saved: bool) -> Reply<'_, ()> {
        Box::pin(self.write_apart(move |work| saved::change(work, room, user, seq, saved)))
    }

    fn saved(&self, user: UserId, after: Option<SavedPlace>, limit: u32) -> Reply<'_, Vec<Saved>> {
        Box::pin(self.read_expensive(move |conn| Ok(saved::of_user(conn, user, after, limit)?)))
    }

    fn thread_summaries(
        &self,
        room: RoomId,
        from: Seq,
        to: Seq,
    ) -> Reply<'_, (Rev, Vec<ThreadSummary>)> {
        Box::pin(self.read(move |conn| threads::summaries(conn, room, from, to)))
    }

    fn follow_thread(
        &self,
        room: RoomId,
        user: UserId,
        seq: Seq,
        following: bool,
    ) -> Reply<'_, Follow> {
        Box::pin(self.write_marks(move |work| threads::choose(work, room, user, seq, following)))
    }

    fn read_thread(&self, room: RoomId, user: UserId, upto: Seq) -> Reply<'_, Follow> {
        Box::pin(self.write_marks(move |work| threads::read(work, room, user, upto)))
    }

    fn follows(&self, user: UserId) -> Reply<'_, Vec<Follow>> {
        Box::pin(self.read_expensive(move |conn| Ok(threads::follows(conn, user)?)))
    }

    fn followed(
        &self,
        user: UserId,
        after: Option<ThreadPlace>,
        limit: u32,
    ) -> Reply<'_, Vec<FollowedThread>> {
        Box::pin(self.read_expensive(move |conn| Ok(threads::followed(conn, user, after, limit)?)))
    }

    fn drafts(&self, user: UserId) -> Reply<'_, Vec<Unsent>> {
        Box::pin(self.read(move |conn| Ok(drafts::of_user(conn, user)?)))
    }

    fn change_draft(
        &self,
        user: UserId,
        place: DraftPlace,
        text: String,
        reply_to: Option<Seq>,
        socket: Option<SocketId>,
    ) -> Reply<'_, Unsent> {
        Box::pin(self.write_apart(move |work| {
            let new = Unsent { place, text: text.clone(), reply_to, at: work.now };
            drafts::change(work, user, new, socket)
        }))
    }

    fn emoji(&self) -> Reply<'_, Vec<CustomEmoji>> {
        Box::pin(self.read(|conn| Ok(emoji::all(conn)?)))
    }

    fn emoji_named<'a>(&'a self, name: &'a str) -> Reply<'a, Option<CustomEmoji>> {
        let name = name.to_owned();
        Box::pin(self.read(move |conn| Ok(emoji::one(conn, &name)?)))
    }

    fn add_emoji(&self, owner: UserId, new: NewEmoji) -> Reply<'_, CustomEmoji> {
        Box::pin(self.write_apart(move |work| emoji::add(work, owner, &new)))
    }

    fn remove_emoji<'a>(&'a self, name: &'a str) -> Reply<'a, CustomEmoji> {
        let name = name.to_owned();
        Box::pin(self.write_apart(move |work| emoji::remove(work, &name)))
    }

    fn webhooks(&self) -> Reply<'_, Vec<OutgoingWebhook>> {
        Box::pin(self.read(|conn| Ok(outgoing::all(conn)?)))
    }

    fn add_webhook(&self, new: NewOutgoingWebhook) -> Reply<'_, OutgoingWebhook> {
        Box::pin(self.write_apart(move |work| outgoing::add(work, &new)))
    }

    fn change_webhook(
        &self,
        id: WebhookId,
        change: WebhookChange,
    ) -> Reply<'_, Option<OutgoingWebhook>> {
        Box::pin(self.write_apart(move |work| outgoing::change(work, id, change.clone())))
    }

    fn remove_webhook(&self, id: WebhookId) -> Reply<'_, Option<OutgoingWebhook>> {
        Box::pin(self.write_apart(move |work| outgoing::remove(work, id)))
    }

    fn move_webhook(&self, id: WebhookId, place: WebhookPlace) -> Reply<'_, ()> {
        Box::pin(self.write_apart(move |work| Ok(outgoing::advance(work.conn, id, place)?)))
    }

    fn leave_webhook(&self, id: WebhookId, room: RoomId) -> Reply<'_, ()> {
        Box::pin(self.write_apart(move |work| Ok(outgoing::leave(work.conn, id, room)?)))
    }

    fn enter_webhook(&self, id: WebhookId, room: RoomId) -> Reply<'_, Option<WebhookPlace>> {
        Box::pin(self.write_apart(move |work| Ok(outgoing_rooms::place(work, id, room)?)))
    }

    fn memberships(&self, room: RoomId, since: Rev, upto: Rev) -> Reply<'_, Vec<Membership>> {
        Box::pin(self.read(move |conn| Ok(outgoing_rooms::people(conn, room, since, upto)?)))
    }

    fn count_answer<'a>(
        &'a self,
        nonce: &'a str,
        limit: u32,
        expires: Timestamp,
    ) -> Reply<'a, bool> {
        let nonce = nonce.to_owned();
        Box::pin(
            self.write_apart(move |work| Ok(late_answers::count(work, &nonce, limit, expires)?)),
        )
    }

    fn uncount_answer<'a>(&'a self, nonce: &'a str, _: Timestamp) -> Reply<'a, ()> {
        let nonce = nonce.to_owned();
        Box::pin(self.write_apart(move |work| Ok(late_answers::uncount(work, &nonce)?)))
    }

    fn slash_commands(&self) -> Reply<'_, Vec<SlashCommand>> {
        Box::pin(self.read(|conn| Ok(slash_commands::all(conn)?)))
    }

    fn add_slash_command(&self, new: NewSlashCommand) -> Reply<'_, SlashCommand> {
        Box::pin(self.write_apart(move |work| slash_commands::add(work, &new)))
    }

    fn remove_slash_command(&self, id: SlashCommandId) -> Reply<'_, Option<SlashCommand>> {
        Box::pin(self.write_apart(move |work| slash_commands::remove(work, id)))
    }

    fn erase_expired(&self, room: RoomId, count: u32) -> Reply<'_, Erased> {
        Box::pin(self.write_room(room, move |work| retention::erase(work, room, count)))
    }

    fn retention_memo(&self) -> Reply<'_, Option<String>> {
        Box::pin(self.read(|conn| Ok(retention::memo(conn)?)))
    }

    fn set_retention_memo(&self, memo: String) -> Reply<'_, ()> {
        Box::pin(self.write_apart(move |work| Ok(retention::set_memo(work, &memo)?)))
    }

    fn look(&self) -> Reply<'_, Look> {
        Box::pin(self.read(|conn| Ok(look::set(conn)?)))
    }

    fn icon(&self) -> Reply<'_, Option<LookIcon>> {
        Box::pin(self.read(|conn| Ok(look::icon(conn)?)))
    }

    fn change_look(&self, change: LookChange) -> Reply<'_, Look> {
        Box::pin(self.write_apart(move |work| look::change(work, &change)))
    }

    fn settings(&self) -> Reply<'_, Settings> {
        Box::pin(async { Ok(self.0.settings.clone()) })
    }

    fn attributed(&self, to: Attribution) -> Arc<dyn Store> {
        Arc::new(Self(Arc::clone(&self.0), Some(Arc::new(to))))
    }

    fn record(&self, by: Attribution, note: AuditNote) -> Reply<'_, ()> {
        Box::pin(self.write_apart(move |work| Ok(audit::add(work.conn, &by, &note, work.now)?)))
    }

    fn audit<'a>(&'a self, query: &'a AuditQuery) -> Reply<'a, Vec<AuditEntry>> {
        let query = query.clone();
        Box::pin(self.read_expensive(move |conn| Ok(audit::page(conn, &query)?)))
    }

    fn ping(&self) -> Reply<'_, ()> {
        Box::pin(self.sound())
    }
}
