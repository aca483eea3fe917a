-- What the cards of contacts were before each change, so that people see what has changed, and can bring it back.

CREATE TABLE contact_versions (
    contact BLOB    NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    -- The last version of the contact that had this card.
    version INTEGER NOT NULL,
    -- When it got another one. Milliseconds since the Unix epoch, in UTC.
    at      INTEGER NOT NULL,
    -- Who gave it the other one: an account, which may be gone, and what it was called. NULL where Kith had no account.
    account BLOB    CHECK (length(account) = 16),
    name    TEXT    CHECK (name <> ''),
    -- Whether the other card has another picture. 'left out': it has the same, and this one is kept without.
    picture TEXT    NOT NULL CHECK (picture IN ('same', 'left out', 'changed')),
    card    BLOB    NOT NULL CHECK (length(card) > 0),
    PRIMARY KEY (contact, version)
) STRICT;
