-- What an import has brought, by the name it has at its source, so that a second import of the same source doubles nothing.
CREATE TABLE imported (
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    id INTEGER NOT NULL,
    PRIMARY KEY (source, kind, key)
) STRICT, WITHOUT ROWID;
-- What this instance calls itself as the source of an export.
INSERT INTO settings (key, value) VALUES ('origin', randomblob(16));
