-- Which hot state each node uses now, so that nodes that use different ones find out. One text for
-- SQLite and PostgreSQL, as before.
CREATE TABLE hot_nodes (
    node TEXT NOT NULL,
    shard TEXT NOT NULL,
    run_id TEXT NOT NULL,
    replication_id TEXT NOT NULL,
    canary TEXT NOT NULL,
    -- Where it is, in words for an operator.
    place TEXT NOT NULL,
    -- Another number with each time that the node says so; real time.
    said_at BIGINT NOT NULL,
    PRIMARY KEY (node, shard)
);
