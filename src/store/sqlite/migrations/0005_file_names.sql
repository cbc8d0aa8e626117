-- The name belongs to the upload, not to the bytes: the same bytes under another name are another row.
CREATE TABLE media_named (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    owner INTEGER NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    is_image INTEGER NOT NULL,
    size INTEGER NOT NULL,
    width INTEGER,
    height INTEGER,
    file_name TEXT,
    created INTEGER NOT NULL
) STRICT;
INSERT INTO media_named (id, name, owner, kind, is_image, size, width, height, file_name, created)
    SELECT id, name, owner, kind, is_image, size, width, height, file_name, created FROM media;
-- Ids are never given again, those of rows that are gone included.
DELETE FROM sqlite_sequence WHERE name = 'media_named';
INSERT INTO sqlite_sequence (name, seq) SELECT 'media_named', seq FROM sqlite_sequence WHERE name = 'media';
DROP TABLE media;
ALTER TABLE media_named RENAME TO media;
CREATE UNIQUE INDEX media_upload ON media (name, owner, coalesce(file_name, ''));
CREATE INDEX media_owner ON media (owner);
-- Names lose what turns text around or cannot be seen.
UPDATE media SET file_name = nullif(trim(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(file_name,
    char(0x00ad), ''), char(0x061c), ''), char(0x200b), ''), char(0x200e), ''), char(0x200f), ''),
    char(0x202a), ''), char(0x202b), ''), char(0x202c), ''), char(0x202d), ''), char(0x202e), ''),
    char(0x2060), ''), char(0x2066), ''), char(0x2067), ''), char(0x2068), ''), char(0x2069), ''), char(0xfeff), '')), '')
    WHERE file_name IS NOT NULL;
