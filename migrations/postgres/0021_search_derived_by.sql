-- Which version of searches the search index was derived by; NULL if it is to be derived anew.
ALTER TABLE installation ADD COLUMN search_derived_by TEXT;
