-- Whether an account is written to in the morning about whose day it is. The mails go to its confirmed address.
ALTER TABLE accounts ADD COLUMN birthday_mails INTEGER NOT NULL DEFAULT FALSE CHECK (birthday_mails IN (FALSE, TRUE));
