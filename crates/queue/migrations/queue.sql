-- The queue: what is to be handed over, the broker with its messages, and what its consumers have
-- done. Times are milliseconds since the Unix epoch, in UTC.

-- Messages that belong to a change of the data. They are written with it, in one transaction, and
-- handed to whoever delivers them, in order.
CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Names the message for ever, so that handing it over twice makes it no second one.
    id         TEXT    NOT NULL UNIQUE,
    -- What to deliver, as JSON, without the body.
    spec       TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    -- When to hand it over. Whoever does puts it off first, which makes the row theirs until then.
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX outbox_by_due ON outbox (due_at);

-- The messages of the broker. Those that failed for good are its dead letters.
CREATE TABLE messages (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT    NOT NULL UNIQUE,
    state           TEXT    NOT NULL
        CHECK (state IN ('created', 'active', 'retry', 'delivered', 'failed', 'canceled')),
    -- An absolute URL, or the path of a webhook of Kith itself, wherever it is reached.
    destination     TEXT    NOT NULL,
    -- Of its URL; no host for Kith itself.
    host            TEXT,
    path            TEXT    NOT NULL,
    own             INTEGER NOT NULL GENERATED ALWAYS AS (host IS NULL) VIRTUAL,
    -- How to deliver it, as JSON, without the body.
    spec            TEXT    NOT NULL,
    body            BLOB    NOT NULL,
    created_at      INTEGER NOT NULL,
    not_before      INTEGER NOT NULL,
    -- When it is to be delivered next; while it is being delivered, until when that is believed.
    due_at          INTEGER NOT NULL,
    -- The process that delivers it.
    owner           TEXT,
    -- How many deliveries have failed.
    retried         INTEGER NOT NULL DEFAULT 0,
    -- When its state was set.
    updated_at      INTEGER NOT NULL,
    finished_at     INTEGER,
    caller_ip       TEXT,
    schedule_id     TEXT,
    -- Commas before, between and after.
    labels          TEXT,
    dead_letter_id  TEXT    UNIQUE,
    -- The last answer, as JSON.
    response        TEXT,
    response_status INTEGER,
    -- For what the broker does not do yet.
    queue           TEXT,
    topic           TEXT,
    flow_control    TEXT
) STRICT;

CREATE INDEX messages_due ON messages (own, due_at) WHERE finished_at IS NULL;
CREATE INDEX messages_finished ON messages (state, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX messages_in_hand ON messages (owner) WHERE state = 'active';
CREATE INDEX dead_letters ON messages (seq) WHERE dead_letter_id IS NOT NULL;
CREATE INDEX messages_of_schedule ON messages (schedule_id, created_at)
    WHERE schedule_id IS NOT NULL;

-- What has happened to messages.
CREATE TABLE events (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    -- More about it, as JSON.
    detail     TEXT    NOT NULL
) STRICT;

CREATE INDEX events_of_message ON events (message_id);
CREATE INDEX events_by_time ON events (at);

-- What there is nothing more to say about. Kith writes down the others, with their reasons.
CREATE TRIGGER message_created AFTER INSERT ON messages
BEGIN
    INSERT INTO events (message_id, at, state, detail)
    VALUES (NEW.id, NEW.updated_at, 'CREATED', '{}');
END;

CREATE TRIGGER message_moved_on AFTER UPDATE OF state ON messages
WHEN NEW.state IN ('active', 'delivered', 'canceled')
BEGIN
    INSERT INTO events (message_id, at, state, detail)
    VALUES (NEW.id, NEW.updated_at, upper(NEW.state), '{}');
END;

-- Messages that are not taken a second time for a while.
CREATE TABLE deduplications (
    id         TEXT    PRIMARY KEY,
    message_id TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX deduplications_by_end ON deduplications (expires_at);

CREATE TABLE schedules (
    id         TEXT    PRIMARY KEY,
    cron       TEXT    NOT NULL,
    spec       TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    caller_ip  TEXT,
    created_at INTEGER NOT NULL,
    paused     INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    -- When it fires; never if there is no such time.
    next_at    INTEGER,
    last_at    INTEGER
) STRICT, WITHOUT ROWID;

-- What the broker signs with. Drawn when it is first needed.
CREATE TABLE signing_keys (
    only    INTEGER PRIMARY KEY CHECK (only = 1),
    current TEXT    NOT NULL,
    next    TEXT    NOT NULL
) STRICT;

-- What consumers have done, or are doing: a message may come twice and is executed once.
CREATE TABLE consumptions (
    key         TEXT    PRIMARY KEY,
    -- Who is at it. NULL once it is done.
    claim       TEXT,
    -- Until when that is believed.
    lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX consumptions_by_age ON consumptions (lease_until);

-- Signatures that were used, for as long as they would hold.
CREATE TABLE used_signatures (
    id         TEXT    PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_signatures_by_end ON used_signatures (expires_at);
