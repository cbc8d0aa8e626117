-- What administrators have set of the look of the server, in one row. NULL: the configuration says it; an empty text: there is none. icon: a square PNG; icon_tag changes with it.
CREATE TABLE look (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT,
    accent TEXT,
    motd TEXT,
    icon_tag TEXT,
    icon BLOB
) STRICT;

INSERT INTO look (id) VALUES (1);
