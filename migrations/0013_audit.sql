-- The audit log: who did what, when and from where. It names what an entry is about by ids alone.

CREATE TABLE audit_log (
    seq     INTEGER PRIMARY KEY,
    -- Milliseconds since the Unix epoch, in UTC.
    at      INTEGER NOT NULL,
    -- The account, which may be gone. NULL while there are no accounts, and where it is not known.
    account BLOB    CHECK (length(account) = 16),
    -- What the log calls the actor.
    actor   TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    -- The id of what the entry is about.
    subject TEXT,
    -- What an admin has done, as a sentence.
    action  TEXT,
    -- The address of the client; with IPv6 its network.
    network TEXT
) STRICT;

CREATE INDEX audit_log_of_account ON audit_log (account, seq) WHERE account IS NOT NULL;
CREATE INDEX audit_log_of_actions ON audit_log (seq) WHERE action IS NOT NULL;
CREATE INDEX audit_log_of_failures ON audit_log (seq) WHERE kind = 'sign_in_failed';

-- Admins were known by their addresses.
INSERT INTO audit_log (seq, at, actor, kind, action, network)
SELECT seq, at, who, 'admin_action', what, who FROM actions ORDER BY seq;

-- Older programs read and write this table.
DROP TABLE actions;
UPDATE installation SET min_schema = 13 WHERE min_schema < 13;
