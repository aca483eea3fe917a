-- What orders contacts by name stands beside the words that searches read of them. So the first page of a search reads a row
-- of one table for each contact that it finds, not of two. The table is made anew, which is faster than an update of each row
-- and of its entries in the index of grams.
CREATE TABLE contact_search_23 (
    contact    BIGINT PRIMARY KEY REFERENCES contacts (seq) ON DELETE CASCADE,
    in_trash   BOOLEAN NOT NULL,
    -- Those of the contact, whose id never changes.
    search_key TEXT   COLLATE "C" NOT NULL,
    id         BYTEA  NOT NULL,
    names      TEXT   COLLATE "C" NOT NULL,
    joined     TEXT   COLLATE "C" NOT NULL,
    companies  TEXT   COLLATE "C" NOT NULL,
    cities     TEXT   COLLATE "C" NOT NULL,
    labels     TEXT   COLLATE "C" NOT NULL,
    phones     TEXT   COLLATE "C" NOT NULL,
    others     TEXT   COLLATE "C" NOT NULL,
    notes      TEXT   COLLATE "C" NOT NULL,
    has        TEXT   COLLATE "C" NOT NULL,
    -- A number for each three characters in a row. Two may have the same number.
    grams      INT4[] NOT NULL
);

INSERT INTO contact_search_23 (contact, in_trash, search_key, id, names, joined, companies, cities, labels, phones, others,
    notes, has, grams)
SELECT contact, contact_search.in_trash, search_key, id, names, joined, companies, cities, labels, phones, others,
    contact_search.notes, has, grams
FROM contact_search JOIN contacts ON seq = contact;

-- New entries wait in a list until there are enough of them. Every search reads the list, so it is short. The index is made
-- before the old table goes, because that locks the contacts.
CREATE INDEX contact_search_23_by_gram ON contact_search_23 USING gin (grams)
    WITH (gin_pending_list_limit = 256) WHERE NOT in_trash;

DROP TABLE contact_search;

ALTER TABLE contact_search_23 RENAME TO contact_search;

ALTER INDEX contact_search_23_pkey RENAME TO contact_search_pkey;

ALTER INDEX contact_search_23_by_gram RENAME TO contact_search_by_gram;

ALTER TABLE contact_search RENAME CONSTRAINT contact_search_23_contact_fkey TO contact_search_contact_fkey;

CREATE FUNCTION search_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contact_search SET search_key = NEW.search_key WHERE contact = NEW.seq;
    RETURN NULL;
END $$;

CREATE TRIGGER contact_search_key AFTER UPDATE OF search_key ON contacts
FOR EACH ROW WHEN (NEW.search_key <> OLD.search_key) EXECUTE FUNCTION search_key_changed();

-- An earlier release would write rows without keys.
UPDATE installation SET min_schema = 24;
