-- Where a message goes, so that a receiver that hangs holds up no others: scheme, host and port of its
-- destination, and empty for Kith itself. Of messages from before, only the host is known.
ALTER TABLE messages ADD COLUMN origin TEXT NOT NULL DEFAULT '';

UPDATE messages SET origin = host WHERE host IS NOT NULL AND finished_at IS NULL;

CREATE INDEX messages_due_at_origin ON messages (origin, due_at) WHERE finished_at IS NULL;
