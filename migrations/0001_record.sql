-- One text for SQLite and PostgreSQL: TEXT, BIGINT, INTEGER (flags 0/1) and BYTEA only; times are
-- milliseconds since the epoch; lists and documents are JSON in TEXT; ids are TEXT.

-- Counters are raised inside the transaction that uses them: the row stays locked until the commit,
-- so that positions are in commit order.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('ends', 0), ('changes', 0);

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    profile TEXT NOT NULL,
    password TEXT,
    admin INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_signed_in_at BIGINT,
    signed_out_at BIGINT
);

-- Canonical usernames and email addresses, unique over both.
CREATE TABLE logins (
    key TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id)
);
CREATE INDEX logins_by_user ON logins (user_id);

CREATE TABLE clients (
    client_id TEXT PRIMARY KEY,
    metadata TEXT NOT NULL,
    secret_hash BYTEA,
    enabled INTEGER NOT NULL,
    registered_by TEXT NOT NULL,
    client_name TEXT NOT NULL,
    backchannel_logout_uri TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    began_at BIGINT NOT NULL,
    auth_time BIGINT NOT NULL,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    idle_timeout BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- The nearer of both deadlines, kept for the index.
    deadline_at BIGINT NOT NULL,
    remembered INTEGER NOT NULL,
    secret BYTEA NOT NULL,
    previous_secret BYTEA,
    previous_until BIGINT,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    ended_at BIGINT,
    reason TEXT
);
CREATE UNIQUE INDEX sessions_by_reference ON sessions (reference);
CREATE INDEX sessions_by_user ON sessions (user_id, began_at);
CREATE INDEX sessions_live_by_user ON sessions (user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_live_by_deadline ON sessions (deadline_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_live_by_start ON sessions (began_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_start ON sessions (began_at);

CREATE TABLE participants (
    sid TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id),
    client_id TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    ended_at BIGINT,
    reason TEXT
);
CREATE UNIQUE INDEX participants_live ON participants (session_id, client_id) WHERE ended_at IS NULL;
CREATE INDEX participants_by_session ON participants (session_id);
CREATE INDEX participants_by_client ON participants (client_id);

CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    sid TEXT NOT NULL,
    offline INTEGER NOT NULL,
    began_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    document TEXT NOT NULL,
    ended_at BIGINT,
    reason TEXT
);
CREATE INDEX grants_by_session ON grants (session_id);
CREATE INDEX grants_by_user ON grants (user_id);
CREATE INDEX grants_by_client ON grants (client_id);

-- Access tokens revoked before they ran out.
CREATE TABLE revoked_tokens (
    id TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE ends (
    position BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    session_id TEXT NOT NULL
);
CREATE INDEX ends_by_key ON ends (kind, key);
CREATE INDEX ends_by_time ON ends (at);

CREATE TABLE changes (
    position BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX changes_by_time ON changes (at);

CREATE TABLE consents (
    user_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, client_id)
);

-- One logout notice per participant: a sid is never reused and ends once, so it is the key.
CREATE TABLE notices (
    sid TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    include_sub INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    leased_by TEXT,
    leased_until BIGINT,
    last_status BIGINT,
    last_attempt_at BIGINT,
    settled_at BIGINT,
    problem TEXT
);
CREATE INDEX notices_due ON notices (next_at) WHERE state = 'due';
CREATE INDEX notices_by_session ON notices (session_id);

CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    alg TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    session TEXT,
    address TEXT,
    reason TEXT,
    detail TEXT
);
CREATE INDEX audit_by_time ON audit (at, id);

-- Who holds a lease; whether they live is known by other means.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    pid BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    listen TEXT NOT NULL
);
