-- Searches that people keep beside the list of a book, as they typed them.
CREATE TABLE saved_searches (
    book   INTEGER NOT NULL REFERENCES books (seq) ON DELETE CASCADE,
    search TEXT    NOT NULL CHECK (search <> ''),
    PRIMARY KEY (book, search)
) STRICT, WITHOUT ROWID;

-- Pages show them.
CREATE TRIGGER saved_searches_added AFTER INSERT ON saved_searches
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'pages/' || NEW.book;
END;

CREATE TRIGGER saved_searches_removed AFTER DELETE ON saved_searches
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'pages/' || OLD.book;
END;
