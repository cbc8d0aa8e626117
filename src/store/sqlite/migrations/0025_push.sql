-- Devices that receive messages through Web Push: one for a log-in, with which it ends.
CREATE TABLE push_subscriptions (
    session INTEGER PRIMARY KEY REFERENCES sessions (id),
    user INTEGER NOT NULL REFERENCES users (id),
    endpoint TEXT NOT NULL,
    key BLOB NOT NULL,
    secret BLOB NOT NULL,
    everything INTEGER NOT NULL,
    text INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX push_subscriptions_user ON push_subscriptions (user);
