-- Contacts, what finds them, and the requests that may be repeated.
-- Times are milliseconds since the Unix epoch, in UTC.

CREATE TABLE contacts (
    -- Never leaves the database: small, so that the indexes are.
    seq        INTEGER PRIMARY KEY,
    -- A UUIDv7, most significant byte first.
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    version    INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- When it went to the trash.
    deleted_at INTEGER,
    in_trash   INTEGER NOT NULL GENERATED ALWAYS AS (deleted_at IS NOT NULL) VIRTUAL,
    -- The folded name, a line feed, the folded address. Folding happens in Kith.
    search_key TEXT    NOT NULL,
    name       TEXT    NOT NULL CHECK (name <> ''),
    email      TEXT    NOT NULL CHECK (email <> ''),
    phone      TEXT             CHECK (phone <> ''),
    company    TEXT             CHECK (company <> ''),
    -- Last, because it may be long.
    notes      TEXT             CHECK (notes <> '')
) STRICT;

-- One for each order of a list, so that a page is read where it starts and never sorted. The one
-- by name also serves searches that have no better index.
CREATE INDEX contacts_by_name ON contacts (in_trash, search_key, id);
CREATE INDEX contacts_by_created ON contacts (in_trash, created_at, id);
CREATE INDEX contacts_by_updated ON contacts (in_trash, updated_at, id);

-- How many contacts there are, because counting 50 000 of them takes milliseconds.
CREATE TABLE contact_counts (
    in_trash INTEGER PRIMARY KEY CHECK (in_trash IN (0, 1)),
    contacts INTEGER NOT NULL CHECK (contacts >= 0)
) STRICT;

INSERT INTO contact_counts (in_trash, contacts) VALUES (0, 0), (1, 0);

CREATE TRIGGER contacts_counted_in AFTER INSERT ON contacts
BEGIN
    UPDATE contact_counts SET contacts = contacts + 1 WHERE in_trash = (NEW.deleted_at IS NOT NULL);
END;

CREATE TRIGGER contacts_counted_over AFTER UPDATE OF deleted_at ON contacts
WHEN (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)
BEGIN
    UPDATE contact_counts SET contacts = contacts - 1 WHERE in_trash = (OLD.deleted_at IS NOT NULL);
    UPDATE contact_counts SET contacts = contacts + 1 WHERE in_trash = (NEW.deleted_at IS NOT NULL);
END;

CREATE TRIGGER contacts_counted_out AFTER DELETE ON contacts
BEGIN
    UPDATE contact_counts SET contacts = contacts - 1 WHERE in_trash = (OLD.deleted_at IS NOT NULL);
END;

-- The search keys of the contacts that are not in the trash, under their seq, twice: by trigrams
-- for words of three characters and more, and by their single characters and pairs for shorter
-- ones, which trigrams cannot find. Kith writes them with the contact, because the folding and
-- the pairs are its own. They hold no text, only where it is.
CREATE VIRTUAL TABLE contact_trigrams USING fts5 (
    key, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE contact_grams USING fts5 (
    grams, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);

-- The first answer to each request that may be repeated.
CREATE TABLE idempotency_keys (
    key         TEXT    PRIMARY KEY,
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    -- The contact as JSON, as the first request got it.
    contact     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
