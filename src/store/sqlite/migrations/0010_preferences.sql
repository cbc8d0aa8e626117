-- A participant's own level of notifications (NULL: the user's default), and whether the room is a favourite. A muted room has the level 'nothing'.
ALTER TABLE participants ADD COLUMN notify TEXT;
ALTER TABLE participants ADD COLUMN favourite INTEGER NOT NULL DEFAULT 0;
UPDATE participants SET notify = 'nothing' WHERE muted;
ALTER TABLE participants DROP COLUMN muted;

-- Messages from unread_from on are unread for the user as long as the mark is where it was then (unread_mark).
ALTER TABLE participants ADD COLUMN unread_from INTEGER;
ALTER TABLE participants ADD COLUMN unread_mark INTEGER;

-- keywords and quiet (hours without notifications) are JSON.
CREATE TABLE preferences (
    user INTEGER PRIMARY KEY REFERENCES users (id),
    notify TEXT NOT NULL,
    keywords TEXT NOT NULL,
    quiet TEXT
) STRICT;

-- Messages that users have saved for later.
CREATE TABLE saved (
    user INTEGER NOT NULL REFERENCES users (id),
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (user, room, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX saved_room ON saved (room);

-- Messages that mention all participants, with their authors, whom they do not mention.
CREATE TABLE calls (
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    author INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;
