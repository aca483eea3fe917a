//! Extractors whose rejections are problems that say what to do.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Form;
use axum::body::Bytes;
use axum::extract::FromRef;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use kith_runtime::without_byte_order_mark;
use serde::de::DeserializeOwned;

use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::config::Config;
use crate::web::grammar::entity_tag;
use crate::web::grammar::entity_tag::EntityTag;
use crate::web::grammar::entity_tag::Malformed;
use crate::web::grammar::entity_tag::Tags;
use crate::web::grammar::media_type;
use crate::web::problem::Problem;

/// A JSON body.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T>
where
    Arc<Config>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "wrong-content-type",
                "Send JSON, and say so: Content-Type: application/json",
            ));
        }
        let bytes = whole_body(request, state).await?;
        let json = without_byte_order_mark(&bytes);
        // serde would read a struct from an array as well, field by field.
        if !json.trim_ascii_start().starts_with(b"{") {
            return Err(AppError::bad_request("The body is not a JSON object.").into());
        }
        match serde_json::from_slice(json) {
            Ok(value) => Ok(Self(value)),
            Err(error) => {
                Err(AppError::bad_request(format!("The body is not as expected: {error}.")).into())
            }
        }
    }
}

/// A body of JSON, or the vCard of a contact.
pub enum JsonOrCard<T> {
    Json(T),
    Card(Bytes),
}

/// The media type of vCards (RFC 6350, 10.1).
pub const VCARD: &str = "text/vcard";

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonOrCard<T>
where
    Arc<Config>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if media_type::of_body(request.headers()).as_deref() == Some(VCARD) {
            return whole_body(request, state).await.map(Self::Card);
        }
        let JsonBody(json) = JsonBody::from_request(request, state).await?;
        Ok(Self::Json(json))
    }
}

async fn whole_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem>
where
    Arc<Config>: FromRef<S>,
{
    let body = Bytes::from_request(request, state).await;
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            too_large(state)
        } else {
            AppError::bad_request("The body broke off. Send it again.").into()
        }
    })
}

/// The refusal of a body over the limit of the configuration.
fn too_large<S>(state: &S) -> Problem
where
    Arc<Config>: FromRef<S>,
{
    Problem::too_large(Arc::<Config>::from_ref(state).server.max_body)
}

/// `application/json`, or a type built on it such as `application/merge-patch+json`, with or
/// without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    media_type::of_body(headers).is_some_and(|kind| {
        kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
    })
}

/// The query string. `T` names the parameters that it may have.
pub struct QueryString<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryString<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let detail = format!("The query string is not as expected: {rejection}.");
                Err(AppError::bad_request(detail).into())
            }
        }
    }
}

/// A form as a page of Kith posts it.
pub struct FormBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for FormBody<T>
where
    Arc<Config>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Form::from_request(request, state).await {
            Ok(Form(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(too_large(state))
            }
            Err(rejection) => Err(Problem::new(
                rejection.status(),
                "bad-form",
                t!("This form cannot be read. Reload the page and try again."),
            )),
        }
    }
}

/// What a path of a page names by ids. A malformed id names nothing.
pub struct PathOf<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(_) => Err(Problem::no_such_page()),
        }
    }
}

/// The contact that a path names. A malformed id names no contact.
pub struct PathId(pub ContactId);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(AppError::NotFound.into()),
        }
    }
}

/// The versions that a client expects, from `If-Match`.
pub struct IfMatch(Option<BTreeSet<u32>>);

/// What stands behind the version in the tag of a card.
pub const CARD_TAG: &str = "-vcard";

/// The version of no contact, so a change that expects it always fails.
const NEVER: u32 = 0;

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match entity_tag::read(&parts.headers, &header::IF_MATCH) {
            None | Some(Ok(Tags::Any)) => Ok(Self(None)),
            Some(Ok(Tags::These(tags))) => Ok(Self(Some(tags.iter().map(version).collect()))),
            Some(Err(Malformed)) => Err(AppError::bad_request(
                "If-Match takes ETags as Kith sent them, with commas between, for example \"3\", or *.",
            )
            .into()),
        }
    }
}

