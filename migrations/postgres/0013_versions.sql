-- What the cards of contacts were before each change, so that people see what has changed, and can bring it back.

CREATE TABLE contact_versions (
    contact BYTEA  NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    -- The last version of the contact that had this card.
    version BIGINT NOT NULL,
    -- When it got another one. Milliseconds since the Unix epoch, in UTC.
    at      BIGINT NOT NULL,
    -- Who gave it the other one: an account, which may be gone, and what it was called. NULL where Kith had no account.
    account BYTEA  CHECK (length(account) = 16),
    name    TEXT   COLLATE "C" CHECK (name <> ''),
    -- Whether the other card has another picture. 'left out': it has the same, and this one is kept without.
    picture TEXT   COLLATE "C" NOT NULL CHECK (picture IN ('same', 'left out', 'changed')),
    card    BYTEA  NOT NULL CHECK (length(card) > 0),
    PRIMARY KEY (contact, version)
);
