-- Threads that users follow. root is the message with which a thread begins. following is NULL where a user has only read a thread; read is the last reply read in the thread itself.
CREATE TABLE follows (
    user INTEGER NOT NULL REFERENCES users (id),
    room INTEGER NOT NULL REFERENCES rooms (id),
    root INTEGER NOT NULL,
    following INTEGER,
    read INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user, room, root)
) STRICT, WITHOUT ROWID;
CREATE INDEX follows_room ON follows (room);

-- Whoever has started a thread, answered in it or is mentioned in it.
WITH caused (user, room, root) AS (
    SELECT author, room, thread FROM messages WHERE thread IS NOT NULL
    UNION SELECT s.author, s.room, s.seq FROM messages m
        JOIN messages s ON s.room = m.room AND s.seq = m.thread WHERE m.thread IS NOT NULL
    UNION SELECT n.user, n.room, m.thread FROM mentions n
        JOIN messages m ON m.room = n.room AND m.seq = n.seq WHERE m.thread IS NOT NULL
    UNION SELECT n.user, n.room, n.seq FROM mentions n
        JOIN messages m ON m.room = n.room AND m.thread = n.seq WHERE m.thread IS NOT NULL
)
INSERT INTO follows (user, room, root, following)
SELECT c.user, c.room, c.root, 1 FROM caused c
JOIN users u ON u.id = c.user AND u.deleted IS NULL JOIN rooms r ON r.id = c.room AND r.deleted IS NULL;
