-- The days of contacts that come back each year: birthdays, anniversaries, and other dates. They are derived from the
-- cards, for contacts outside the trash.

CREATE TABLE contact_dates (
    contact  BIGINT NOT NULL REFERENCES contacts (seq) ON DELETE CASCADE,
    -- The place among the dates of the contact.
    place    BIGINT NOT NULL,
    kind     TEXT   COLLATE "C" NOT NULL CHECK (kind IN ('birthday', 'anniversary', 'other')),
    -- What the card calls another date; often empty.
    label    TEXT   COLLATE "C" NOT NULL,
    month    BIGINT NOT NULL CHECK (month BETWEEN 1 AND 12),
    day      BIGINT NOT NULL CHECK (day BETWEEN 1 AND 31),
    -- NULL where the card does not say it.
    year     BIGINT,
    book     BIGINT NOT NULL GENERATED ALWAYS AS ((contact >> 40) + 1) STORED,
    PRIMARY KEY (contact, place)
);

CREATE INDEX contact_dates_by_day ON contact_dates (book, month, day);

-- Secret addresses under which a program of calendars reads the dates of a book. Each belongs to the membership of an
-- account in the book, and goes with it.
CREATE TABLE calendar_feeds (
    id           BYTEA  PRIMARY KEY CHECK (length(id) = 16),
    -- SHA-256 of 256 random bits.
    secret       BYTEA  NOT NULL UNIQUE CHECK (length(secret) = 32),
    account      BYTEA  NOT NULL,
    book         BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    -- Some minutes old while the feed is read.
    last_used_at BIGINT,
    UNIQUE (book, account),
    FOREIGN KEY (book, account) REFERENCES book_members (book, account) ON DELETE CASCADE
);

CREATE TRIGGER calendar_feeds_revoked AFTER DELETE ON calendar_feeds
FOR EACH ROW EXECUTE FUNCTION accounts_have_changed();

-- An earlier release would change cards, and not these rows.
UPDATE installation SET min_schema = 16;
