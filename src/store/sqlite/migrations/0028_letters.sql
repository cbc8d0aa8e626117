-- Address to which an invitation was meant to be mailed.
ALTER TABLE invitations ADD COLUMN mailed_to TEXT;

-- The language that a person has chosen, as a tag such as ko.
ALTER TABLE preferences ADD COLUMN language TEXT;
