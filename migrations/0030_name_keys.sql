-- Keys of names have at most 250 characters, as an index of PostgreSQL needs them. What begins alike for longer is sorted
-- by id.
UPDATE contacts SET search_key = substr(search_key, 1, 250) WHERE length(search_key) > 250;

-- An earlier release would write longer keys.
UPDATE installation SET min_schema = 30;
