-- Signing keys rotate. Their private part goes when they stop signing, so that it may be absent;
-- the public part is sealed too: whoever writes to the database cannot slip in a key of their own.

ALTER TABLE signing_keys RENAME TO signing_keys_before;

CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    alg TEXT NOT NULL,
    private_part BYTEA,
    -- Absent in keys that were made before this step, as long as they have their private part.
    public_part BYTEA,
    published_at BIGINT NOT NULL,
    promoted_at BIGINT,
    superseded_at BIGINT,
    retired_at BIGINT,
    dropped_at BIGINT
);

-- The newest of each algorithm signed, and goes on.
INSERT INTO signing_keys (kid, alg, private_part, published_at, promoted_at, superseded_at)
SELECT o.kid, o.alg, o.sealed, o.created_at, o.created_at,
    (SELECT MAX(n.created_at) FROM signing_keys_before n
     WHERE n.alg = o.alg
       AND (n.created_at > o.created_at OR (n.created_at = o.created_at AND n.kid > o.kid)))
FROM signing_keys_before o;

DROP TABLE signing_keys_before;

-- Of each algorithm one key signs and one comes next, whoever makes them at the same time.
CREATE UNIQUE INDEX signing_keys_current ON signing_keys (alg)
    WHERE promoted_at IS NOT NULL AND superseded_at IS NULL;
CREATE UNIQUE INDEX signing_keys_next ON signing_keys (alg)
    WHERE promoted_at IS NULL;

-- Raised by each change of keys, so that one waits for the other.
INSERT INTO counters (name, value) VALUES ('keys', 0);
