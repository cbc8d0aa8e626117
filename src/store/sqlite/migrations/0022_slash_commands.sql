-- Slash commands. The secret signs requests, so it is stored as it is. rooms: ids, joined by commas; empty: all rooms. bot: the user who posts answers that everybody sees.
CREATE TABLE slash_commands (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    secret BLOB NOT NULL,
    description TEXT NOT NULL,
    hint TEXT NOT NULL,
    rooms TEXT NOT NULL,
    creator TEXT NOT NULL,
    created INTEGER NOT NULL,
    bot INTEGER NOT NULL,
    bot_login TEXT NOT NULL
) STRICT;
