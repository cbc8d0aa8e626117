-- Who has administered what, from where, and what changed. Rows are only added, and removed by age; no verb changes them.
-- actor_key and target_key are the folded names by which a person is found.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    actor_id INTEGER,
    actor_name TEXT NOT NULL,
    actor_key TEXT NOT NULL,
    origin TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT,
    target_id TEXT,
    target_name TEXT,
    target_key TEXT,
    before TEXT,
    after TEXT
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_action ON audit (action);
CREATE INDEX audit_actor ON audit (actor_key);
CREATE INDEX audit_target ON audit (target_key) WHERE target_key IS NOT NULL;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'entries of the audit log do not change');
END;
