-- What the search index has to look at again, in the order in which it happened; consumed by number, cleared away after a day.
CREATE TABLE search_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER messages_text_changes AFTER UPDATE OF text ON messages BEGIN
    INSERT INTO search_changes (message, at) VALUES (new.id, CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
CREATE TRIGGER messages_go AFTER DELETE ON messages BEGIN
    INSERT INTO search_changes (message, at) VALUES (old.id, CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
