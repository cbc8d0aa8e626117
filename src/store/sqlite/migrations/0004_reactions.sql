-- An emoji with and without its variation selector is one reaction. Of two that become the same, the first stays; the messages
-- change as if somebody had reacted, so that clients that were away learn of it.
CREATE TEMP TABLE reacted (id INTEGER PRIMARY KEY, room INTEGER NOT NULL, step INTEGER NOT NULL);
INSERT INTO reacted (id, room, step)
    SELECT id, room, row_number() OVER (PARTITION BY room ORDER BY rev) FROM messages
    WHERE id IN (SELECT message FROM reactions WHERE reaction <> reaction_form(reaction));
DELETE FROM reactions WHERE id IN (
    SELECT later.id FROM reacted
    JOIN reactions later ON later.message = reacted.id
    JOIN reactions first ON first.message = reacted.id AND first.user = later.user AND first.id < later.id
    WHERE reaction_form(first.reaction) = reaction_form(later.reaction)
);
UPDATE reactions SET reaction = reaction_form(reaction) WHERE message IN (SELECT id FROM reacted);
UPDATE messages SET rev = (SELECT rev FROM rooms WHERE rooms.id = messages.room) + (SELECT step FROM reacted WHERE reacted.id = messages.id)
    WHERE id IN (SELECT id FROM reacted);
UPDATE rooms SET rev = rev + (SELECT count(*) FROM reacted WHERE reacted.room = rooms.id) WHERE id IN (SELECT room FROM reacted);
DROP TABLE reacted;
