-- What a user says about themselves for a time. No status: status_text is NULL. status_until NULL: until it is removed.
ALTER TABLE users ADD COLUMN status_emoji TEXT;
ALTER TABLE users ADD COLUMN status_text TEXT;
ALTER TABLE users ADD COLUMN status_until INTEGER;
