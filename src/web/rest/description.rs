//! The OpenAPI description of the API.
//!
//! Each handler describes its parameters, its body, and its own responses. [`complete`] adds what handlers do
//! not know: the refusals of the layers around them, the headers of every response, and the limits of the
//! configuration. It works on JSON, because utoipa cannot describe a header that every response has.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use utoipa::OpenApi;
use utoipa::openapi;

use super::body;
use super::body::field_schemas;
use crate::services::config::ContactsConfig;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Kith",
        description = "Contacts for programs. Errors are RFC 9457 problems whose `error` says what to do.",
        license(name = "MIT"),
    ),
    tags(
        (name = "contacts", description = "People, and how to reach them"),
        (name = "operation", description = "How Kith is doing"),
    ),
)]
struct Description;

/// The description before any route is added to it.
pub fn beginning() -> openapi::OpenApi {
    Description::openapi()
}

/// The schema of problems.
const PROBLEM: &str = "#/components/schemas/Problem";

/// The errors of all routes, which come from their layers: the status, a name, and when.
const EVERYWHERE: [(&str, &str, &str); 4] = [
    ("413", "TooLarge", "The body is larger than Kith accepts"),
    (
        "421",
        "WrongHost",
        "The request is not for this machine by one of its own names",
    ),
    (
        "500",
        "Internal",
        "A defect of Kith. The log has the cause under the X-Request-Id",
    ),
    (
        "503",
        "Unavailable",
        "Kith cannot reach its data, or this took too long. Try again in a few seconds",
    ),
];

/// The additional errors of routes with a limit.
const WHERE_LIMITED: [(&str, &str, &str); 3] = [
    (
        "401",
        "Unauthorized",
        "Kith has accounts, and the request brings no token that is valid",
    ),
    (
        "403",
        "Forbidden",
        "The token does not do for this, the address is on the deny list, or a page of another site has sent the request",
    ),
    (
        "429",
        "TooManyRequests",
        "Too many requests. The same request is allowed after Retry-After",
    ),
];

/// The headers that the limiter adds to the response to each request that it decides on.
const QUOTA: [&str; 5] = [
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "RateLimit-Policy",
    "RateLimit",
];

/// The description as it is served. The limiter decides on requests to `limited` routes, and not on those to
/// `free` ones.
pub fn complete(
    limited: [openapi::OpenApi; 2],
    free: openapi::OpenApi,
    config: &ContactsConfig,
) -> Value {
    let [mut whole, other] = limited;
    whole.merge(other);
    let is_limited: Vec<String> = whole.paths.paths.keys().cloned().collect();
    whole.merge(free);
    let mut whole = serde_json::to_value(whole).expect("a description is JSON");

    for (path, operations) in entries(&mut whole["paths"]) {
        let limited = is_limited.contains(path);
        for (_, operation) in entries(operations) {
            for parameter in items(operation, "parameters") {
                forbid_null(&mut parameter["schema"]);
            }
            describe_responses(&mut operation["responses"], limited);
            if limited {
                // Without an account Kith asks for no token.
                operation["security"] = json!([{ "token": [] }, {}]);
            }
        }
    }
    for path in ["/api/contacts", "/api/trash"] {
        let list = items(&mut whole["paths"][path]["get"], "parameters");
        for limit in list.filter(|parameter| parameter["name"] == "limit") {
            limit["schema"]["maximum"] = config.max_page_size.get().into();
            limit["schema"]["default"] = config.page_size.get().into();
        }
    }

    let components = &mut whole["components"];
    describe_fields(&mut components["schemas"]["Contact"]);
    for (name, schema) in body::schemas() {
        components["schemas"][name] = schema;
    }
    components["headers"] = headers();
    components["securitySchemes"] = json!({ "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from the page /account, once Kith has accounts. It may read, write, or do what an admin does.",
    } });
    for (status, name, description) in EVERYWHERE.into_iter().chain(WHERE_LIMITED) {
        let mut response = json!({ "description": description });
        describe_response(&mut response, status, false);
        if status == "429" {
            response["headers"]["Retry-After"] = header("Retry-After");
            describe_quota(&mut response);
        }
        components["responses"][name] = response;
    }
    whole
}

