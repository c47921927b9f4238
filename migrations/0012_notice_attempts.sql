-- Attempts to deliver a notice that failed, one by one: the notice itself knows the last one only.
CREATE TABLE notice_attempts (
    sid TEXT NOT NULL,
    -- The how-manieth attempt.
    number BIGINT NOT NULL,
    session_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- HTTP status, if there was an answer.
    status BIGINT,
    problem TEXT,
    PRIMARY KEY (sid, number)
);
CREATE INDEX notice_attempts_by_session ON notice_attempts (session_id);
