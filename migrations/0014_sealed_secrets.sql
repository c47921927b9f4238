-- The secrets of clients that sign with them (client_secret_jwt), sealed under the master key: no MAC
-- can be verified by a hash. Null for all others. One text for SQLite and PostgreSQL, as before.
ALTER TABLE clients ADD COLUMN sealed_secret BYTEA;
ALTER TABLE clients ADD COLUMN previous_sealed_secret BYTEA;
