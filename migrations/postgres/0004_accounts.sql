-- Accounts: people who may use Kith, how they sign in, and what keeps others from signing in as them. Times are
-- milliseconds since the Unix epoch, in UTC. Secrets are kept as SHA-256 of 256 random bits, which needs no
-- slow hash.

CREATE TABLE accounts (
    -- A UUIDv7, most significant byte first.
    id          BYTEA  PRIMARY KEY CHECK (length(id) = 16),
    name        TEXT   COLLATE "C" NOT NULL CHECK (name <> ''),
    -- The name as it is compared: no two accounts differ by case alone.
    name_key    TEXT   COLLATE "C" NOT NULL UNIQUE CHECK (name_key <> ''),
    role        TEXT   COLLATE "C" NOT NULL CHECK (role IN ('member', 'admin')),
    -- A hash in the PHC string format. NULL: nobody signs in with a password.
    password    TEXT   COLLATE "C",
    created_at  BIGINT NOT NULL,
    -- When an operator has disabled it.
    disabled_at BIGINT
);

-- Browsers that have signed in.
CREATE TABLE sessions (
    id         BYTEA  PRIMARY KEY CHECK (length(id) = 16),
    token      BYTEA  NOT NULL UNIQUE CHECK (length(token) = 32),
    account    BYTEA  NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- What its owner knows it by, such as `Firefox on Linux`.
    label      TEXT   COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    -- Some minutes old while the session is used.
    seen_at    BIGINT NOT NULL,
    -- The end of the session, however much it is used.
    expires_at BIGINT NOT NULL
);

CREATE INDEX sessions_of_account ON sessions (account);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- What programs send instead of a password.
CREATE TABLE api_tokens (
    id           BYTEA  PRIMARY KEY CHECK (length(id) = 16),
    token        BYTEA  NOT NULL UNIQUE CHECK (length(token) = 32),
    account      BYTEA  NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name         TEXT   COLLATE "C" NOT NULL CHECK (name <> ''),
    scope        TEXT   COLLATE "C" NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
    -- The last four characters, by which its owner recognises it.
    ending       TEXT   COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    -- Some minutes old while the token is used.
    last_used_at BIGINT
);

CREATE INDEX api_tokens_of_account ON api_tokens (account);

-- Browsers in which the owner of an account has signed in before.
CREATE TABLE known_browsers (
    browser    BYTEA  NOT NULL CHECK (length(browser) = 32),
    account    BYTEA  NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (browser, account)
);

CREATE INDEX known_browsers_of_account ON known_browsers (account);

-- What the first admin is made with.
CREATE TABLE setup_codes (
    code       BYTEA  PRIMARY KEY CHECK (length(code) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Attempts to sign in that have failed or are under way, by what they have in common: the name of an account, the
-- network of the client, a known browser.
CREATE TABLE sign_in_attempts (
    -- SHA-256 of that, because people type passwords where the name belongs.
    bucket     BYTEA  PRIMARY KEY CHECK (length(bucket) = 32),
    failures   BIGINT NOT NULL,
    last_at    BIGINT NOT NULL,
    -- When the next attempt is allowed.
    not_before BIGINT NOT NULL
);

CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (last_at);

-- What Kith caches of accounts: whether there are any, and whom a session or a token belongs to. A new session
-- changes none of it, because no one has asked for its token before. Neither does its use.
INSERT INTO generation_slots (tag, slot, generation)
SELECT 'accounts', slot, new_generation() FROM generate_series(0, 31) AS slot;

-- A program that does not know accounts would let everyone in, so it ends as soon as there is one.
CREATE FUNCTION accounts_have_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM replace_generation('accounts');
    IF TG_OP = 'INSERT' THEN
        UPDATE installation SET min_schema = 5 WHERE min_schema < 5;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER accounts_written AFTER INSERT OR UPDATE OR DELETE ON accounts
FOR EACH STATEMENT EXECUTE FUNCTION accounts_have_changed();

CREATE TRIGGER sessions_ended AFTER DELETE ON sessions
FOR EACH ROW EXECUTE FUNCTION accounts_have_changed();

CREATE TRIGGER api_tokens_revoked AFTER DELETE ON api_tokens
FOR EACH ROW EXECUTE FUNCTION accounts_have_changed();
