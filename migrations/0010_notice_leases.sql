-- The notices of each client in the order in which they are due, and those that are leased: a lease
-- finds its few by these, however many are owed.
CREATE INDEX notices_due_by_client ON notices (client_id, next_at, sid) WHERE state = 'due';
CREATE INDEX notices_leased ON notices (leased_until)
    WHERE state = 'due' AND leased_until IS NOT NULL;
