-- Which programs can work with the tables.

-- The newest migration that a program must know to work with this database. A migration that older programs cannot
-- live with sets it to its own version.
ALTER TABLE installation ADD COLUMN min_schema INTEGER NOT NULL DEFAULT 0;

-- The newest migration that the process knows.
ALTER TABLE instances ADD COLUMN schema INTEGER NOT NULL DEFAULT 0;
