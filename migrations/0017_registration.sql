-- Clients that registered themselves (RFC 7591), and who may.

-- One for each client that registered itself. It goes with the client.
CREATE TABLE registrations (
    client_id TEXT PRIMARY KEY,
    -- SHA-256 of the registration access token (RFC 7592, 3).
    token_hash BYTEA NOT NULL,
    registered_at BIGINT NOT NULL
);

-- Initial access tokens (RFC 7591, 1.2).
CREATE TABLE initial_access_tokens (
    -- What people call it; the token itself is kept as a hash only.
    id TEXT PRIMARY KEY,
    token_hash BYTEA NOT NULL,
    note TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Registrations that it still allows.
    uses_left BIGINT NOT NULL
);
CREATE UNIQUE INDEX initial_access_tokens_by_hash ON initial_access_tokens (token_hash);
