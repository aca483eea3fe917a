-- What was counted and measured, in minutes, hours and days at once, so that a chart of a year reads
-- no minutes. `start` is in minutes since the Unix epoch, `step` in minutes.

CREATE TABLE figures (
    step  INTEGER NOT NULL CHECK (step IN (1, 60, 1440)),
    start INTEGER NOT NULL,
    name  TEXT    NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (step, start, name)
) STRICT, WITHOUT ROWID;

INSERT INTO figures (step, start, name, value)
SELECT 1440, minute / 1440 * 1440, name, sum(count) FROM counters GROUP BY 2, 3;

DROP TABLE counters;

-- How many requests of a route took how long, by the buckets of the histogram in `metrics::latency`.
CREATE TABLE latencies (
    step   INTEGER NOT NULL CHECK (step IN (1, 60, 1440)),
    start  INTEGER NOT NULL,
    route  TEXT    NOT NULL,
    bucket INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (step, start, route, bucket)
) STRICT, WITHOUT ROWID;
