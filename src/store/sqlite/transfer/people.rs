//! Imports users, files, rooms and participants.

use rusqlite::{Result, params};

use super::import::Import;
use super::table::{BEFORE, MARK, MEDIA, OPEN, PARTICIPANT, PICTURE, ROOM, SEQ, STRANGER, USER};
use crate::model::rules::check_emoji_name;
use crate::model::{
    FileKind, MAX_EMOJI, MAX_KEPT_ID, NotifyLevel, Rev, Role, SecondFactor, Seq, Timestamp, UserId,
    fold, skeleton,
};
use crate::store::sqlite::{accounts, identities, job_orders, sql};
use crate::store::transfer::{
    EmojiRecord, IdentityRecord, JobRecord, Key, Kind, MediaRecord, PASSWORDLESS,
    ParticipantRecord, Reason, RoomRecord, UserRecord, fingerprint,
};

const LOGIN_TAKEN: &str = "SELECT 1 FROM users WHERE folded = ?1 OR look_alike = ?1";
const SHAPE_TAKEN: &str = "SELECT 1 FROM users WHERE look_alike = ?1";
const EMAIL_TAKEN: &str = "SELECT 1 FROM users WHERE email_folded = ?1";
const USER_THERE: &str = "SELECT login FROM users WHERE id = ?1";
const ADD_USER: &str = "INSERT INTO users (id, login, folded, look_alike, name, name_folded, \
                        email, email_folded, birth, password, md5, sha1,
        admin, disabled, deleted, created, bot, guest)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
// Also changes the login name: nobody has logged in with it.
const COMPLETE: &str = "UPDATE users SET login = ?2, folded = coalesce(?3, folded), look_alike = \
                        coalesce(?4, look_alike), name = ?5, name_folded = ?6,
        email = ?7, email_folded = ?8, disabled = ?9, created = min(created, ?10), bot = ?11, \
                        guest = ?12
    WHERE id = ?1 AND deleted IS NULL";
const PASSWORD: &str = "SELECT password FROM users WHERE id = ?1";
const SET_PICTURE: &str =
    "UPDATE users SET media = ?2 WHERE id = ?1 AND media IS NULL AND deleted IS NULL";
const MEDIA_THERE: &str = "SELECT 1 FROM media WHERE id = ?1";
const SAME_MEDIA: &str = "SELECT id FROM media WHERE name = ?1 AND owner = ?2 AND \
                          coalesce(file_name, '') = coalesce(?3, '')";
const ADD_MEDIA: &str = "INSERT INTO media (id, name, owner, kind, is_image, size, width, height, \
                         file_name, created)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const ROOM_ID_TAKEN: &str = "SELECT 1 FROM rooms WHERE id = ?1";
const NAME_TAKEN: &str =
    "SELECT 1 FROM rooms WHERE folded = ?1 AND visibility = 'public' AND deleted IS NULL";
const ADD_ROOM: &str = "INSERT INTO rooms (id, name, folded, visibility, owner, rev, facts_rev, \
                        created, topic, description, archived, read_only, retention_days, \
                        keep_pinned, expired)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
const INSIDE: &str = "SELECT 1 FROM participants WHERE room = ?1 AND user = ?2";
const ADD_PARTICIPANT: &str = "INSERT INTO participants (room, user, role, edited_name, since, \
                               joined, mark, mark_at, notify, favourite, unread_from, \
                               unread_mark)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const ACCOUNT: &str = "SELECT deleted, guest FROM users WHERE id = ?1";
const EMOJI_THERE: &str = "SELECT coalesce(f.name = (SELECT name FROM media WHERE id = ?2), 0) \
                           FROM emoji e JOIN media f ON f.id = e.media WHERE e.name = ?1";
const EMOJI_KIND: &str = "SELECT kind FROM media WHERE id = ?1 AND is_image";
const EMOJI_COUNT: &str = "SELECT count(*) FROM emoji";
const ADD_EMOJI: &str = "INSERT INTO emoji (name, media, created) VALUES (?1, ?2, ?3)";
const FAREWELL_THERE: &str = "SELECT 1 FROM jobs WHERE kind = ?1 AND target = ?2";
const ADD_FAREWELL: &str = "INSERT INTO jobs (kind, target, login, name) VALUES (?1, ?2, ?3, ?4)";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    LOGIN_TAKEN,
    SHAPE_TAKEN,
    EMAIL_TAKEN,
    USER_THERE,
    ADD_USER,
    COMPLETE,
    PASSWORD,
    SET_PICTURE,
    MEDIA_THERE,
    SAME_MEDIA,
    ADD_MEDIA,
    ROOM_ID_TAKEN,
    NAME_TAKEN,
    ADD_ROOM,
    INSIDE,
    ADD_PARTICIPANT,
    ACCOUNT,
    EMOJI_THERE,
    EMOJI_KIND,
    EMOJI_COUNT,
    ADD_EMOJI,
    FAREWELL_THERE,
    ADD_FAREWELL,
];

