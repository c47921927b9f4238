-- Ends of everything, of all that a client has, and of what matches a question. One text for SQLite
-- and PostgreSQL, as before.

-- Where the ends log was when it began: an end of everything covers what began before its entry.
-- What was there before this column began at the beginning.
ALTER TABLE sessions ADD COLUMN began_position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE participants ADD COLUMN joined_position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN began_position BIGINT NOT NULL DEFAULT 0;

CREATE TABLE mass_ends (
    id TEXT PRIMARY KEY,
    -- 'everything', 'client' or 'question'.
    kind TEXT NOT NULL,
    -- The client.
    key TEXT NOT NULL,
    question TEXT,
    -- A session that is not touched; empty if there is none.
    spared TEXT NOT NULL,
    -- Of its entry in the ends log. From that entry on, all that began before it is over, whether
    -- its row says so yet or not. None for a question: what matches ends one by one.
    position BIGINT,
    reason TEXT NOT NULL,
    verb TEXT NOT NULL,
    actor TEXT NOT NULL,
    note TEXT,
    began_at BIGINT NOT NULL,
    expected BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    notices BIGINT NOT NULL,
    -- How far the rows were worked off.
    mark TEXT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX mass_ends_by_position ON mass_ends (kind, position);
CREATE INDEX mass_ends_open ON mass_ends (began_at) WHERE finished_at IS NULL;
CREATE INDEX mass_ends_by_time ON mass_ends (began_at);

ALTER TABLE notices ADD COLUMN mass_end TEXT;
CREATE INDEX notices_by_mass_end ON notices (mass_end, state) WHERE mass_end IS NOT NULL;

CREATE INDEX grants_live_offline ON grants (id) WHERE ended_at IS NULL AND offline = 1;
