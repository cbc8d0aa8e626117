-- thread is the message with which the chain of replies of a message begins; NULL: it is no reply.
ALTER TABLE messages ADD COLUMN thread INTEGER;
CREATE INDEX messages_thread ON messages (room, thread, seq) WHERE thread IS NOT NULL;

CREATE INDEX messages_answers ON messages (room, reply_to) WHERE reply_to IS NOT NULL;
WITH RECURSIVE chain (id, room, seq, thread) AS (
    SELECT r.id, r.room, r.seq, r.reply_to FROM messages r
    JOIN messages m ON m.room = r.room AND m.seq = r.reply_to
    WHERE r.reply_to IS NOT NULL AND m.reply_to IS NULL
    UNION ALL
    SELECT r.id, r.room, r.seq, c.thread FROM chain c
    JOIN messages r ON r.room = c.room AND r.reply_to = c.seq AND r.reply_to IS NOT NULL
)
UPDATE messages SET thread = chain.thread FROM chain WHERE chain.id = messages.id;
DROP INDEX messages_answers;
