-- Whole pages show contacts and what has happened around them, so they have a generation of their own. It
-- changes whenever that of contacts changes, and with every activity.

INSERT INTO generations (tag, generation) VALUES ('pages', random());

CREATE TRIGGER pages_of_contacts AFTER UPDATE ON generations WHEN new.tag = 'contacts'
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'pages';
END;

CREATE TRIGGER pages_of_activities AFTER INSERT ON activities
BEGIN
    UPDATE generations SET generation = random() WHERE tag = 'pages';
END;
