-- What contacts are sorted by in the orders of last names and of companies. Kith folds the texts and writes them with the
-- contacts; for those of an earlier release, when Kith starts. They have at most 242 characters, so an index has room for
-- them.
ALTER TABLE contacts ADD COLUMN family_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN company_key TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE INDEX contacts_by_family ON contacts (book, in_trash, family_key, id);
CREATE INDEX contacts_by_company ON contacts (book, in_trash, company_key, id);

-- An earlier release would change cards, and not these columns.
UPDATE installation SET min_schema = 19;