/// Says what the fields of a contact look like. The type of a contact, which the browser half has as well, does not know
/// them.
fn describe_fields(contact: &mut Value) {
    let properties = &mut contact["properties"];
    for (name, schema) in field_schemas() {
        properties[name] = schema;
    }
    // Each contact is called something.
    properties["name"]["type"] = "string".into();
    if let Some(contact) = contact.as_object_mut() {
        contact.remove("additionalProperties");
    }
}

/// The members of an object.
fn entries(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}

/// The elements of an array in an object, if it is there.
fn items<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    let array = value.get_mut(name).and_then(Value::as_array_mut);
    array.into_iter().flatten()
}

/// utoipa describes a parameter that may be left out as one that may be null, but a query or a header cannot
/// be null.
fn forbid_null(schema: &mut Value) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("oneOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [only] = choices.as_slice() {
            *schema = only.clone();
        }
    }
}

/// Completes the responses of one operation.
fn describe_responses(responses: &mut Value, limited: bool) {
    let layers = EVERYWHERE.into_iter();
    let layers = layers.chain(WHERE_LIMITED.into_iter().filter(|_| limited));
    for (status, response) in entries(responses) {
        describe_response(response, status, limited);
    }
    for (status, name, _) in layers {
        if responses[status].is_null() {
            responses[status] = json!({ "$ref": format!("#/components/responses/{name}") });
        }
    }
}

/// Completes one response: its headers, and the schema of a problem if it is an error.
fn describe_response(response: &mut Value, status: &str, limited: bool) {
    if status >= "400" {
        let content = &mut response["content"];
        if content["application/json"]["schema"]["$ref"] == PROBLEM {
            *content = Value::Null;
        }
        content["application/problem+json"] = json!({ "schema": { "$ref": PROBLEM } });
    }
    for (name, described) in entries(&mut response["headers"]) {
        *described = header(name);
    }
    response["headers"]["X-Request-Id"] = header("X-Request-Id");
    // These come before the limiter decides, or from a layer around it.
    if limited && !matches!(status, "403" | "503") {
        describe_quota(response);
    }
}

fn describe_quota(response: &mut Value) {
    for name in QUOTA {
        response["headers"][name] = header(name);
    }
}

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

/// The headers that a response may have.
fn headers() -> Value {
    let uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    let header = |required: bool, description: &str, schema: Value| json!({ "description": description, "required": required, "schema": schema });
    let text = |description: &str, pattern: &str| {
        let pattern = format!("^{pattern}$");
        header(
            true,
            description,
            json!({ "type": "string", "pattern": pattern }),
        )
    };
    let number = |description: &str, minimum: u8| {
        header(
            true,
            description,
            json!({ "type": "integer", "minimum": minimum }),
        )
    };
    json!({
        "ETag": text("Names the version that is answered. Weak for lists and totals.", r#"(W/)?"[!#-~]+""#),
        "Location": text("Where the contact or the import is.", &format!("/api/(contacts|imports)/{uuid}")),
        "Idempotency-Replayed": header(false, "The key has been used for the same request before, and nothing was created.", json!({ "const": "true" })),
        "X-Cache": header(true, "How the cache answered.", json!({ "enum": ["HIT", "STALE", "MISS", "BYPASS"] })),
        "Server-Timing": text("How long that took, in milliseconds.", r"cache;desc=[A-Z]+;dur=[0-9]+\.[0-9]{3}"),
        "Retry-After": number("After how many seconds the same request is allowed.", 1),
        "X-RateLimit-Limit": number("How many requests are allowed in a window.", 1),
        "X-RateLimit-Remaining": number("How many are left.", 0),
        "X-RateLimit-Reset": number("When all of them are back, in seconds since the epoch.", 0),
        "RateLimit-Policy": text("The limit and its window in seconds (draft-ietf-httpapi-ratelimit-headers-10).", r#""[a-z]+";q=[0-9]+;w=[0-9]+"#),
        "RateLimit": text("How many requests are left and, after a refusal, in how many seconds there are more.", r#""[a-z]+";r=[0-9]+(;t=[0-9]+)?"#),
        "X-Request-Id": text("Names the request in the log of Kith.", uuid),
    })
}
