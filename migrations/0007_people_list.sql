-- Few are disabled, and few are administrators: pages of them must not look at everybody else.
CREATE INDEX users_disabled ON users (username_key, id)
    WHERE enabled = 0 AND deleted_at IS NULL;
CREATE INDEX users_with_the_role ON users (username_key, id)
    WHERE admin = 1 AND deleted_at IS NULL;
