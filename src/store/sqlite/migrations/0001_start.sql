-- What the server keeps about itself.
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A deleted user keeps its row, so that its messages have an author; what makes it unique is NULL then.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    login TEXT NOT NULL,
    folded TEXT UNIQUE,
    look_alike TEXT UNIQUE,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    email TEXT,
    email_folded TEXT UNIQUE,
    birth TEXT,
    media INTEGER REFERENCES media (id),
    password TEXT NOT NULL,
    md5 TEXT,
    sha1 TEXT,
    admin INTEGER NOT NULL DEFAULT 0,
    disabled INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX users_media ON users (media) WHERE media IS NOT NULL;

CREATE TABLE media (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    owner INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    is_image INTEGER NOT NULL,
    size INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    file_name TEXT,
    created INTEGER NOT NULL,
    UNIQUE (name, owner)
) STRICT;
CREATE INDEX media_owner ON media (owner);

-- last_time keeps the times of a room's messages from going backwards; users is kept by the triggers below.
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT,
    folded TEXT,
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'private')),
    owner INTEGER REFERENCES users (id),
    member_key BLOB,
    users INTEGER NOT NULL DEFAULT 0,
    last_seq INTEGER NOT NULL DEFAULT 0,
    rev INTEGER NOT NULL,
    facts_rev INTEGER NOT NULL,
    last_time INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    deleted INTEGER
) STRICT;
CREATE UNIQUE INDEX rooms_public_name ON rooms (folded) WHERE visibility = 'public' AND deleted IS NULL AND folded IS NOT NULL;
CREATE INDEX rooms_member_key ON rooms (member_key) WHERE member_key IS NOT NULL;
CREATE INDEX rooms_public ON rooms (id) WHERE visibility = 'public' AND deleted IS NULL;
CREATE INDEX rooms_owner ON rooms (owner);

-- id is the order in which they came; since is the room's rev at their last change.
CREATE TABLE participants (
    id INTEGER PRIMARY KEY,
    room INTEGER NOT NULL REFERENCES rooms (id),
    user INTEGER NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('admin', 'sub-admin', 'member')),
    edited_name TEXT NOT NULL DEFAULT '',
    since INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    mark INTEGER NOT NULL DEFAULT 0,
    mark_at INTEGER NOT NULL,
    muted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (room, user)
) STRICT;
CREATE INDEX participants_order ON participants (room);
CREATE INDEX participants_user ON participants (user, room);

CREATE TRIGGER participants_come AFTER INSERT ON participants BEGIN
    UPDATE rooms SET users = users + 1 WHERE id = new.room;
END;
CREATE TRIGGER participants_go AFTER DELETE ON participants BEGIN
    UPDATE rooms SET users = users - 1 WHERE id = old.room;
END;

-- media counts the attachments and reacted says whether there are reactions, so that most pages need no look-up of either.
-- id is never reused because the search index follows it.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    author INTEGER NOT NULL REFERENCES users (id),
    text TEXT NOT NULL,
    created INTEGER NOT NULL,
    edited INTEGER,
    deleted INTEGER,
    reply_to INTEGER,
    client_id TEXT,
    media INTEGER NOT NULL DEFAULT 0,
    reacted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (room, seq)
) STRICT;
CREATE INDEX messages_rev ON messages (room, rev);
CREATE INDEX messages_deleted ON messages (room, seq) WHERE deleted IS NOT NULL;
CREATE UNIQUE INDEX messages_client ON messages (room, author, client_id) WHERE client_id IS NOT NULL;

-- id is the order in which they were given.
CREATE TABLE reactions (
    id INTEGER PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES messages (id),
    user INTEGER NOT NULL REFERENCES users (id),
    reaction TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (message, user, reaction)
) STRICT;

CREATE TABLE message_media (
    message INTEGER NOT NULL REFERENCES messages (id),
    place INTEGER NOT NULL,
    media INTEGER NOT NULL REFERENCES media (id),
    PRIMARY KEY (message, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_media_media ON message_media (media);

CREATE TABLE mentions (
    room INTEGER NOT NULL REFERENCES rooms (id),
    user INTEGER NOT NULL REFERENCES users (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (room, user, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_seq ON mentions (room, seq);

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token BLOB NOT NULL UNIQUE,
    user INTEGER NOT NULL REFERENCES users (id),
    device TEXT NOT NULL,
    address TEXT,
    created INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    ended INTEGER
) STRICT;
CREATE INDEX sessions_user ON sessions (user);

-- Work that is promised and carried out in steps; login and name are those of a user whose row has lost them.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    target INTEGER NOT NULL,
    cursor INTEGER NOT NULL DEFAULT 0,
    login TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL DEFAULT ''
) STRICT;
