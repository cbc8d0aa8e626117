-- What users have begun to write. thread: a message of the thread, 0 for the room itself.
CREATE TABLE drafts (
    user INTEGER NOT NULL REFERENCES users (id),
    room INTEGER NOT NULL REFERENCES rooms (id),
    thread INTEGER NOT NULL,
    text TEXT NOT NULL,
    reply_to INTEGER,
    at INTEGER NOT NULL,
    PRIMARY KEY (user, room, thread)
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_room ON drafts (room);

-- Few users have a status at a time.
CREATE INDEX users_status ON users (id) WHERE status_text IS NOT NULL;
