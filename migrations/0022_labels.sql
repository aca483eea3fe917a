-- Labels: what contacts are filed under. The card of a contact names its labels (CATEGORIES). Which contacts have a
-- label is derived from that, for contacts outside the trash.

CREATE TABLE labels (
    -- Never leaves the database.
    seq      INTEGER PRIMARY KEY,
    id       BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    book     INTEGER NOT NULL REFERENCES books (seq) ON DELETE CASCADE,
    name     TEXT    NOT NULL CHECK (name <> ''),
    -- The folded name, by which two names are the same label.
    name_key TEXT    NOT NULL CHECK (name_key <> ''),
    colour   TEXT    NOT NULL,
    UNIQUE (book, name_key)
) STRICT;

CREATE TABLE contact_labels (
    label   INTEGER NOT NULL REFERENCES labels (seq) ON DELETE CASCADE,
    contact INTEGER NOT NULL REFERENCES contacts (seq) ON DELETE CASCADE,
    PRIMARY KEY (label, contact)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_labels_of_contact ON contact_labels (contact);

-- Changes of a label that edit the cards of its contacts, some cards in each transaction. One that took a label away
-- stays for a while, so that it can be undone.
CREATE TABLE label_changes (
    seq         INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    book        INTEGER NOT NULL REFERENCES books (seq) ON DELETE CASCADE,
    kind        TEXT    NOT NULL CHECK (kind IN ('replace', 'remove', 'give_back')),
    -- The label as it was.
    label       BLOB    NOT NULL CHECK (length(label) = 16),
    name        TEXT    NOT NULL CHECK (name <> ''),
    name_key    TEXT    NOT NULL CHECK (name_key <> ''),
    colour      TEXT    NOT NULL,
    -- What takes its place in the cards.
    target      TEXT,
    total       INTEGER NOT NULL,
    -- Whom the history of the contacts names: an account, which may be gone, and what it was called. NULL where Kith had no
    -- account.
    account     BLOB    CHECK (length(account) = 16),
    actor       TEXT    CHECK (actor <> ''),
    finished_at INTEGER
) STRICT;

-- One at a time in each book.
CREATE UNIQUE INDEX label_changes_unfinished ON label_changes (book) WHERE finished_at IS NULL;
CREATE INDEX label_changes_by_end ON label_changes (finished_at);

-- The contacts of a change.
CREATE TABLE label_change_contacts (
    seq     INTEGER PRIMARY KEY,
    change  INTEGER NOT NULL REFERENCES label_changes (seq) ON DELETE CASCADE,
    contact BLOB    NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    done    INTEGER NOT NULL DEFAULT FALSE CHECK (done IN (FALSE, TRUE))
) STRICT;

CREATE INDEX label_change_contacts_to_do ON label_change_contacts (change, done, seq);
CREATE INDEX label_change_contacts_of_contact ON label_change_contacts (contact);

CREATE INDEX contacts_favourites ON contacts (book, search_key, id) WHERE favourite = TRUE AND in_trash = FALSE;

-- An earlier release would change cards, and not these rows.
UPDATE installation SET min_schema = 22;
