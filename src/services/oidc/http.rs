//! How Kith asks a provider: within a time, up to a size, and where it was told to ask only.

use std::time::Duration;

use openidconnect::HttpRequest;
use openidconnect::HttpResponse;
use openidconnect::http::response::Builder;

use super::issuer::is_protected;

/// How long an answer may take. The request of a browser waits for it.
const TIMEOUT: Duration = Duration::from_secs(5);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The largest answer in bytes. Those of providers have some kilobytes.
const MAX_BYTES: usize = 256 * 1024;

/// Why there is no answer. It names no address.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("the provider names an address that is neither https:// nor on this machine")]
    Unprotected,
    #[error("the provider cannot be reached, or does not answer in time")]
    Unreachable,
    #[error("the answer of the provider is longer than {MAX_BYTES} bytes")]
    TooLong,
}

impl From<reqwest::Error> for HttpError {
    fn from(_: reqwest::Error) -> Self {
        // Its text holds the address.
        Self::Unreachable
    }
}

/// Asks a provider. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient(reqwest::Client);

impl HttpClient {
    pub fn new() -> Self {
        kith_runtime::install_crypto_provider();
        let client = reqwest::Client::builder()
            // A redirect could lead to a machine that the provider may not name.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .expect("these options go together");
        Self(client)
    }

    /// # Errors
    /// [`HttpError`].
    pub async fn send(self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        if !is_protected(request.url()) {
            return Err(HttpError::Unprotected);
        }
        let mut response = self.0.execute(request).await?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Builder::new()
            .status(status)
            .body(body)
            .map_err(|_| HttpError::Unreachable)?;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}
