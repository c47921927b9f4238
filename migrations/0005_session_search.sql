-- What the lists of administrators are found by. One text for SQLite and PostgreSQL, as before.

-- A session under each word that it is looked for by: its device, its network (three sizes), each
-- client that took part. Written once and never changed: an index on sessions itself would be
-- written again with every activity, as that moves an indexed deadline. Words are only compared
-- for equality, so that no collation matters; the reference breaks ties, as a session's id must
-- not stand in a link to the next page.
CREATE TABLE session_terms (
    term TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (term, began_at, reference)
);
INSERT INTO session_terms (term, began_at, reference)
    SELECT DISTINCT 'client:' || p.client_id, s.began_at, s.reference
    FROM participants p JOIN sessions s ON s.id = p.session_id;

-- Names of people in the form in which they are compared, and from each of their words on. Bytes:
-- a range of them is a prefix in every database, whatever its collation.
CREATE TABLE person_names (
    name BYTEA NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (name, user_id)
);
CREATE INDEX person_names_by_user ON person_names (user_id);

DROP INDEX sessions_by_start;
DROP INDEX sessions_live_by_start;
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_start ON sessions (began_at, reference);
CREATE INDEX sessions_live_by_start ON sessions (began_at, reference) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended_by_start ON sessions (began_at, reference) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_by_user ON sessions (user_id, began_at, reference);
CREATE INDEX sessions_by_end ON sessions (ended_at, reason) WHERE ended_at IS NOT NULL;

-- Whom a line of the audit is about, where that is known.
ALTER TABLE audit ADD COLUMN person TEXT;
UPDATE audit SET person = COALESCE(
    (SELECT s.user_id FROM sessions s WHERE s.reference = audit.session),
    CASE WHEN target LIKE 'person:%' THEN SUBSTR(target, 8) END,
    (SELECT u.id FROM users u WHERE u.id = audit.target),
    CASE WHEN actor LIKE 'person:%' THEN SUBSTR(actor, 8) END
);
CREATE INDEX audit_by_action ON audit (action, at, id);
CREATE INDEX audit_by_actor ON audit (actor, at, id);
CREATE INDEX audit_by_target ON audit (target, at, id);
CREATE INDEX audit_by_person ON audit (person, at, id) WHERE person IS NOT NULL;
CREATE INDEX audit_by_session ON audit (session, at, id) WHERE session IS NOT NULL;

CREATE INDEX notices_owed_by_age ON notices (created_at) WHERE state = 'due';
CREATE INDEX notices_by_settling ON notices (settled_at, client_id, state)
    WHERE settled_at IS NOT NULL;
CREATE INDEX notices_given_up ON notices (settled_at) WHERE state = 'gave_up';