/// Maximum length of login and room names.
const MAX_NAME: usize = 64;

impl Import<'_> {
    /// Adds a user, or finds the one added by an earlier import. An imported user is never
    /// identified with an existing one: the same name or address may belong to a different user.
    #[expect(clippy::too_many_lines, reason = "one statement with a value for each column")]
    pub(super) fn user(&mut self, new: &UserRecord) -> Result<()> {
        let key = new.id.to_string();
        let known = self.table().find(USER, &key)?;
        let there = known
            .map(|id| sql::one(self.conn, USER_THERE, [id], |row| row.get::<_, String>(0)))
            .transpose()?
            .flatten();
        if let (Some(id), Some(login)) = (known, there) {
            let login = if new.stranger { login } else { self.complete(&key, id, login, new)? };
            self.out.report.known(Kind::Users);
            self.out.logins.push((key, login));
            return Ok(());
        }
        let (login, names) = if new.deleted.is_some() {
            (String::new(), None)
        } else {
            self.free_login(&new.login)?
        };
        let email = self.free_email(new, &login)?;
        let admin = new.admin && self.terms.keep;
        if new.admin && !admin {
            self.out.report.note(Reason::AdminNotTaken, login.as_str());
        }
        let (folded, shape) = names.unzip();
        let name_folded = if new.deleted.is_some() { String::new() } else { fold(&new.name) };
        let id = self.kept(&new.id, USER_THERE)?;
        sql::run(
            self.conn,
            ADD_USER,
            params![
                id,
                login,
                folded,
                shape,
                new.name,
                name_folded,
                email,
                email.as_ref().map(|email| email.to_lowercase()),
                new.birth,
                new.password,
                new.md5,
                new.sha1,
                admin,
                new.disabled,
                new.deleted,
                new.created,
                new.bot,
                new.guest
            ],
        )?;
        let user = UserId(self.conn.last_insert_rowid());
        if let Some(status) = &new.status {
            accounts::set_status(self.conn, user, Some(&status.clone().into()))?;
        }
        // What is not understood was left out when the records were read.
        let factor =
            new.second_factor.clone().and_then(|factor| SecondFactor::try_from(factor).ok());
        if let Some(factor) = factor {
            accounts::set_factor(self.conn, user, Some(&factor))?;
        }
        self.identities(user, new, &login)?;
        self.remember_user(new, &key)?;
        self.out.report.taken(Kind::Users);
        self.out.logins.push((key, login));
        Ok(())
    }

    /// Links those identities of the user that nobody has.
    fn identities(&mut self, user: UserId, new: &UserRecord, login: &str) -> Result<()> {
        for identity in new.identities.iter().filter_map(IdentityRecord::identity) {
            if identities::is_taken(self.conn, None, &identity)? {
                let left_out = format!("{login}: {}", identity.subject);
                self.out.report.note(Reason::IdentityLeftOut, left_out);
            } else {
                identities::link(self.conn, user, std::slice::from_ref(&identity))?;
            }
        }
        Ok(())
    }

    /// Returns the address of the user, unless somebody has it.
    fn free_email(&mut self, new: &UserRecord, login: &str) -> Result<Option<String>> {
        if let Some(address) = &new.email
            && sql::any(self.conn, EMAIL_TAKEN, [address.to_lowercase()])?
        {
            self.out.report.note(Reason::EmailLeftOut, format!("{login}: {address}"));
            return Ok(None);
        }
        Ok(new.email.clone())
    }

    /// Records the id of the user just added, and what is to be done about them later.
    fn remember_user(&mut self, new: &UserRecord, key: &str) -> Result<()> {
        let id = self.conn.last_insert_rowid();
        self.table().put(USER, key, id)?;
        if let Some(picture) = &new.media {
            self.table().put(PICTURE, &picture.to_string(), id)?;
        }
        if new.stranger {
            self.table().put(STRANGER, key, id)?;
        }
        if new.no_password {
            self.table().put(PASSWORDLESS, &id.to_string(), fingerprint(&new.password))?;
        }
        Ok(())
    }

    /// Completes an account known only from messages once its own record arrives. Nobody has used
    /// that account. Returns its login name.
    fn complete(&mut self, key: &str, id: i64, login: String, new: &UserRecord) -> Result<String> {
        if self.table().take(STRANGER, key)?.is_none() {
            return Ok(login);
        }
        let (login, folded, shape) = if fold(&login) == fold(&new.login) {
            (login, None, None)
        } else {
            let (login, names) = self.free_login(&new.login)?;
            let (folded, shape) = names.unzip();
            (login, folded, shape)
        };
        let email = match &new.email {
            Some(address) if !sql::any(self.conn, EMAIL_TAKEN, [address.to_lowercase()])? => {
                Some(address.clone())
            }
            _ => None,
        };
        let email_folded = email.as_ref().map(|email| email.to_lowercase());
        let name_folded = fold(&new.name);
        let values = params![
            id,
            login,
            folded,
            shape,
            new.name,
            name_folded,
            email,
            email_folded,
            new.disabled,
            new.created,
            new.bot,
            new.guest
        ];
        sql::run(self.conn, COMPLETE, values)?;
        let stored: Option<String> = sql::one(self.conn, PASSWORD, [id], |row| row.get(0))?;
        if let Some(stored) = stored {
            self.table().put(PASSWORDLESS, &id.to_string(), fingerprint(&stored))?;
        }
        if let Some(picture) = &new.media {
            self.table().put(PICTURE, &picture.to_string(), id)?;
        }
        self.out.report.note(Reason::Completed, login.as_str());
        Ok(login)
    }

    /// Returns the name if it is free, otherwise the first free one of `name-2`, `name-3` …; with
    /// its folded form and its look-alike form.
    fn free_login(&mut self, wanted: &str) -> Result<(String, Option<(String, String)>)> {
        if let Some(forms) = self.free_forms(wanted)? {
            return Ok((wanted.to_owned(), Some(forms)));
        }
        // Doubles first, then bisects, so that thousands of equal names need few queries each.
        let (mut taken, mut free) = (1_u32, 2_u32);
        let (mut login, mut forms) = loop {
            let login = numbered(wanted, &format!("-{free}"));
            if let Some(forms) = self.free_forms(&login)? {
                break (login, forms);
            }
            (taken, free) = (free, free.saturating_mul(2));
        };
        while free - taken > 1 {
            let middle = u32::midpoint(taken, free);
            let nearer = numbered(wanted, &format!("-{middle}"));
            match self.free_forms(&nearer)? {
                Some(found) => (free, login, forms) = (middle, nearer, found),
                None => taken = middle,
            }
        }
        self.out.report.note(Reason::LoginChanged, format!("{wanted} → {login}"));
        Ok((login, Some(forms)))
    }

    /// Returns the folded and the look-alike form of a login name; None if it is taken.
    fn free_forms(&self, login: &str) -> Result<Option<(String, String)>> {
        let folded = fold(login);
        let shape = if self.terms.refuse_look_alikes { skeleton(&folded) } else { folded.clone() };
        if sql::any(self.conn, LOGIN_TAKEN, [&folded])? {
            return Ok(None);
        }
        if !sql::any(self.conn, SHAPE_TAKEN, [&shape])? {
            return Ok(Some((folded, shape)));
        }
        // Both were allowed in the same instance; the second is only found by its exact name.
        Ok(self.terms.keep.then(|| (folded.clone(), folded)))
    }

    /// Returns the id to be kept, unless it is taken or out of range.
    fn kept(&self, key: &Key, there: &str) -> Result<Option<i64>> {
        let Some(id) = key.number().filter(|id| self.terms.keep && (1..=MAX_KEPT_ID).contains(id))
        else {
            return Ok(None);
        };
        Ok(if sql::any(self.conn, there, [id])? { None } else { Some(id) })
    }

    /// Adds a file whose bytes are stored.
    pub(super) fn media(&mut self, new: &MediaRecord) -> Result<()> {
        let key = new.id.to_string();
        let known = self.table().find(MEDIA, &key)?;
        if let Some(id) = known
            && sql::any(self.conn, MEDIA_THERE, [id])?
        {
            self.out.report.known(Kind::Media);
            return Ok(());
        }
        let Some(owner) = self.found(USER, &new.owner)? else {
            self.out.report.note(Reason::Dangling, format!("file {key}: owner {}", new.owner));
            return Ok(());
        };
        let there =
            sql::one(self.conn, SAME_MEDIA, params![new.name, owner, new.file_name], |row| {
                row.get::<_, i64>(0)
            })?;
        let id = if let Some(id) = there {
            id
        } else {
            let id = self.kept(&new.id, MEDIA_THERE)?;
            let values = params![
                id,
                new.name,
                owner,
                new.kind,
                new.image,
                new.size,
                new.width,
                new.height,
                new.file_name,
                new.created
            ];
            sql::run(self.conn, ADD_MEDIA, values)?;
            self.conn.last_insert_rowid()
        };
        self.table().put(MEDIA, &key, id)?;
        if let Some(user) = self.table().take(PICTURE, &key)?
            && user == owner
        {
            sql::run(self.conn, SET_PICTURE, params![user, id])?;
        }
        self.out.report.taken(Kind::Media);
        Ok(())
    }

    /// Adds a room without participants and messages.
    pub(super) fn room(&mut self, new: &RoomRecord) -> Result<()> {
        let key = new.id.to_string();
        if self.table().find(ROOM, &key)?.is_some() {
            self.out.report.known(Kind::Rooms);
            return Ok(());
        }
        let owner = new.owner.as_ref().map(|owner| self.found(USER, owner)).transpose()?.flatten();
        let name = new
            .name
            .as_ref()
            .map(|name| {
                if new.visibility == "public" {
                    self.free_room_name(name)
                } else {
                    Ok(name.clone())
                }
            })
            .transpose()?;
        let id = self.kept(&new.id, ROOM_ID_TAKEN)?;
        let folded = name.as_deref().map(fold);
        let (topic, description) = (&new.topic, &new.description);
        let values = params![
            id,
            name,
            folded,
            new.visibility,
            owner,
            new.rev,
            new.facts_rev,
            new.created,
            topic,
            description,
            new.archived,
            new.read_only,
            new.retention_days,
            new.keep_pinned,
            new.expired
        ];
        sql::run(self.conn, ADD_ROOM, values)?;
        let id = self.conn.last_insert_rowid();
        self.table().put(ROOM, &key, id)?;
        self.table().put(OPEN, &id.to_string(), 0)?;
        self.table().put(BEFORE, &id.to_string(), 0)?;
        if self.terms.native {
            self.table().put(SEQ, &key, 0)?;
        }
        self.out.report.taken(Kind::Rooms);
        Ok(())
    }

    fn free_room_name(&mut self, wanted: &str) -> Result<String> {
        let mut number = 1_u32;
        loop {
            let name = if number == 1 {
                wanted.to_owned()
            } else {
                numbered(wanted, &format!(" ({number})"))
            };
            if !sql::any(self.conn, NAME_TAKEN, [fold(&name)])? {
                if number > 1 {
                    self.out.report.note(Reason::RoomRenamed, format!("{wanted} → {name}"));
                }
                return Ok(name);
            }
            number += 1;
        }
    }

    /// Adds a participant, once: users removed here since then are not added again.
    pub(super) fn participant(&mut self, new: &ParticipantRecord) -> Result<()> {
        let key = format!("{}/{}", new.room, new.user);
        if self.table().find(PARTICIPANT, &key)?.is_some() {
            self.out.report.known(Kind::Participants);
            return Ok(());
        }
        let (Some(room), Some(user)) = (self.found(ROOM, &new.room)?, self.found(USER, &new.user)?)
        else {
            self.out.report.note(Reason::Dangling, format!("participant {key}"));
            return Ok(());
        };
        let Some(stand) = self.stand(room)? else {
            self.out.report.note(Reason::RoomGone, format!("participant {key}"));
            return Ok(());
        };
        let (open, last_seq) = (stand.open, stand.last_seq);
        if sql::any(self.conn, INSIDE, params![room, user])? {
            self.out.report.known(Kind::Participants);
            return self.table().put(PARTICIPANT, &key, user);
        }
        // Users deleted here are not added; in one of our exports they may still have to leave.
        let account = sql::one(self.conn, ACCOUNT, [user], |row| {
            Ok((row.get::<_, Option<Timestamp>>("deleted")?, row.get("guest")?))
        })?;
        let (deleted, guest) = account.unwrap_or((None, false));
        if deleted.is_some() && !(open && self.terms.native) {
            self.out.report.note(Reason::Dangling, format!("participant {key}: deleted here"));
            return Ok(());
        }
        let (mut since, mark) = if open { (Rev(new.since), Seq(0)) } else { (Rev(0), last_seq) };
        if let Some(stand) = self.stand(room)?.filter(|stand| !stand.open) {
            // For a room known to clients it is a change like any other.
            since = stand.rev.next();
            (stand.rev, stand.facts_rev, stand.moved) = (since, since, true);
        }
        // A guest is always a member, whatever the source has.
        let role = if guest { Role::Member.as_str() } else { new.role.as_str() };
        let (own, unread_from) = (new.own(), new.unread_from.filter(|_| open));
        let values = params![
            room,
            user,
            role,
            new.edited_name,
            since,
            new.joined,
            mark,
            new.mark_at,
            own.notify.map(NotifyLevel::as_str),
            own.favourite,
            unread_from,
            unread_from.and(new.mark)
        ];
        sql::run(self.conn, ADD_PARTICIPANT, values)?;
        if let Some(mark) = new.mark.filter(|_| open) {
            self.table().put(MARK, &format!("{room}/{user}"), mark)?;
        }
        self.nameless.insert(room);
        self.table().put(PARTICIPANT, &key, user)?;
        self.out.report.taken(Kind::Participants);
        Ok(())
    }

    /// Adds a custom emoji; an existing one of that name stays, which is reported if it has another
    /// picture.
    pub(super) fn emoji(&mut self, new: &EmojiRecord) -> Result<()> {
        let media = self.found(MEDIA, &new.media)?;
        if let Err(why) = check_emoji_name("the name", &new.name) {
            let name = format!(":{}: {why}", new.name);
            self.out.report.note(Reason::EmojiLeftOut, name);
            return Ok(());
        }
        let there = sql::one(self.conn, EMOJI_THERE, params![new.name, media], |row| {
            row.get::<_, bool>(0)
        })?;
        match there {
            Some(true) => {
                self.out.report.known(Kind::Emoji);
                return Ok(());
            }
            Some(false) => {
                let name = format!(":{}: has another picture here", new.name);
                self.out.report.note(Reason::EmojiLeftOut, name);
                return Ok(());
            }
            None => (),
        }
        let Some(media) = media else {
            self.out
                .report
                .note(Reason::Dangling, format!("emoji {}: file {}", new.name, new.media));
            return Ok(());
        };
        let kind = sql::one(self.conn, EMOJI_KIND, [media], |row| row.get::<_, String>(0))?;
        let known = sql::one(self.conn, EMOJI_COUNT, (), |row| row.get::<_, i64>(0))?;
        let is_picture = kind.is_some_and(|kind| FileKind::of(&kind).is_emoji());
        let known = usize::try_from(known.unwrap_or_default()).unwrap_or(usize::MAX);
        if !is_picture || known >= MAX_EMOJI {
            let why = if is_picture { "there are too many" } else { "is no picture" };
            self.out.report.note(Reason::EmojiLeftOut, format!(":{}: {why}", new.name));
            return Ok(());
        }
        sql::run(self.conn, ADD_EMOJI, params![new.name, media, new.created])?;
        self.out.report.taken(Kind::Emoji);
        Ok(())
    }

    /// Schedules that a deleted user leaves their rooms.
    pub(super) fn job(&mut self, new: &JobRecord) -> Result<()> {
        let Some(user) = self.found(USER, &new.user)?.map(UserId) else { return Ok(()) };
        if !sql::any(self.conn, FAREWELL_THERE, params![job_orders::FAREWELL, user])? {
            sql::run(
                self.conn,
                ADD_FAREWELL,
                params![job_orders::FAREWELL, user, new.login, new.name],
            )?;
        }
        Ok(())
    }
}

/// Appends an ending to a name, within the maximum length.
fn numbered(name: &str, ending: &str) -> String {
    let room = MAX_NAME.saturating_sub(ending.chars().count());
    name.chars().take(room).chain(ending.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn numbered_names_stay_short_enough() {
        assert_eq!(numbered("책", "-2"), "책-2");
        let long = numbered(&"책".repeat(64), " (12)");
        assert!(long.chars().count() == 64 && long.ends_with("책 (12)"), "{long}");
    }
}
