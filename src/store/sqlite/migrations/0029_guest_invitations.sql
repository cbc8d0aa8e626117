-- Whether accounts that are created with an invitation are guests.
ALTER TABLE invitations ADD COLUMN guest INTEGER NOT NULL DEFAULT 0;
-- Whether another system, such as an OpenID Connect provider, has decided on the second factor of the log-in.
ALTER TABLE sessions ADD COLUMN vouched INTEGER NOT NULL DEFAULT 0;
