-- What was counted, in minutes since the Unix epoch.

CREATE TABLE counters (
    minute INTEGER NOT NULL,
    name   TEXT    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (minute, name)
) STRICT, WITHOUT ROWID;
