-- What the card of a contact says beyond the first fields, so that lists and answers need not read cards.

-- JSON, by the names of the API.
ALTER TABLE contacts ADD COLUMN fields TEXT NOT NULL DEFAULT '{}';
-- The key of the picture in the card; NULL without one.
ALTER TABLE contacts ADD COLUMN photo TEXT;
ALTER TABLE contacts ADD COLUMN favourite BOOLEAN NOT NULL DEFAULT FALSE;

-- Which description of fields the columns were derived by; NULL before the first derivation.
ALTER TABLE installation ADD COLUMN derived_by TEXT;

-- An earlier release would leave these columns as they are.
UPDATE installation SET min_schema = 11;
