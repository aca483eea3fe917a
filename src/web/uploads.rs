//! Which requests bring a file, how large it may be, and how it is taken in.

use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::Method;
use axum::http::StatusCode;
use futures_util::Stream;
use futures_util::StreamExt;
use http_body_util::LengthLimitError;

use crate::model::language::t;
use crate::services::config::ByteSize;
use crate::services::config::Config;
use crate::services::config::ServerConfig;
use crate::services::imports::ImportError;
use crate::services::imports::Upload;
use crate::web::problem::Problem;

/// The form of the page, and the API.
const PATHS: [&str; 2] = ["/import", "/api/imports"];

/// How long a file may take to arrive. A client that sends nothing is given up much earlier.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// What a form has beside its file.
const ROOM_OF_FORM: usize = 64 << 10;

/// The most bytes of a body with a photo. It is more than a photo may have, so that a person who sends a larger one learns
/// that on the page of the photo.
pub const MAX_PHOTO_BODY: ByteSize = ByteSize::new(16 << 20);

/// What a request may bring.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// The most bytes of the body.
    pub max_bytes: usize,
    /// How long the answer may take.
    pub time: Duration,
    /// The limit that an operator has set.
    limit: ByteSize,
    is_upload: bool,
}

impl Allowance {
    pub fn of(request: &Request, config: &Config) -> Self {
        let is_upload = request.method() == Method::POST && PATHS.contains(&request.uri().path());
        let server = &config.server;
        if is_upload {
            let limit = config.import.max_file;
            return Self {
                max_bytes: limit.bytes().saturating_add(ROOM_OF_FORM),
                time: UPLOAD_TIMEOUT.max(server.request_timeout),
                limit,
                is_upload,
            };
        }
        let limit = body_limit(request, server);
        Self {
            max_bytes: limit.bytes(),
            time: server.request_timeout,
            limit,
            is_upload,
        }
    }

    /// The refusal of a body over the limit.
    pub fn too_large(&self) -> Problem {
        match self.is_upload {
            true => ImportError::TooLarge(self.limit).into(),
            false => Problem::too_large(self.limit),
        }
    }
}

/// The most bytes of the body of a request that sends no file of contacts.
fn body_limit(request: &Request, config: &ServerConfig) -> ByteSize {
    let path = request.uri().path();
    let is_photo =
        path.ends_with("/photo") && matches!(*request.method(), Method::POST | Method::PUT);
    let is_of_contact = path.starts_with("/contacts/") || path.starts_with("/api/contacts/");
    match is_photo && is_of_contact {
        true => config.max_body.max(MAX_PHOTO_BODY),
        false => config.max_body,
    }
}

/// Takes in a file, piece by piece.
///
/// # Errors
/// The refusal of a file that is too large, that breaks off, or of which nothing arrives for as long as any other request
/// may take.
pub async fn receive<E: Error + 'static>(
    upload: &mut Upload,
    pieces: impl Stream<Item = Result<Bytes, E>>,
    config: &Config,
) -> Result<(), Problem> {
    let mut pieces = pin!(pieces);
    loop {
        let piece = tokio::time::timeout(config.server.request_timeout, pieces.next()).await;
        match piece {
            Ok(Some(Ok(piece))) => upload.write(&piece).await?,
            Ok(Some(Err(error))) => return Err(broken_off(&error, config)),
            Ok(None) => return Ok(()),
            Err(_) => {
                let detail = t!("Nothing of the file has arrived for too long. Send it again.");
                return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail));
            }
        }
    }
}

/// The refusal of a body that cannot be read to its end.
pub fn broken_off(error: &(dyn Error + 'static), config: &Config) -> Problem {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return ImportError::TooLarge(config.import.max_file).into();
        }
        cause = error.source();
    }
    let detail = t!("The file has broken off on its way. Send it again.");
    Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail)
}
