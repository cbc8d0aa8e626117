-- Webhooks that send events of rooms to an address. The secret signs requests, so it is stored as it is. events: names, joined by commas. failing_…: while requests fail; disabled_…: while nothing is sent. bot: the user who posts answers of the receiver.
CREATE TABLE outgoing_webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    secret BLOB NOT NULL,
    events TEXT NOT NULL,
    creator TEXT NOT NULL,
    created INTEGER NOT NULL,
    bot INTEGER,
    bot_login TEXT,
    restarts INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER,
    failing_reason TEXT,
    disabled_since INTEGER,
    disabled_reason TEXT
) STRICT;

-- How far each webhook has sent the events of a room: all changes up to rev, and all messages up to seq as posted. The room may have been deleted.
CREATE TABLE outgoing_places (
    webhook INTEGER NOT NULL REFERENCES outgoing_webhooks (id),
    room INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    sent INTEGER,
    PRIMARY KEY (webhook, room)
) STRICT, WITHOUT ROWID;
