-- Keys of names have at most 250 characters, so that an index has room for them. What begins alike for longer is sorted
-- by id. An index over a column, unlike one over an expression, is read without the rows that it leads to: skipping and
-- counting contacts takes a tenth of the time.
UPDATE contacts SET search_key = left(search_key, 250) WHERE length(search_key) > 250;

DROP INDEX contacts_by_name;
CREATE INDEX contacts_by_name ON contacts (book, in_trash, search_key, id);
DROP INDEX contacts_favourites;
CREATE INDEX contacts_favourites ON contacts (book, search_key, id) WHERE favourite AND NOT in_trash;

-- An earlier release would write longer keys.
UPDATE installation SET min_schema = 23;
