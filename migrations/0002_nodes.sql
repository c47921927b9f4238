-- Several nodes on one database, with a hot state that they share. One text for SQLite and
-- PostgreSQL, as before.

-- Which hot state the nodes know, for each of its shards. Another one is not believed.
CREATE TABLE hot_identities (
    shard TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    replication_id TEXT NOT NULL,
    canary TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- Work that one node does for all: whose it is, and until when.
CREATE TABLE work_leases (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until BIGINT NOT NULL
);