/// The version that a tag names. A tag that is not Kith's is no mistake: it names a version that does not
/// exist.
fn version(tag: &EntityTag) -> u32 {
    let text = std::str::from_utf8(tag.before_compression()).unwrap_or_default();
    // The card of a version and its JSON differ in bytes, and so in tags.
    let text = text.strip_suffix(CARD_TAG).unwrap_or(text);
    let version = text.parse::<u32>().ok();
    version
        .filter(|version| text == version.to_string())
        .unwrap_or(NEVER)
}

impl IfMatch {
    /// Makes a change that takes one expected version, or none if the client accepts every version. If the
    /// client names several versions, the change expects the one that the contact has.
    ///
    /// # Errors
    /// Those of the change, among them [`AppError::Changed`] if the contact has none of them.
    pub async fn change<T, F: Future<Output = Result<T, AppError>>>(
        self,
        change: impl Fn(Option<u32>) -> F,
    ) -> Result<T, AppError> {
        let Some(versions) = self.0 else {
            return change(None).await;
        };
        let mut expected = versions.last().copied().unwrap_or(NEVER);
        loop {
            match change(Some(expected)).await {
                // Versions only grow, so this loop ends.
                Err(AppError::Changed { current })
                    if current.version != expected && versions.contains(&current.version) =>
                {
                    expected = current.version;
                }
                done => return done,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use axum::http::Request;
    use serde_json::json;

    use super::*;
    use crate::model::contact::Contact;

    async fn if_match(lines: &[&str]) -> Option<IfMatch> {
        let mut request = Request::builder();
        for line in lines {
            request = request.header(header::IF_MATCH, *line);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        IfMatch::from_request_parts(&mut parts, &()).await.ok()
    }

    fn at(version: u32) -> Contact {
        let contact = json!({
            "id": "0197f0a0-0000-7000-8000-000000000000",
            "name": "Ada",
            "email": "ada@example.com",
            "createdAt": "2026-01-01T00:00:00Z",
            "updatedAt": "2026-01-01T00:00:00Z",
            "version": version,
        });
        serde_json::from_value(contact).expect("a contact")
    }

    #[tokio::test]
    async fn a_change_is_made_to_one_of_the_versions_that_are_named() {
        for (lines, current, is_made) in [
            (&[][..], 3, true),
            (&["*"], 3, true),
            (&["\"3\""], 3, true),
            (&["W/\"3\""], 3, true),
            (&["\"3-gzip\""], 3, true),
            (&["\"3-vcard\""], 3, true),
            (&["W/\"3-vcard-gzip\""], 3, true),
            (&["\"3-card\""], 3, false),
            (&["\"1\", W/\"3\", \"7\""], 3, true),
            (&["\"1\"", "\"3\""], 3, true),
            (&["\"4\""], 3, false),
            (&["\"1\", \"2\""], 3, false),
            (&["\"one\""], 3, false),
            (&["\"03\", \"+3\", \"99999999999999\""], 3, false),
        ] {
            let tags = if_match(lines).await.expect("a list of tags");
            let made = tags.change(async |expected| match expected {
                Some(expected) if expected != current => Err(AppError::Changed {
                    current: Box::new(at(current)),
                }),
                _ => Ok(()),
            });
            assert_eq!(made.await.is_ok(), is_made, "{lines:?}");
        }
    }

    #[tokio::test]
    async fn a_contact_that_changes_all_the_while_is_not_asked_for_for_ever() {
        let tags = if_match(&["\"1\", \"2\", \"3\""]).await.expect("tags");
        let tries = Cell::new(0);
        let made = tags.change(async |_| -> Result<(), _> {
            tries.set(tries.get() + 1);
            Err(AppError::Changed {
                current: Box::new(at(tries.get())),
            })
        });
        assert!(made.await.is_err());
        assert_eq!(tries.get(), 4);
    }

    #[tokio::test]
    async fn what_is_no_list_of_tags_is_refused() {
        for lines in [
            &["1"][..],
            &["W/1"],
            &["\"1"],
            &["\"1\" \"2\""],
            &["*", "\"1\""],
            &[""],
        ] {
            assert!(if_match(lines).await.is_none(), "{lines:?}");
        }
    }
}
