-- Other ways to sign in than a password: identities at a provider of OpenID Connect, and passkeys. What Kith caches of
-- accounts depends on none of these tables, and no session ends with a row of them. Times are milliseconds since the
-- Unix epoch, in UTC.

-- Who people are at a provider.
CREATE TABLE identities (
    -- A UUIDv7, most significant byte first.
    id         BYTEA  PRIMARY KEY CHECK (length(id) = 16),
    -- Both together name a person for good. An email address does not: it can change its owner.
    issuer     TEXT   COLLATE "C" NOT NULL CHECK (issuer <> ''),
    subject    TEXT   COLLATE "C" NOT NULL CHECK (subject <> ''),
    account    BYTEA  NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- What its owner knows it by.
    label      TEXT   COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (issuer, subject)
);

CREATE INDEX identities_of_account ON identities (account);

CREATE TABLE passkeys (
    id           BYTEA  PRIMARY KEY CHECK (length(id) = 16),
    -- The id by which the authenticator names it.
    credential   BYTEA  NOT NULL UNIQUE,
    account      BYTEA  NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- What its owner knows it by.
    name         TEXT   COLLATE "C" NOT NULL CHECK (name <> ''),
    -- The public key and the counter, as JSON of webauthn-rs.
    passkey      TEXT   COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE INDEX passkeys_of_account ON passkeys (account);

-- Sign-ins that have begun and wait for a provider or for a passkey, each for some minutes.
CREATE TABLE pending_sign_ins (
    -- SHA-256 of the secret in the cookie of the browser in which it has begun.
    secret     BYTEA  PRIMARY KEY CHECK (length(secret) = 32),
    purpose    TEXT   COLLATE "C" NOT NULL,
    -- The session for whose account something is added; NULL for a sign-in.
    session    BYTEA  REFERENCES sessions (id) ON DELETE CASCADE,
    -- What the second step needs.
    content    TEXT   COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX pending_sign_ins_by_end ON pending_sign_ins (expires_at);
CREATE INDEX pending_sign_ins_of_session ON pending_sign_ins (session) WHERE session IS NOT NULL;
