-- When an invitation was revoked; NULL: it was not.
ALTER TABLE invitations ADD COLUMN revoked INTEGER;
