//! Implements [`Store`]: each method is a function of the module of its subject.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Cluster, audit, emoji, invitations, late_answers, leases, look, media, memo, outgoing,
    personal, rooms, slash_commands, users,
};
use crate::model::{
    Account, Attribution, AuditEntry, AuditNote, Changes, CustomEmoji, DraftPlace, Event, Follow,
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

impl Store for Cluster {
    fn add_user(&self, new: NewUser) -> Reply<'_, User> {
        Box::pin(users::add(self, new))
    }

    fn add_invited(&self, new: NewUser, secret: Hash32) -> Reply<'_, (User, Invitation)> {
        Box::pin(users::add_invited(self, new, secret))
    }

    fn accept_invitation(&self, user: UserId, secret: Hash32) -> Reply<'_, Invitation> {
        Box::pin(users::accept_invitation(self, user, secret))
    }

    fn add_invitation(&self, new: NewInvitation) -> Reply<'_, Invitation> {
        Box::pin(invitations::add(self, new))
    }

    fn invitations(&self) -> Reply<'_, Vec<Invitation>> {
        Box::pin(users::invitations(self))
    }

    fn invitation(&self, secret: Hash32) -> Reply<'_, Option<Invitation>> {
        Box::pin(users::invitation(self, secret))
    }

    fn revoke_invitation(&self, id: InvitationId) -> Reply<'_, Invitation> {
        Box::pin(invitations::revoke(self, id))
    }

    fn account<'a>(&'a self, who: UserKey<'a>) -> Reply<'a, Option<Account>> {
        Box::pin(users::account(self, who))
    }

    fn has_administrator(&self) -> Reply<'_, bool> {
        Box::pin(users::has_administrator(self))
    }

    fn users<'a>(&'a self, which: UserQuery<'a>) -> Reply<'a, Vec<User>> {
        Box::pin(users::users(self, which))
    }

    fn change_user(&self, id: UserId, change: UserChange) -> Reply<'_, User> {
        Box::pin(users::change(self, id, change))
    }

    fn identities(&self, id: UserId) -> Reply<'_, Vec<Identity>> {
        Box::pin(users::identities(self, id))
    }

    fn add_digests(&self, id: UserId, digests: Digests) -> Reply<'_, ()> {
        Box::pin(users::add_digests(self, id, digests))
    }

    fn forget_digests(&self) -> Reply<'_, usize> {
        Box::pin(users::forget_digests(self))
    }

    fn remove_user(&self, id: UserId) -> Reply<'_, ()> {
        Box::pin(users::remove(self, id))
    }

    fn traces(&self, user: UserId, room: RoomId, after: Seq, count: u32) -> Reply<'_, Traces> {
        Box::pin(rooms::traces(self, user, room, after, count))
    }

    fn left_behind(&self, user: UserId) -> Reply<'_, LeftBehind> {
        Box::pin(rooms::left_behind(self, user))
    }

    fn forget_user(&self, id: UserId) -> Reply<'_, ()> {
        Box::pin(users::forget(self, id))
    }

    fn find_users<'a>(
        &'a self,
        text: &'a str,
        names_too: bool,
        near: Option<UserId>,
        limit: u32,
    ) -> Reply<'a, Vec<User>> {
        Box::pin(users::find(self, text, names_too, near, limit))
    }

    fn statuses(&self, near: UserId, now: Timestamp) -> Reply<'_, Vec<User>> {
        Box::pin(users::statuses(self, near, now))
    }

    fn acquainted<'a>(&'a self, user: UserId, with: &'a [UserId]) -> Reply<'a, Vec<UserId>> {
        Box::pin(users::acquainted(self, user, with))
    }

    fn add_room(&self, new: NewRoom) -> Reply<'_, Added<RoomFacts>> {
        Box::pin(rooms::add(self, new))
    }

    fn room(&self, id: RoomId) -> Reply<'_, Option<RoomFacts>> {
        Box::pin(rooms::facts(self, id))
    }

    fn rooms<'a>(&'a self, which: RoomQuery<'a>) -> Reply<'a, Vec<RoomCard>> {
        Box::pin(rooms::cards(self, which))
    }

    fn pins(&self, room: RoomId) -> Reply<'_, Vec<Pin>> {
        Box::pin(rooms::pins(self, room))
    }

    fn rooms_of(&self, user: UserId) -> Reply<'_, Vec<RoomId>> {
        Box::pin(rooms::of_user(self, user))
    }

    fn files_of(&self, room: RoomId) -> Reply<'_, (u64, u64)> {
        Box::pin(rooms::files(self, room))
    }

    fn change_room(
        &self,
        id: RoomId,
        basis: Basis,
        by: Option<UserId>,
        change: RoomChange,
    ) -> Reply<'_, Committed> {
        Box::pin(rooms::change(self, id, basis, by, change))
    }

    fn post(&self, room: RoomId, basis: Basis, draft: Draft) -> Reply<'_, Posted> {
        Box::pin(rooms::post(self, room, basis, draft))
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
        Box::pin(rooms::change_message(self, room, seq, basis, by, whose, change))
    }

    fn page(&self, room: RoomId, window: Window, limit: u32) -> Reply<'_, MessagePage> {
        Box::pin(rooms::page(self, room, window, limit))
    }

    fn thread(&self, room: RoomId, seq: Seq, before: Option<Seq>, limit: u32) -> Reply<'_, Thread> {
        Box::pin(rooms::thread(self, room, seq, before, limit))
    }

    fn changes<'a>(
        &'a self,
        room: RoomId,
        since: Rev,
        epoch: Option<&'a str>,
        limit: u32,
    ) -> Reply<'a, Changes> {
        Box::pin(rooms::changes(self, room, since, epoch, limit))
    }

    fn mark_read(&self, room: RoomId, user: UserId, upto: Seq) -> Reply<'_, ReadMark> {
        Box::pin(rooms::mark_read(self, room, user, upto))
    }

    fn readers(&self, room: RoomId, seq: Seq) -> Reply<'_, Vec<(ReadMark, String)>> {
        Box::pin(rooms::readers(self, room, seq))
    }

    fn find_messages<'a>(
        &'a self,
        rooms: &'a [RoomId],
        query: &'a MessageQuery,
        after: Option<&'a str>,
        limit: u32,
    ) -> Reply<'a, Found> {
        Box::pin(rooms::find(self, rooms, query, after, limit))
    }

    fn add_media(&self, new: NewMedia) -> Reply<'_, Added<Media>> {
        Box::pin(media::add(self, new))
    }

    fn media<'a>(
        &'a self,
        name: &'a str,
        id: Option<MediaId>,
        reader: UserId,
    ) -> Reply<'a, Option<Media>> {
        Box::pin(media::readable(self, name, id, reader))
    }

    fn unused_media_bytes(&self, owner: UserId) -> Reply<'_, u64> {
        Box::pin(media::unused_bytes(self, owner))
    }

    fn count_unused_media(
        &self,
        before: Timestamp,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (u64, u64, Option<MediaId>)> {
        Box::pin(media::count_unused(self, before, after, count))
    }

    fn drop_unused_media(
        &self,
        before: Timestamp,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (Vec<String>, Option<MediaId>)> {
        Box::pin(media::drop_unused(self, before, after, count))
    }

    fn used_elsewhere<'a>(&'a self, ids: &'a [MediaId], room: RoomId) -> Reply<'a, Vec<MediaId>> {
        Box::pin(media::used_elsewhere(self, ids, room))
    }

    fn own_files(
        &self,
        owner: UserId,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (Vec<OwnFile>, Option<MediaId>)> {
        Box::pin(media::of_owner(self, owner, after, count))
    }

    fn drop_own_files<'a>(&'a self, owner: UserId, ids: &'a [MediaId]) -> Reply<'a, ()> {
        Box::pin(media::drop_own(self, owner, ids))
    }

    fn known_media<'a>(&'a self, names: &'a [String]) -> Reply<'a, Vec<String>> {
        Box::pin(media::known(self, names))
    }

    fn emoji(&self) -> Reply<'_, Vec<CustomEmoji>> {
        Box::pin(emoji::all(self))
    }

    fn emoji_named<'a>(&'a self, name: &'a str) -> Reply<'a, Option<CustomEmoji>> {
        Box::pin(emoji::one(self, name))
    }

    fn add_emoji(&self, owner: UserId, new: NewEmoji) -> Reply<'_, CustomEmoji> {
        Box::pin(emoji::add(self, owner, new))
    }

    fn remove_emoji<'a>(&'a self, name: &'a str) -> Reply<'a, CustomEmoji> {
        Box::pin(emoji::remove(self, name))
    }

    fn webhooks(&self) -> Reply<'_, Vec<OutgoingWebhook>> {
        Box::pin(outgoing::all(self))
    }

    fn add_webhook(&self, new: NewOutgoingWebhook) -> Reply<'_, OutgoingWebhook> {
        Box::pin(outgoing::add(self, new))
    }

    fn change_webhook(
        &self,
        id: WebhookId,
        change: WebhookChange,
    ) -> Reply<'_, Option<OutgoingWebhook>> {
        Box::pin(outgoing::change(self, id, change))
    }

    fn remove_webhook(&self, id: WebhookId) -> Reply<'_, Option<OutgoingWebhook>> {
        Box::pin(outgoing::remove(self, id))
    }

    fn move_webhook(&self, id: WebhookId, place: WebhookPlace) -> Reply<'_, ()> {
        Box::pin(outgoing::advance(self, id, place))
    }

    fn leave_webhook(&self, id: WebhookId, room: RoomId) -> Reply<'_, ()> {
        Box::pin(outgoing::leave(self, id, room))
    }

    fn enter_webhook(&self, id: WebhookId, room: RoomId) -> Reply<'_, Option<WebhookPlace>> {
        Box::pin(outgoing::enter(self, id, room))
    }

    fn memberships(&self, room: RoomId, since: Rev, upto: Rev) -> Reply<'_, Vec<Membership>> {
        Box::pin(rooms::people(self, room, since, upto))
    }

    fn count_answer<'a>(
        &'a self,
        nonce: &'a str,
        limit: u32,
        expires: Timestamp,
    ) -> Reply<'a, bool> {
        Box::pin(late_answers::count(self, nonce, limit, expires))
    }

    fn uncount_answer<'a>(&'a self, nonce: &'a str, expires: Timestamp) -> Reply<'a, ()> {
        Box::pin(late_answers::uncount(self, nonce, expires))
    }

    fn slash_commands(&self) -> Reply<'_, Vec<SlashCommand>> {
        Box::pin(slash_commands::all(self))
    }

    fn add_slash_command(&self, new: NewSlashCommand) -> Reply<'_, SlashCommand> {
        Box::pin(slash_commands::add(self, new))
    }

    fn remove_slash_command(&self, id: SlashCommandId) -> Reply<'_, Option<SlashCommand>> {
        Box::pin(slash_commands::remove(self, id))
    }

    fn lead<'a>(&'a self, work: &'a str, life: Duration) -> Reply<'a, bool> {
        Box::pin(leases::take(self.tables(), work, &self.0.name, life))
    }

    fn change_mine(&self, room: RoomId, user: UserId, change: OwnChange) -> Reply<'_, OwnSettings> {
        Box::pin(rooms::change_mine(self, room, user, change))
    }

    fn mark_unread(&self, room: RoomId, user: UserId, from: Seq) -> Reply<'_, ReadMark> {
        Box::pin(rooms::mark_unread(self, room, user, from))
    }

    fn preferences(&self, user: UserId) -> Reply<'_, Preferences> {
        Box::pin(personal::preferences(self, user))
    }

    fn change_preferences(
        &self,
        user: UserId,
        change: PreferencesChange,
    ) -> Reply<'_, Preferences> {
        Box::pin(personal::change_preferences(self, user, change))
    }

    fn save_message(&self, room: RoomId, user: UserId, seq: Seq, saved: bool) -> Reply<'_, ()> {
        Box::pin(personal::save_message(self, room, user, seq, saved))
    }

    fn saved(&self, user: UserId, after: Option<SavedPlace>, limit: u32) -> Reply<'_, Vec<Saved>> {
        Box::pin(personal::saved(self, user, after, limit))
    }

    fn thread_summaries(
        &self,
        room: RoomId,
        from: Seq,
        to: Seq,
    ) -> Reply<'_, (Rev, Vec<ThreadSummary>)> {
        Box::pin(rooms::thread_summaries(self, room, from, to))
    }

    fn follow_thread(
        &self,
        room: RoomId,
        user: UserId,
        seq: Seq,
        following: bool,
    ) -> Reply<'_, Follow> {
        Box::pin(rooms::follow_thread(self, room, user, seq, following))
    }

    fn read_thread(&self, room: RoomId, user: UserId, upto: Seq) -> Reply<'_, Follow> {
        Box::pin(rooms::read_thread(self, room, user, upto))
    }

    fn follows(&self, user: UserId) -> Reply<'_, Vec<Follow>> {
        Box::pin(rooms::follows(self, user))
    }

    fn followed(
        &self,
        user: UserId,
        after: Option<ThreadPlace>,
        limit: u32,
    ) -> Reply<'_, Vec<FollowedThread>> {
        Box::pin(rooms::followed(self, user, after, limit))
    }

    fn drafts(&self, user: UserId) -> Reply<'_, Vec<Unsent>> {
        Box::pin(personal::drafts(self, user))
    }

    fn change_draft(
        &self,
        user: UserId,
        place: DraftPlace,
        text: String,
        reply_to: Option<Seq>,
        socket: Option<SocketId>,
    ) -> Reply<'_, Unsent> {
        Box::pin(personal::change_draft(self, user, place, text, reply_to, socket))
    }

    fn record(&self, by: Attribution, note: AuditNote) -> Reply<'_, ()> {
        Box::pin(audit::record(self, by, note))
    }

    fn audit<'a>(&'a self, query: &'a AuditQuery) -> Reply<'a, Vec<AuditEntry>> {
        Box::pin(audit::page(self, query))
    }

    /// Other servers commit too.
    fn version(&self, _room: RoomId) -> Option<Version> {
        None
    }

    fn erase_expired(&self, room: RoomId, count: u32) -> Reply<'_, Erased> {
        Box::pin(rooms::erase_expired(self, room, count))
    }

    fn retention_memo(&self) -> Reply<'_, Option<String>> {
        Box::pin(memo::read(self))
    }

    fn set_retention_memo(&self, memo: String) -> Reply<'_, ()> {
        Box::pin(memo::write(self, memo))
    }

    fn look(&self) -> Reply<'_, Look> {
        Box::pin(look::set(self))
    }

    fn icon(&self) -> Reply<'_, Option<LookIcon>> {
        Box::pin(look::icon(self))
    }

    fn change_look(&self, change: LookChange) -> Reply<'_, Look> {
        Box::pin(look::change(self, change))
    }

    fn settings(&self) -> Reply<'_, Settings> {
        Box::pin(async { Ok(self.0.settings.clone()) })
    }

    fn attributed(&self, to: Attribution) -> Arc<dyn Store> {
        Arc::new(Self(Arc::clone(&self.0), Some(Arc::new(to))))
    }

    fn noticed(&self, event: &Event) {
        Self::noticed(self, event);
    }

    fn ping(&self) -> Reply<'_, ()> {
        Box::pin(async { Ok(self.tables().ping().await?) })
    }
}
