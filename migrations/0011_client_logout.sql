-- Whether a client is told of a session that ends because nobody used it: beside the metadata, as
-- an end owes its notices by it. One text for SQLite and PostgreSQL, as before.
ALTER TABLE clients ADD COLUMN notify_on_idle INTEGER NOT NULL DEFAULT 1;
