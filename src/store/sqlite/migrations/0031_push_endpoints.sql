-- A browser belongs to the log-in that subscribed it last, whoever's it is.
CREATE INDEX push_subscriptions_endpoint ON push_subscriptions (endpoint);
DELETE FROM push_subscriptions WHERE EXISTS (
    SELECT 1 FROM push_subscriptions later WHERE later.endpoint = push_subscriptions.endpoint
    AND (later.at, later.session) > (push_subscriptions.at, push_subscriptions.session));
