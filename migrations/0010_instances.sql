-- The installation that this database belongs to, and the processes that work with it.

-- One row.
CREATE TABLE installation (
    single   INTEGER PRIMARY KEY CHECK (single = 1),
    -- 32 hexadecimal digits. A backup has the same number as its original.
    id       TEXT NOT NULL CHECK (length(id) = 32),
    -- `moving` while everything is copied to another database, and `moved` afterwards. Kith starts with an
    -- `open` one only.
    state    TEXT NOT NULL CHECK (state IN ('open', 'moving', 'moved')),
    -- The address of the other database, without a password.
    moved_to TEXT CHECK ((moved_to IS NULL) = (state = 'open'))
) STRICT;

INSERT INTO installation (single, id, state) VALUES (1, lower(hex(randomblob(16))), 'open');

-- A row for each process that works with this database. The process writes it again and again, and removes it
-- when it ends.
CREATE TABLE instances (
    -- 32 hexadecimal digits, new at each start.
    id          TEXT    PRIMARY KEY,
    -- Milliseconds since the Unix epoch, by the clock of the database.
    started_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    version     TEXT    NOT NULL,
    -- The address that it listens at.
    address     TEXT    NOT NULL,
    -- Two instances with the same settings have the same hash.
    config_hash TEXT    NOT NULL,
    -- What only this process knows, as JSON.
    figures     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
