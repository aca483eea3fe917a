//! What the dashboard shows, and the addresses on it.

use std::collections::HashMap;

use crate::model::error::AppError;
use crate::services::dashboard::Snapshot;
use crate::services::metrics::series::Range;

/// Everything that the page is drawn from.
pub struct View {
    pub snapshot: Snapshot,
    /// Whether addresses of clients are shown in full.
    pub full: bool,
    pub notice: Option<Notice>,
    /// How often the island asks, in milliseconds.
    pub period: u32,
}

/// The result of the last action.
#[derive(Clone, Debug)]
pub enum Notice {
    Done(String),
    Refused {
        error: AppError,
        /// The path of the form, and what the admin has typed into it.
        form: String,
        typed: HashMap<String, String>,
    },
}

impl View {
    /// `true`, as an attribute says it, if this form was refused.
    pub fn refused(&self, form: &str) -> Option<&'static str> {
        match &self.notice {
            Some(Notice::Refused { form: refused, .. }) if refused == form => Some("true"),
            _ => None,
        }
    }

    /// What the admin has typed into a field of a form that was refused.
    pub fn typed(&self, form: &str, field: &str) -> Option<String> {
        match &self.notice {
            Some(Notice::Refused {
                form: refused,
                typed,
                ..
            }) if refused == form => {
                let typed = typed.get(field)?;
                Some(typed.chars().filter(|c| !c.is_control()).collect())
            }
            _ => None,
        }
    }
}

/// The address of the dashboard, with the same choices.
pub fn href(range: Range, full: bool) -> String {
    format!("/dashboard{}", query(range, full))
}

/// The choices as a query, with its question mark.
pub fn query(range: Range, full: bool) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if range != Range::default() {
        query.append_pair("range", range.name());
    }
    if full {
        query.append_pair("addresses", "full");
    }
    let query = query.finish();
    if query.is_empty() {
        query
    } else {
        format!("?{query}")
    }
}
