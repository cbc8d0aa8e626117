-- all_public: the rooms of the webhook are all public ones that are not archived; its places come and go with them.
ALTER TABLE outgoing_webhooks ADD COLUMN all_public INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outgoing_places_room ON outgoing_places (room);

-- Who joined (joined = 1) or left rooms of which an outgoing webhook sends that, until it was sent. seq: the newest message at that time. by_…: who did it; NULL: the server or its operator.
CREATE TABLE outgoing_people (
    room INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    user INTEGER NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    joined INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    by_id INTEGER,
    by_login TEXT,
    by_name TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (room, rev, user)
) STRICT, WITHOUT ROWID;

-- How often a program has answered a slash command later, by the nonce in the token of the address. Removed after it has expired.
CREATE TABLE late_answers (
    nonce TEXT PRIMARY KEY,
    answers INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX late_answers_expires ON late_answers (expires);
