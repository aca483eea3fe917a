-- What orders contacts by name stands beside the words that searches read of them. So the first page of a search reads a row
-- of one table for each contact that it finds, not of two. What is short stands before notes, which may be long.
CREATE TABLE contact_search_31 (
    contact    INTEGER PRIMARY KEY REFERENCES contacts (seq) ON DELETE CASCADE,
    in_trash   INTEGER NOT NULL CHECK (in_trash IN (FALSE, TRUE)),
    -- Those of the contact, whose id never changes.
    search_key TEXT    NOT NULL,
    id         BLOB    NOT NULL,
    has        TEXT    NOT NULL,
    names      TEXT    NOT NULL,
    joined     TEXT    NOT NULL,
    companies  TEXT    NOT NULL,
    cities     TEXT    NOT NULL,
    labels     TEXT    NOT NULL,
    phones     TEXT    NOT NULL,
    others     TEXT    NOT NULL,
    notes      TEXT    NOT NULL
) STRICT;

INSERT INTO contact_search_31 (contact, in_trash, search_key, id, names, joined, companies, cities, labels, phones, others,
    notes, has)
SELECT contact, contact_search.in_trash, search_key, id, names, joined, companies, cities, labels, phones, others,
    contact_search.notes, has
FROM contact_search CROSS JOIN contacts ON seq = contact;

-- The index of the texts names the table, and has the same rows in the new one.
DROP TABLE contact_search;

ALTER TABLE contact_search_31 RENAME TO contact_search;

CREATE TRIGGER contact_search_added AFTER INSERT ON contact_search WHEN NEW.in_trash = FALSE
BEGIN
    INSERT INTO contact_texts (rowid, names, joined, companies, cities, labels, phones, others, notes, has)
    VALUES (NEW.contact, NEW.names, NEW.joined, NEW.companies, NEW.cities, NEW.labels, NEW.phones, NEW.others,
        NEW.notes, NEW.has);
END;

CREATE TRIGGER contact_search_removed AFTER DELETE ON contact_search WHEN OLD.in_trash = FALSE
BEGIN
    INSERT INTO contact_texts (contact_texts, rowid, names, joined, companies, cities, labels, phones, others, notes, has)
    VALUES ('delete', OLD.contact, OLD.names, OLD.joined, OLD.companies, OLD.cities, OLD.labels, OLD.phones, OLD.others,
        OLD.notes, OLD.has);
END;

CREATE TRIGGER contact_search_changed AFTER UPDATE OF contact, in_trash, names, joined, companies, cities, labels, phones,
    others, notes, has ON contact_search
BEGIN
    INSERT INTO contact_texts (contact_texts, rowid, names, joined, companies, cities, labels, phones, others, notes, has)
    SELECT 'delete', OLD.contact, OLD.names, OLD.joined, OLD.companies, OLD.cities, OLD.labels, OLD.phones, OLD.others,
        OLD.notes, OLD.has WHERE OLD.in_trash = FALSE;
    INSERT INTO contact_texts (rowid, names, joined, companies, cities, labels, phones, others, notes, has)
    SELECT NEW.contact, NEW.names, NEW.joined, NEW.companies, NEW.cities, NEW.labels, NEW.phones, NEW.others,
        NEW.notes, NEW.has WHERE NEW.in_trash = FALSE;
END;

CREATE TRIGGER contact_search_key AFTER UPDATE OF search_key ON contacts WHEN NEW.search_key <> OLD.search_key
BEGIN
    UPDATE contact_search SET search_key = NEW.search_key WHERE contact = NEW.seq;
END;

-- An earlier release would write rows without keys.
UPDATE installation SET min_schema = 31;
