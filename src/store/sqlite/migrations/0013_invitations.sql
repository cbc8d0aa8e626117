-- Links with which people create accounts. secret is the SHA-256 of what a link ends with; made_by is NULL if it was made on the command line, rooms is a JSON list of ids, and uses is NULL for any number.
CREATE TABLE invitations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    secret BLOB NOT NULL UNIQUE,
    made_by INTEGER REFERENCES users (id),
    maker TEXT NOT NULL,
    rooms TEXT NOT NULL,
    uses INTEGER,
    used INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
