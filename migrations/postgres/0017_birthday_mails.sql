-- Whether an account is written to in the morning about whose day it is. The mails go to its confirmed address.
ALTER TABLE accounts ADD COLUMN birthday_mails BOOLEAN NOT NULL DEFAULT FALSE;
