-- What searches read of a contact: its words, folded by Kith, in a column for each kind of field. `kith-search` writes the
-- texts and the questions. Rows of contacts are written with the contacts; for those of an earlier release, when Kith
-- starts.

DROP TABLE contact_grams;

CREATE TABLE contact_search (
    contact   BIGINT PRIMARY KEY REFERENCES contacts (seq) ON DELETE CASCADE,
    in_trash  BOOLEAN NOT NULL,
    names     TEXT   COLLATE "C" NOT NULL,
    joined    TEXT   COLLATE "C" NOT NULL,
    companies TEXT   COLLATE "C" NOT NULL,
    cities    TEXT   COLLATE "C" NOT NULL,
    labels    TEXT   COLLATE "C" NOT NULL,
    phones    TEXT   COLLATE "C" NOT NULL,
    others    TEXT   COLLATE "C" NOT NULL,
    notes     TEXT   COLLATE "C" NOT NULL,
    has       TEXT   COLLATE "C" NOT NULL,
    -- A number for each three characters in a row. Two may have the same number.
    grams     INT4[] NOT NULL
);

-- New entries wait in a list until there are enough of them. Every search reads the list, so it is short.
CREATE INDEX contact_search_by_gram ON contact_search USING gin (grams)
    WITH (gin_pending_list_limit = 256) WHERE NOT in_trash;

-- An earlier release would write the table that is gone.
UPDATE installation SET min_schema = 17;
