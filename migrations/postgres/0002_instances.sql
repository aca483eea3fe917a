-- The installation that this database belongs to, and the processes that work with it.

-- One row.
CREATE TABLE installation (
    single   BIGINT PRIMARY KEY CHECK (single = 1),
    -- 32 hexadecimal digits. A backup has the same number as its original.
    id       TEXT COLLATE "C" NOT NULL CHECK (length(id) = 32),
    -- `moving` while everything is copied to another database, and `moved` afterwards. Kith starts with an
    -- `open` one only.
    state    TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'moving', 'moved')),
    -- The address of the other database, without a password.
    moved_to TEXT COLLATE "C" CHECK ((moved_to IS NULL) = (state = 'open'))
);

INSERT INTO installation (single, id, state)
VALUES (1, replace(CAST(gen_random_uuid() AS TEXT), '-', ''), 'open');

-- A row for each process that works with this database. The process writes it again and again, and removes it
-- when it ends.
CREATE TABLE instances (
    -- 32 hexadecimal digits, new at each start.
    id          TEXT   COLLATE "C" PRIMARY KEY,
    -- Milliseconds since the Unix epoch, by the clock of the database.
    started_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    version     TEXT   COLLATE "C" NOT NULL,
    -- The address that it listens at.
    address     TEXT   COLLATE "C" NOT NULL,
    -- Two instances with the same settings have the same hash.
    config_hash TEXT   COLLATE "C" NOT NULL,
    -- What only this process knows, as JSON.
    figures     TEXT   COLLATE "C" NOT NULL
);
