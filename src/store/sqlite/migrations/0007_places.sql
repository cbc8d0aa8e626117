-- A bot is a program; a guest is kept to the rooms that they are in.
ALTER TABLE users ADD COLUMN bot INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN guest INTEGER NOT NULL DEFAULT 0;

-- archived is a time; mode_rev is the rev of the newest change of what participants may do here.
ALTER TABLE rooms ADD COLUMN topic TEXT;
ALTER TABLE rooms ADD COLUMN description TEXT;
ALTER TABLE rooms ADD COLUMN archived INTEGER;
ALTER TABLE rooms ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN mode_rev INTEGER NOT NULL DEFAULT 0;

-- user is who has pinned it, where that is known.
CREATE TABLE pins (
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    user INTEGER REFERENCES users (id),
    at INTEGER NOT NULL,
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

-- Custom emoji: a name and a picture.
CREATE TABLE emoji (
    name TEXT PRIMARY KEY,
    media INTEGER NOT NULL REFERENCES media (id),
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX emoji_media ON emoji (media);
