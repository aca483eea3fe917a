-- Accounts: people who may use Kith, how they sign in, and what keeps others from signing in as them. Times are
-- milliseconds since the Unix epoch, in UTC. Secrets are kept as SHA-256 of 256 random bits, which needs no
-- slow hash.

CREATE TABLE accounts (
    -- A UUIDv7, most significant byte first.
    id          BLOB    PRIMARY KEY CHECK (length(id) = 16),
    name        TEXT    NOT NULL CHECK (name <> ''),
    -- The name as it is compared: no two accounts differ by case alone.
    name_key    TEXT    NOT NULL UNIQUE CHECK (name_key <> ''),
    role        TEXT    NOT NULL CHECK (role IN ('member', 'admin')),
    -- A hash in the PHC string format. NULL: nobody signs in with a password.
    password    TEXT,
    created_at  INTEGER NOT NULL,
    -- When an operator has disabled it.
    disabled_at INTEGER
) STRICT;

-- Browsers that have signed in.
CREATE TABLE sessions (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    token      BLOB    NOT NULL UNIQUE CHECK (length(token) = 32),
    account    BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- What its owner knows it by, such as `Firefox on Linux`.
    label      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    -- Some minutes old while the session is used.
    seen_at    INTEGER NOT NULL,
    -- The end of the session, however much it is used.
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_of_account ON sessions (account);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- What programs send instead of a password.
CREATE TABLE api_tokens (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    token        BLOB    NOT NULL UNIQUE CHECK (length(token) = 32),
    account      BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL CHECK (name <> ''),
    scope        TEXT    NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
    -- The last four characters, by which its owner recognises it.
    ending       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    -- Some minutes old while the token is used.
    last_used_at INTEGER
) STRICT;

CREATE INDEX api_tokens_of_account ON api_tokens (account);

-- Browsers in which the owner of an account has signed in before.
CREATE TABLE known_browsers (
    browser    BLOB    NOT NULL CHECK (length(browser) = 32),
    account    BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (browser, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX known_browsers_of_account ON known_browsers (account);

-- What the first admin is made with.
CREATE TABLE setup_codes (
    code       BLOB    PRIMARY KEY CHECK (length(code) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Attempts to sign in that have failed or are under way, by what they have in common: the name of an account, the
-- network of the client, a known browser.
CREATE TABLE sign_in_attempts (
    -- SHA-256 of that, because people type passwords where the name belongs.
    bucket     BLOB    PRIMARY KEY CHECK (length(bucket) = 32),
    failures   INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    -- When the next attempt is allowed.
    not_before INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (last_at);

-- What Kith caches of accounts: whether there are any, and whom a session or a token belongs to. A new session
-- changes none of it, because no one has asked for its token before. Neither does its use.
INSERT INTO generations (tag, generation) VALUES ('accounts', random());

-- A program that does not know accounts would let everyone in, so it ends as soon as there is one.
CREATE TRIGGER accounts_added AFTER INSERT ON accounts
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
    UPDATE installation SET min_schema = 12 WHERE min_schema < 12;
END;

CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
END;

CREATE TRIGGER accounts_removed AFTER DELETE ON accounts
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
END;

CREATE TRIGGER sessions_ended AFTER DELETE ON sessions
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
END;

CREATE TRIGGER api_tokens_revoked AFTER DELETE ON api_tokens
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'accounts';
END;
