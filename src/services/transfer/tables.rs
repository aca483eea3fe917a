//! The tables that are copied. A test holds them against the catalogues of both engines.

use kith_database::QueryBuilder;
use kith_database::Row;
use kith_database::Value;

/// The most rows that are in memory at a time.
const PAGE: i64 = 500;

/// The same for rows that hold a body, which may have as many bytes as a request.
const PAGE_OF_BODIES: i64 = 20;

/// A table that both engines have.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    /// The columns of the primary key come first. Columns that the engine computes are left out.
    pub columns: &'static [Column],
    /// How many columns the primary key has.
    pub key: usize,
}

#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// What is copied in place of the value.
    expression: Option<&'static str>,
}

/// The type of a column in PostgreSQL. SQLite keeps truth values as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Boolean,
    Text,
    Bytes,
}

const fn integer(name: &'static str) -> Column {
    column(name, Kind::Integer)
}

const fn boolean(name: &'static str) -> Column {
    column(name, Kind::Boolean)
}

const fn text(name: &'static str) -> Column {
    column(name, Kind::Text)
}

const fn bytes(name: &'static str) -> Column {
    column(name, Kind::Bytes)
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        expression: None,
    }
}

/// Every table whose rows are copied. A table that refers to another one stands behind it.
pub const TABLES: &[Table] = &[
    Table {
        name: "accounts",
        columns: &[
            bytes("id"),
            text("name"),
            text("name_key"),
            text("role"),
            text("password"),
            integer("created_at"),
            integer("disabled_at"),
            text("email"),
            boolean("birthday_mails"),
        ],
        key: 1,
    },
    Table {
        name: "books",
        columns: &[
            integer("seq"),
            bytes("id"),
            text("name"),
            integer("created_at"),
            bytes("home_of"),
        ],
        key: 1,
    },
    Table {
        name: "book_members",
        columns: &[
            integer("book"),
            bytes("account"),
            text("role"),
            bytes("shared_by"),
        ],
        key: 2,
    },
    Table {
        name: "contacts",
        columns: &[
            integer("seq"),
            bytes("id"),
            integer("version"),
            integer("created_at"),
            integer("updated_at"),
            integer("deleted_at"),
            text("search_key"),
            text("family_key"),
            text("company_key"),
            integer("frecency"),
            text("name"),
            text("email"),
            text("phone"),
            text("company"),
            text("notes"),
            text("uid"),
            text("fields"),
            text("photo"),
            boolean("favourite"),
            bytes("card"),
            bytes("fingerprint"),
        ],
        key: 1,
    },
    Table {
        name: "contact_versions",
        columns: &[
            bytes("contact"),
            integer("version"),
            integer("at"),
            bytes("account"),
            text("name"),
            text("picture"),
            bytes("card"),
        ],
        key: 2,
    },
    Table {
        name: "saved_searches",
        columns: &[integer("book"), text("search")],
        key: 2,
    },
    Table {
        name: "labels",
        columns: &[
            integer("seq"),
            bytes("id"),
            integer("book"),
            text("name"),
            text("name_key"),
            text("colour"),
        ],
        key: 1,
    },
    Table {
        name: "contact_labels",
        columns: &[integer("label"), integer("contact")],
        key: 2,
    },
    Table {
        name: "contact_dates",
        columns: &[
            integer("contact"),
            integer("place"),
            text("kind"),
            text("label"),
            integer("month"),
            integer("day"),
            integer("year"),
        ],
        key: 2,
    },
    Table {
        name: "label_changes",
        columns: &[
            integer("seq"),
            bytes("id"),
            integer("book"),
            text("kind"),
            bytes("label"),
            text("name"),
            text("name_key"),
            text("colour"),
            text("target"),
            integer("total"),
            bytes("account"),
            text("actor"),
            integer("finished_at"),
        ],
        key: 1,
    },
    Table {
        name: "label_change_contacts",
        columns: &[
            integer("seq"),
            integer("change"),
            bytes("contact"),
            boolean("done"),
        ],
        key: 1,
    },
    Table {
        name: "activities",
        columns: &[
            integer("seq"),
            bytes("contact"),
            integer("at"),
            text("event"),
        ],
        key: 1,
    },
    Table {
        name: "imports",
        columns: &[
            integer("seq"),
            bytes("id"),
            integer("book"),
            text("state"),
            text("file"),
            text("actor"),
            boolean("welcome"),
            integer("received"),
            integer("processed"),
            integer("parts"),
            integer("added"),
            integer("known"),
            integer("broken"),
            integer("removed"),
            integer("kept"),
            text("why"),
            integer("created_at"),
            integer("finished_at"),
        ],
        key: 1,
    },
    Table {
        name: "import_chunks",
        columns: &[integer("import"), integer("place"), bytes("body")],
        key: 2,
    },
    Table {
        name: "import_contacts",
        columns: &[bytes("contact"), integer("import")],
        key: 1,
    },
    Table {
        name: "import_problems",
        columns: &[
            integer("import"),
            integer("place"),
            integer("line"),
            text("reason"),
            bytes("body"),
        ],
        key: 2,
    },
    Table {
        name: "idempotency_keys",
        columns: &[
            text("key"),
            bytes("fingerprint"),
            text("contact"),
            integer("created_at"),
        ],
        key: 1,
    },
    Table {
        name: "figures",
        columns: &[
            integer("step"),
            integer("start"),
            text("name"),
            integer("value"),
        ],
        key: 3,
    },
    Table {
        name: "latencies",
        columns: &[
            integer("step"),
            integer("start"),
            text("route"),
            integer("bucket"),
            integer("count"),
        ],
        key: 4,
    },
    Table {
        name: "settings",
        columns: &[text("name"), text("value"), integer("changed_at")],
        key: 1,
    },
    Table {
        name: "audit_log",
        columns: &[
            integer("seq"),
            integer("at"),
            bytes("account"),
            text("actor"),
            text("kind"),
            text("subject"),
            text("action"),
            text("network"),
        ],
        key: 1,
    },
    Table {
        name: "outbox",
        columns: &[
            integer("seq"),
            text("id"),
            text("spec"),
            bytes("body"),
            integer("created_at"),
            integer("due_at"),
            integer("attempts"),
        ],
        key: 1,
    },
    Table {
        name: "messages",
        columns: &[
            integer("seq"),
            text("id"),
            text("state"),
            text("destination"),
            text("host"),
            text("path"),
            text("spec"),
            bytes("body"),
            integer("created_at"),
            integer("not_before"),
            // The process that was delivering a message is gone. The message is due as it was then.
            Column {
                expression: Some("CASE state WHEN 'active' THEN updated_at ELSE due_at END"),
                ..integer("due_at")
            },
            Column {
                expression: Some("CASE state WHEN 'active' THEN NULL ELSE owner END"),
                ..text("owner")
            },
            integer("retried"),
            integer("updated_at"),
            integer("finished_at"),
            text("caller_ip"),
            text("schedule_id"),
            text("labels"),
            text("dead_letter_id"),
            text("response"),
            integer("response_status"),
            text("queue"),
            text("topic"),
            text("flow_control"),
            text("origin"),
        ],
        key: 1,
    },
    // Behind the messages, whose triggers write events.
    Table {
        name: "events",
        columns: &[
            integer("seq"),
            text("message_id"),
            integer("at"),
            text("state"),
            text("detail"),
        ],
        key: 1,
    },
    Table {
        name: "deduplications",
        columns: &[text("id"), text("message_id"), integer("expires_at")],
        key: 1,
    },
    Table {
        name: "schedules",
        columns: &[
            text("id"),
            text("cron"),
            text("spec"),
            bytes("body"),
            text("caller_ip"),
            integer("created_at"),
            boolean("paused"),
            integer("next_at"),
            integer("last_at"),
        ],
        key: 1,
    },
    Table {
        name: "signing_keys",
        columns: &[integer("only"), text("current"), text("next")],
        key: 1,
    },
    Table {
        name: "consumptions",
        columns: &[text("key"), text("claim"), integer("lease_until")],
        key: 1,
    },
    Table {
        name: "used_signatures",
        columns: &[text("id"), integer("expires_at")],
        key: 1,
    },
    Table {
        name: "account_links",
        columns: &[
            bytes("id"),
            text("purpose"),
            bytes("account"),
            text("role"),
            text("address"),
            bytes("made_by"),
            integer("created_at"),
            integer("expires_at"),
        ],
        key: 1,
    },
    Table {
        name: "account_link_secrets",
        columns: &[bytes("secret"), bytes("link")],
        key: 1,
    },
    Table {
        name: "sessions",
        columns: &[
            bytes("id"),
            bytes("token"),
            bytes("account"),
            text("label"),
            integer("created_at"),
            integer("seen_at"),
            integer("expires_at"),
        ],
        key: 1,
    },
    Table {
        name: "api_tokens",
        columns: &[
            bytes("id"),
            bytes("token"),
            bytes("account"),
            text("name"),
            text("scope"),
            text("ending"),
            integer("created_at"),
            integer("expires_at"),
            integer("last_used_at"),
            integer("book"),
        ],
        key: 1,
    },
    Table {
        name: "calendar_feeds",
        columns: &[
            bytes("id"),
            bytes("secret"),
            bytes("account"),
            integer("book"),
            integer("created_at"),
            integer("last_used_at"),
        ],
        key: 1,
    },
    Table {
        name: "known_browsers",
        columns: &[bytes("browser"), bytes("account"), integer("created_at")],
        key: 2,
    },
    Table {
        name: "identities",
        columns: &[
            bytes("id"),
            text("issuer"),
            text("subject"),
            bytes("account"),
            text("label"),
            integer("created_at"),
        ],
        key: 1,
    },
    Table {
        name: "passkeys",
        columns: &[
            bytes("id"),
            bytes("credential"),
            bytes("account"),
            text("name"),
            text("passkey"),
            integer("created_at"),
            integer("last_used_at"),
        ],
        key: 1,
    },
    Table {
        name: "setup_codes",
        columns: &[bytes("code"), integer("created_at"), integer("expires_at")],
        key: 1,
    },
    Table {
        name: "sign_in_attempts",
        columns: &[
            bytes("bucket"),
            integer("failures"),
            integer("last_at"),
            integer("not_before"),
        ],
        key: 1,
    },
];

