-- What searches read of a contact: its words, folded by Kith, in a column for each kind of field. `kith-search` writes the
-- texts and the questions. Rows of contacts are written with the contacts; for those of an earlier release, when Kith
-- starts.

DROP TABLE contact_trigrams;
DROP TABLE contact_grams;

CREATE TABLE contact_search (
    contact   INTEGER PRIMARY KEY REFERENCES contacts (seq) ON DELETE CASCADE,
    in_trash  INTEGER NOT NULL CHECK (in_trash IN (FALSE, TRUE)),
    names     TEXT    NOT NULL,
    joined    TEXT    NOT NULL,
    companies TEXT    NOT NULL,
    cities    TEXT    NOT NULL,
    labels    TEXT    NOT NULL,
    phones    TEXT    NOT NULL,
    others    TEXT    NOT NULL,
    notes     TEXT    NOT NULL,
    has       TEXT    NOT NULL
) STRICT;

-- Finds any three characters in a row. It has the contacts outside the trash.
CREATE VIRTUAL TABLE contact_texts USING fts5 (
    names, joined, companies, cities, labels, phones, others, notes, has,
    content = 'contact_search', content_rowid = 'contact', tokenize = 'trigram case_sensitive 1'
);

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

CREATE TRIGGER contact_search_changed AFTER UPDATE ON contact_search
BEGIN
    INSERT INTO contact_texts (contact_texts, rowid, names, joined, companies, cities, labels, phones, others, notes, has)
    SELECT 'delete', OLD.contact, OLD.names, OLD.joined, OLD.companies, OLD.cities, OLD.labels, OLD.phones, OLD.others,
        OLD.notes, OLD.has WHERE OLD.in_trash = FALSE;
    INSERT INTO contact_texts (rowid, names, joined, companies, cities, labels, phones, others, notes, has)
    SELECT NEW.contact, NEW.names, NEW.joined, NEW.companies, NEW.cities, NEW.labels, NEW.phones, NEW.others,
        NEW.notes, NEW.has WHERE NEW.in_trash = FALSE;
END;

-- An earlier release would write the tables that are gone.
UPDATE installation SET min_schema = 24;
