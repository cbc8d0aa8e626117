-- How long messages of a room are kept (NULL: as the server says; 0 days: for ever). Messages up to expired are gone, except pinned ones; up to erased their content is removed.
ALTER TABLE rooms ADD COLUMN retention_days INTEGER;
ALTER TABLE rooms ADD COLUMN keep_pinned INTEGER;
ALTER TABLE rooms ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rooms ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
