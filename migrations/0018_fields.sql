-- What the card of a contact says beyond the first fields, so that lists and answers need not read cards.

-- JSON, by the names of the API.
ALTER TABLE contacts ADD COLUMN fields TEXT NOT NULL DEFAULT '{}';
-- The key of the picture in the card; NULL without one.
ALTER TABLE contacts ADD COLUMN photo TEXT;
ALTER TABLE contacts ADD COLUMN favourite INTEGER NOT NULL DEFAULT FALSE CHECK (favourite IN (FALSE, TRUE));

-- The card stays the last column: SQLite reads through it to what stands behind it.
DROP INDEX contacts_without_card;
ALTER TABLE contacts ADD COLUMN vcard BLOB CHECK (length(vcard) > 0);
UPDATE contacts SET vcard = card;
ALTER TABLE contacts DROP COLUMN card;
ALTER TABLE contacts RENAME COLUMN vcard TO card;
CREATE INDEX contacts_without_card ON contacts (seq) WHERE card IS NULL;

-- Which description of fields the columns were derived by; NULL before the first derivation.
ALTER TABLE installation ADD COLUMN derived_by TEXT;

-- An earlier release would leave these columns as they are.
UPDATE installation SET min_schema = 18;
