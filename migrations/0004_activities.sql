-- What has happened around a contact, for people who look at it.

CREATE TABLE activities (
    seq     INTEGER PRIMARY KEY,
    contact BLOB    NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    -- Milliseconds since the Unix epoch, in UTC.
    at      INTEGER NOT NULL,
    -- As JSON.
    event   TEXT    NOT NULL
) STRICT;

CREATE INDEX activities_of_contact ON activities (contact, at);
