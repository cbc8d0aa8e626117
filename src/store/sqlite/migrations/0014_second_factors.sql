-- What the codes of a user's second factor are checked with, as JSON. NULL: none was set up.
ALTER TABLE users ADD COLUMN second_factor TEXT;
