-- What administration needs of people and clients. One text for SQLite and PostgreSQL, as before.

-- A temporary password must be changed at the next sign-in.
ALTER TABLE users ADD COLUMN must_change_password INTEGER NOT NULL DEFAULT 0;
-- A deleted person leaves an empty row: ended sessions point to it.
ALTER TABLE users ADD COLUMN deleted_at BIGINT;
-- The username as it is compared, by which lists are sorted.
ALTER TABLE users ADD COLUMN username_key TEXT NOT NULL DEFAULT '';
-- Username, names and email address as they are compared, for searches. Null until the next
-- change of people who were there before this column.
ALTER TABLE users ADD COLUMN search TEXT;
UPDATE users SET username_key = LOWER(username);
CREATE INDEX users_by_username_key ON users (username_key, id) WHERE deleted_at IS NULL;
CREATE INDEX users_administrators ON users (id) WHERE admin = 1 AND enabled = 1;

-- After a rotation the secret before it is taken for a while.
ALTER TABLE clients ADD COLUMN previous_secret_hash BYTEA;
ALTER TABLE clients ADD COLUMN previous_secret_expires_at BIGINT;

CREATE INDEX participants_live_by_client ON participants (client_id, session_id)
    WHERE ended_at IS NULL;
CREATE INDEX grants_live_by_client ON grants (client_id, id) WHERE ended_at IS NULL;
CREATE INDEX consents_by_client ON consents (client_id);
