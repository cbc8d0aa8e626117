-- What users are in other systems, with which they log in. source: oidc or ldap.
CREATE TABLE identities (
    source TEXT NOT NULL,
    subject TEXT NOT NULL,
    user INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (source, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_user ON identities (user);
