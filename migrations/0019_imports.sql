-- Files of vCards that are imported into an address book, and what became of them.

-- SHA-256 of what the card says, in whatever way it is written. NULL in contacts of an earlier release, until the next
-- import into their book. It stands behind the card, so it is read from its index alone.
ALTER TABLE contacts ADD COLUMN fingerprint BLOB CHECK (length(fingerprint) = 32);

CREATE INDEX contacts_by_fingerprint ON contacts (book, fingerprint);

CREATE TABLE imports (
    -- Imports are worked off in this order.
    seq         INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    book        INTEGER NOT NULL REFERENCES books (seq) ON DELETE CASCADE,
    state       TEXT    NOT NULL CHECK (state IN
        ('receiving', 'running', 'done', 'failed', 'cancelled', 'undoing', 'undone')),
    -- The name of the file; empty where a program has sent none.
    file        TEXT    NOT NULL,
    -- The name of the account that has sent it, or its address.
    actor       TEXT    NOT NULL,
    -- Whether each new contact gets a welcome email.
    welcome     INTEGER NOT NULL CHECK (welcome IN (0, 1)),
    -- Bytes that have arrived, and those of them that are read.
    received    INTEGER NOT NULL DEFAULT 0,
    processed   INTEGER NOT NULL DEFAULT 0,
    -- Parts of the file that are worked off: cards, and what is no card. Each is in one of the next three numbers.
    parts       INTEGER NOT NULL DEFAULT 0,
    added       INTEGER NOT NULL DEFAULT 0,
    known       INTEGER NOT NULL DEFAULT 0,
    broken      INTEGER NOT NULL DEFAULT 0,
    -- What an undo has removed, and what it has left because it was changed.
    removed     INTEGER NOT NULL DEFAULT 0,
    kept        INTEGER NOT NULL DEFAULT 0,
    -- Why the import has ended early, as a sentence.
    why         TEXT,
    created_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;

CREATE INDEX imports_of_book ON imports (book, seq);
CREATE INDEX imports_at_work ON imports (seq) WHERE state IN ('running', 'undoing');

-- The file, until the import is over: any instance can go on with it.
CREATE TABLE import_chunks (
    import INTEGER NOT NULL REFERENCES imports (seq) ON DELETE CASCADE,
    place  INTEGER NOT NULL,
    body   BLOB    NOT NULL,
    PRIMARY KEY (import, place)
) STRICT;

-- Which import has added a contact.
CREATE TABLE import_contacts (
    contact BLOB    NOT NULL PRIMARY KEY REFERENCES contacts (id) ON DELETE CASCADE,
    import  INTEGER NOT NULL REFERENCES imports (seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX import_contacts_of_import ON import_contacts (import, contact);

-- What could not be read.
CREATE TABLE import_problems (
    import INTEGER NOT NULL REFERENCES imports (seq) ON DELETE CASCADE,
    -- Which part of the file it is, counted from 0.
    place  INTEGER NOT NULL,
    -- The line of the file, counted from 1.
    line   INTEGER NOT NULL,
    reason TEXT    NOT NULL,
    body   BLOB    NOT NULL,
    PRIMARY KEY (import, place)
) STRICT;

-- An earlier release would change cards, and not their fingerprints.
UPDATE installation SET min_schema = 19 WHERE min_schema < 19;
