-- When a client last refreshed its tokens, as far as that was noted: timelines tell it.
ALTER TABLE participants ADD COLUMN refreshed_at BIGINT;
