-- What an API token or a webhook may do, as JSON. NULL: the session was opened by logging in.
ALTER TABLE sessions ADD COLUMN granted TEXT;
