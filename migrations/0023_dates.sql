-- The days of contacts that come back each year: birthdays, anniversaries, and other dates. They are derived from the
-- cards, for contacts outside the trash.

CREATE TABLE contact_dates (
    contact  INTEGER NOT NULL REFERENCES contacts (seq) ON DELETE CASCADE,
    -- The place among the dates of the contact.
    place    INTEGER NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('birthday', 'anniversary', 'other')),
    -- What the card calls another date; often empty.
    label    TEXT    NOT NULL,
    month    INTEGER NOT NULL CHECK (month BETWEEN 1 AND 12),
    day      INTEGER NOT NULL CHECK (day BETWEEN 1 AND 31),
    -- NULL where the card does not say it.
    year     INTEGER,
    book     INTEGER GENERATED ALWAYS AS ((contact >> 40) + 1) VIRTUAL,
    PRIMARY KEY (contact, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_dates_by_day ON contact_dates (book, month, day);

-- Secret addresses under which a program of calendars reads the dates of a book. Each belongs to the membership of an
-- account in the book, and goes with it.
CREATE TABLE calendar_feeds (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    -- SHA-256 of 256 random bits.
    secret       BLOB    NOT NULL UNIQUE CHECK (length(secret) = 32),
    account      BLOB    NOT NULL,
    book         INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    -- Some minutes old while the feed is read.
    last_used_at INTEGER,
    UNIQUE (book, account),
    FOREIGN KEY (book, account) REFERENCES book_members (book, account) ON DELETE CASCADE
) STRICT;

CREATE TRIGGER calendar_feeds_revoked AFTER DELETE ON calendar_feeds
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
END;

-- An earlier release would change cards, and not these rows.
UPDATE installation SET min_schema = 23;
