//! The audit log, for programs of admins.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::model::error::AppError;
use crate::services::audit_log::AuditLog;
use crate::services::audit_log::Record;
use crate::services::audit_log::Selection;
use crate::web::problem::Problem;
use crate::web::rest::extract::QueryString;

/// How many entries one answer has at most.
pub const PAGE_SIZE: u32 = 100;

/// Where a page begins.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditParameters {
    /// The `nextCursor` of the page before; absent for the latest entries.
    #[param(value_type = Option<String>, pattern = "^[0-9]{1,18}$")]
    cursor: Option<String>,
}

/// One page of the audit log, the latest entry first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditPage {
    entries: Vec<AuditEntry>,
    /// Leads to the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// Who did what, when and from where.
#[derive(Serialize, ToSchema)]
struct AuditEntry {
    /// RFC 3339, UTC, milliseconds.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The account, which may be gone; null where there was none.
    account: Option<Uuid>,
    /// The name of the account at that time, or the address.
    actor: String,
    /// What was done, for example `sign_in`, `contact_deleted` or `limits_changed`.
    kind: String,
    /// The id of what the entry is about.
    subject: Option<String>,
    /// What an admin has done, as a sentence.
    action: Option<String>,
    /// The address of the client, with IPv6 its network.
    network: Option<String>,
}

impl From<Record> for AuditEntry {
    fn from(record: Record) -> Self {
        Self {
            at: record.at,
            account: record.account,
            actor: record.actor,
            kind: record.kind,
            subject: record.subject,
            action: record.action,
            network: record.network,
        }
    }
}

/// Who did what, the latest entry first.
#[utoipa::path(get, path = "/api/audit", tag = "operation", params(AuditParameters), responses(
    (status = 200, description = "One page", body = AuditPage),
    (status = 400, description = "The cursor makes no sense", body = Problem),
    (status = 403, description = "Not on this machine", body = Problem),
    (status = 503, description = "It cannot be read at the moment", body = Problem)))]
pub async fn audit_log(
    State(audit_log): State<AuditLog>,
    QueryString(asked): QueryString<AuditParameters>,
) -> Result<Json<AuditPage>, Problem> {
    let (records, next_cursor) = page(&audit_log, Selection::All, asked.cursor.as_deref()).await?;
    let entries = records.into_iter().map(AuditEntry::from).collect();
    Ok(Json(AuditPage {
        entries,
        next_cursor,
    }))
}

/// The entries of a page, and the cursor of the next one.
///
/// # Errors
/// [`AppError::BadRequest`] for what is no cursor, [`AppError::Unavailable`].
pub async fn page(
    audit_log: &AuditLog,
    selection: Selection,
    cursor: Option<&str>,
) -> Result<(Vec<Record>, Option<String>), AppError> {
    let before = cursor.map(parse).transpose()?;
    let read = audit_log.read(selection, before, PAGE_SIZE + 1).await;
    let mut records = read.map_err(|error| {
        tracing::warn!(%error, "the audit log cannot be read");
        AppError::Unavailable
    })?;
    let is_last = records.len() <= PAGE_SIZE as usize;
    records.truncate(PAGE_SIZE as usize);
    let next = records.last().filter(|_| !is_last);
    let next = next.map(|record| record.seq.to_string());
    Ok((records, next))
}

fn parse(cursor: &str) -> Result<i64, AppError> {
    let is_number = (1..=18).contains(&cursor.len()) && cursor.bytes().all(|c| c.is_ascii_digit());
    let number = is_number.then(|| cursor.parse().ok()).flatten();
    number.ok_or_else(|| {
        AppError::bad_request("The cursor is not one of the audit log. Take nextCursor of a page.")
    })
}
