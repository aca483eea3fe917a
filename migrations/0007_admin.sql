-- What admins have changed while Kith runs. It takes the place of what is configured until it is
-- taken back. Values are JSON.
CREATE TABLE settings (
    name       TEXT    PRIMARY KEY,
    value      TEXT    NOT NULL,
    -- Milliseconds since the Unix epoch, in UTC.
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What admins have done: who, when and what.
CREATE TABLE actions (
    seq  INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    who  TEXT    NOT NULL,
    what TEXT    NOT NULL
) STRICT;
