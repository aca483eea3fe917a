-- Links that let their holders do one thing once: accept an invitation, choose a new password, confirm an address of
-- mail. Times are milliseconds since the Unix epoch, in UTC.

-- Where the owner of an account gets mail. It was confirmed by a link.
ALTER TABLE accounts ADD COLUMN email TEXT CHECK (email <> '');

CREATE UNIQUE INDEX accounts_by_email ON accounts (lower(email)) WHERE email IS NOT NULL;

CREATE TABLE account_links (
    -- A UUIDv7, most significant byte first.
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    purpose    TEXT NOT NULL CHECK (purpose IN ('invitation', 'password', 'address')),
    -- Whose link it is. NULL for an invitation.
    account    BLOB REFERENCES accounts (id) ON DELETE CASCADE,
    -- Of the account that an invitation makes.
    role       TEXT CHECK (role IN ('member', 'admin')),
    -- Where it is sent. NULL for a link that is passed on by other means.
    address    TEXT CHECK (address <> ''),
    -- The admin who has made it. NULL for an operator and for the owner of the account.
    made_by    BLOB CHECK (length(made_by) = 16),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((purpose = 'invitation') = (account IS NULL)),
    CHECK ((purpose = 'invitation') = (role IS NOT NULL))
) STRICT;

CREATE INDEX account_links_of_account ON account_links (account) WHERE account IS NOT NULL;
CREATE INDEX account_links_by_end ON account_links (expires_at);

-- What a link holds, as SHA-256 of 256 random bits. A mail that is sent again has a secret of its own, so the first
-- copy stays valid and no secret is kept to be sent.
CREATE TABLE account_link_secrets (
    secret BLOB PRIMARY KEY CHECK (length(secret) = 32),
    link   BLOB NOT NULL REFERENCES account_links (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX account_link_secrets_of_link ON account_link_secrets (link);

-- What others have done to an account, for its owner.
CREATE INDEX audit_log_of_subject ON audit_log (subject, seq) WHERE subject IS NOT NULL;