impl Table {
    /// Whether the engine numbers the rows.
    pub fn has_sequence(&self) -> bool {
        self.columns[0].name == "seq"
    }

    /// The most rows that are read at a time.
    pub fn page(&self) -> i64 {
        match self.columns.iter().any(|column| column.name == "body") {
            true => PAGE_OF_BODIES,
            false => PAGE,
        }
    }

    /// Appends the name of the table.
    pub fn push_name(&self, sql: &mut QueryBuilder<'_>) {
        push_quoted(sql, self.name);
    }

    /// Appends the names of the columns.
    pub fn push_columns(&self, sql: &mut QueryBuilder<'_>) {
        sql.push_each(", ", self.columns, |sql, column| {
            push_quoted(sql, column.name);
        });
    }

    /// Appends the names of the columns of the primary key.
    pub fn push_key(&self, sql: &mut QueryBuilder<'_>) {
        sql.push_each(", ", &self.columns[..self.key], |sql, column| {
            push_quoted(sql, column.name);
        });
    }

    /// Appends what is copied: a column of a result for each column.
    pub fn push_values(&self, sql: &mut QueryBuilder<'_>) {
        sql.push_each(", ", self.columns, |sql, column| match column.expression {
            Some(expression) => {
                sql.push(expression);
            }
            None => push_quoted(sql, column.name),
        });
    }

    /// The values of a row, in the order of the columns.
    ///
    /// # Errors
    /// A value is of another type.
    pub fn read(&self, row: &Row) -> Result<Vec<Value<'static>>, sqlx::Error> {
        let columns = self.columns.iter().enumerate();
        let values = columns.map(|(place, column)| {
            Ok(match column.kind {
                Kind::Integer => row.get::<Option<i64>>(place)?.into(),
                Kind::Boolean => row.get::<Option<bool>>(place)?.into(),
                Kind::Text => row.get::<Option<String>>(place)?.into(),
                Kind::Bytes => row.get::<Option<Vec<u8>>>(place)?.into(),
            })
        });
        values.collect()
    }
}

/// Appends a name that may be a reserved word.
pub fn push_quoted(sql: &mut QueryBuilder<'_>, name: &'static str) {
    sql.push("\"").push(name).push("\"");
}
