//! `GET /api/admin/audit`: pages of the audit log.

use serde::Serialize;
use utoipa::ToSchema;
use warp::http::StatusCode;
use warp::reply::Response;

use crate::admin::audit::instant;
use crate::admin::{Operator, items};
use crate::api::request::Request;
use crate::api::respond;
use crate::chat::{AuditQuery, Chat};
use crate::model::{Error, Result, Session, Timestamp};

/// Entries of a page, unless another number is requested.
const PAGE: u32 = 50;
/// Maximum number of entries of a page.
const MAX_PAGE: u32 = 200;

/// A page of the audit log.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditPage {
    /// Newest first.
    entries: Vec<items::AuditEntry>,
    /// Cursor of the next page; null: this is the last one.
    cursor: Option<String>,
}

/// Answers with a page.
pub(super) async fn page(chat: &Chat, session: &Session, request: &Request) -> Result<Response> {
    let limit = limit(request)?;
    let query = AuditQuery {
        action: text(request, "action"),
        person: text(request, "user"),
        since: time(request, "since")?,
        until: time(request, "until")?,
        cursor: cursor(request)?,
        oldest_first: false,
        limit: limit + 1,
    };
    let mut found = chat.audit_log(&Operator::api(session), &query).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let entries: Vec<_> = found.into_iter().map(items::AuditEntry::from).collect();
    let cursor = entries.last().filter(|_| more).map(|last| last.id().to_string());
    Ok(respond::json(StatusCode::OK, &AuditPage { entries, cursor }))
}

fn text(request: &Request, name: &str) -> Option<String> {
    request.query(name).filter(|text| !text.is_empty())
}

fn limit(request: &Request) -> Result<u32> {
    let Some(text) = request.query("limit") else { return Ok(PAGE) };
    text.parse()
        .ok()
        .filter(|limit| (1..=MAX_PAGE).contains(limit))
        .ok_or_else(|| Error::invalid("limit", "must be 1 to 200"))
}

fn cursor(request: &Request) -> Result<Option<i64>> {
    let Some(text) = request.query("before") else { return Ok(None) };
    let id = text.parse().ok().filter(|id| *id > 0);
    id.map(Some).ok_or_else(|| Error::invalid("before", "is not a cursor of this list"))
}

fn time(request: &Request, name: &'static str) -> Result<Option<Timestamp>> {
    let Some(text) = request.query(name) else { return Ok(None) };
    let time = instant(&text).map(Some);
    time.ok_or_else(|| Error::invalid(name, "must be a time such as 2026-11-29T08:00:00Z"))
}
