//! [`Provider`]: leads a browser to the provider, and finds out whom it has brought back.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::AdditionalClaims;
use openidconnect::AuthType;
use openidconnect::AuthenticationFlow;
use openidconnect::AuthorizationCode;
use openidconnect::ClaimsVerificationError;
use openidconnect::Client;
use openidconnect::ClientId;
use openidconnect::ClientSecret;
use openidconnect::CsrfToken;
use openidconnect::EmptyExtraTokenFields;
use openidconnect::EndpointMaybeSet;
use openidconnect::EndpointNotSet;
use openidconnect::EndpointSet;
use openidconnect::IdTokenFields;
use openidconnect::IssuerUrl;
use openidconnect::Nonce;
use openidconnect::OAuth2TokenResponse;
use openidconnect::PkceCodeChallenge;
use openidconnect::PkceCodeVerifier;
use openidconnect::RedirectUrl;
use openidconnect::Scope;
use openidconnect::SignatureVerificationError;
use openidconnect::StandardErrorResponse;
use openidconnect::StandardTokenResponse;
use openidconnect::SubjectIdentifier;
use openidconnect::TokenResponse;
use openidconnect::UserInfoClaims;
use openidconnect::core::CoreAuthDisplay;
use openidconnect::core::CoreAuthPrompt;
use openidconnect::core::CoreClientAuthMethod;
use openidconnect::core::CoreErrorResponseType;
use openidconnect::core::CoreGenderClaim;
use openidconnect::core::CoreJsonWebKey;
use openidconnect::core::CoreJweContentEncryptionAlgorithm;
use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::core::CoreProviderMetadata;
use openidconnect::core::CoreResponseType;
use openidconnect::core::CoreRevocableToken;
use openidconnect::core::CoreRevocationErrorResponse;
use openidconnect::core::CoreTokenIntrospectionResponse;
use openidconnect::core::CoreTokenType;
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::BrowserSecret;
use super::CreationRule;
use super::Identified;
use super::Issuer;
use super::http::HttpClient;
use super::http::HttpError;
use super::issuer::is_protected;

/// How long what the provider says of itself is used before Kith asks again.
const METADATA_LIFETIME: Duration = Duration::from_secs(3600);

/// What a [`Provider`] is made of.
#[derive(Clone, Debug)]
pub struct Options {
    pub issuer: Issuer,
    pub client_id: String,
    /// `None` for a client that has none: PKCE shows that a code is its own.
    pub client_secret: Option<String>,
    /// What people call the provider.
    pub label: String,
    /// `None`: only accounts that have linked an identity sign in.
    pub rule: Option<CreationRule>,
    /// Where the provider leads browsers back to, as it is registered there.
    pub redirect_url: String,
}

/// The provider of one configuration. Cheap to clone: clones share what they know of it.
#[derive(Clone)]
pub struct Provider {
    options: Arc<Options>,
    http: HttpClient,
    known: Arc<Mutex<Option<Known>>>,
}

/// What the provider has said of itself, with its keys.
#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    at: Instant,
}

/// Why no one is identified. The cause has been logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    #[error("the provider does not answer, or not as OpenID Connect says")]
    Unreachable,
    /// The code is used or made up, or the ID token is not for this sign-in.
    #[error("the provider does not confirm the sign-in")]
    Refused,
}

/// The provider has answered as one of OAuth 2.0 that does not know OpenID Connect.
#[derive(Debug)]
struct NoIdToken;

/// Claims that OpenID Connect does not define and many providers send.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct OtherClaims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<Groups>,
}

impl AdditionalClaims for OtherClaims {}

/// The claim `groups`. A provider that means something else by it does not fail the sign-in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Groups {
    Names(Vec<String>),
    Other(serde_json::Value),
}

type Metadata = CoreProviderMetadata;

type Tokens = StandardTokenResponse<
    IdTokenFields<
        OtherClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type OidcClient = Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Provider {
    pub fn new(options: Options) -> Self {
        Self {
            options: Arc::new(options),
            http: HttpClient::new(),
            known: Arc::default(),
        }
    }

    /// What people call the provider.
    pub fn label(&self) -> &str {
        &self.options.label
    }

    pub fn issuer(&self) -> &str {
        self.options.issuer.as_str()
    }

    /// Whether Kith makes an account for the person.
    pub fn creates_account_for(&self, person: &Identified) -> bool {
        let rule = self.options.rule.as_ref();
        rule.is_some_and(|rule| rule.admits(person))
    }

    /// The address at the provider where a browser signs in.
    ///
    /// # Errors
    /// [`ProviderError::Unreachable`].
    pub async fn authorization_url(
        &self,
        secret: BrowserSecret<'_>,
    ) -> Result<String, ProviderError> {
        let metadata = self.metadata(METADATA_LIFETIME).await?;
        let client = self.client(&metadata)?;
        let verifier = PkceCodeVerifier::new(secret.verifier());
        let (state, nonce) = (secret.state(), secret.nonce());
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let (url, _, _) = client
            .authorize_url(
                flow,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(self.scopes(&metadata))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    /// Who has signed in, by the code that a browser has brought back.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn identify(
        &self,
        code: &str,
        secret: BrowserSecret<'_>,
    ) -> Result<Identified, ProviderError> {
        let metadata = self.metadata(METADATA_LIFETIME).await?;
        let client = self.client(&metadata)?;
        let tokens = self.exchange(&client, code, secret).await?;
        let id_token = tokens.id_token().ok_or_else(|| refused(NoIdToken))?;
        let nonce = Nonce::new(secret.nonce());
        let renewed;
        let claims = match id_token.claims(&client.id_token_verifier(), &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                // The provider has other keys now. Only its own token can cause this.
                let metadata = self.metadata(Duration::ZERO).await?;
                renewed = self.client(&metadata)?;
                id_token.claims(&renewed.id_token_verifier(), &nonce)
            }
            verified => verified,
        };
        let claims = claims.map_err(refused)?;
        let mut person = Identified {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            email: claims.email().map(|email| email.to_string()),
            username: claims.preferred_username().map(|name| name.to_string()),
            name: claims
                .name()
                .and_then(|name| name.get(None))
                .map(|name| name.to_string()),
            groups: claims.additional_claims().names(),
            verified_email: None,
        };
        if claims.email_verified() == Some(true) {
            person.verified_email.clone_from(&person.email);
        }
        // A provider may give claims at this address only (OpenID Connect Core 1.0, 5.4).
        if person.email.is_none() {
            let subject = claims.subject().clone();
            self.complete(&mut person, &client, &tokens, subject).await;
        }
        Ok(person)
    }

    async fn exchange(
        &self,
        client: &OidcClient,
        code: &str,
        secret: BrowserSecret<'_>,
    ) -> Result<Tokens, ProviderError> {
        let http = self.http.clone();
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(unreachable)?
            .set_pkce_verifier(PkceCodeVerifier::new(secret.verifier()));
        let ask = move |request| http.clone().send(request);
        request
            .request_async(&ask)
            .await
            .map_err(|error| match error {
                openidconnect::RequestTokenError::ServerResponse(answer) => refused(answer.error()),
                other => unreachable(other),
            })
    }

    /// Adds the claims that the provider gives for the access token. Without them the person is known all the same.
    async fn complete(
        &self,
        person: &mut Identified,
        client: &OidcClient,
        tokens: &Tokens,
        subject: SubjectIdentifier,
    ) {
        let access = tokens.access_token().clone();
        let Ok(request) = client.user_info(access, Some(subject)) else {
            return;
        };
        let http = self.http.clone();
        let ask = move |request| http.clone().send(request);
        let claims: UserInfoClaims<OtherClaims, CoreGenderClaim> =
            match request.request_async(&ask).await {
                Ok(claims) => claims,
                Err(error) => {
                    tracing::warn!(error = kind_of(&error), "the provider gives no claims");
                    return;
                }
            };
        person.email = claims.email().map(|email| email.to_string());
        if claims.email_verified() == Some(true) {
            person.verified_email.clone_from(&person.email);
        }
        let username = claims.preferred_username();
        let username = username.map(|name| name.to_string());
        person.username = person.username.take().or(username);
        let name = claims.name().and_then(|name| name.get(None));
        let name = name.map(|name| name.to_string());
        person.name = person.name.take().or(name);
        if person.groups.is_empty() {
            person.groups = claims.additional_claims().names();
        }
    }

    /// What the provider says of itself, asked again if it is older than `max_age`. All callers wait for one answer.
    async fn metadata(&self, max_age: Duration) -> Result<Arc<Metadata>, ProviderError> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref()
            && known.at.elapsed() < max_age
        {
            return Ok(known.metadata.clone());
        }
        let issuer = IssuerUrl::new(self.issuer().to_owned()).map_err(unreachable)?;
        let http = self.http.clone();
        let ask = move |request| http.clone().send(request);
        let found = Metadata::discover_async(issuer, &ask).await;
        match (found, known.as_ref()) {
            (Ok(metadata), _) if !is_protected(metadata.authorization_endpoint().url()) => {
                Err(unreachable(HttpError::Unprotected))
            }
            (Ok(metadata), _) => {
                let metadata = Arc::new(metadata);
                *known = Some(Known {
                    metadata: metadata.clone(),
                    at: Instant::now(),
                });
                Ok(metadata)
            }
            // It may have moved by tomorrow, and probably not within this hour.
            (Err(error), Some(known)) => {
                tracing::warn!(error = kind_of(&error), "the provider is not asked anew");
                Ok(known.metadata.clone())
            }
            (Err(error), None) => Err(unreachable(error)),
        }
    }

    fn client(&self, metadata: &Metadata) -> Result<OidcClient, ProviderError> {
        let options = &self.options;
        let secret = options.client_secret.clone().map(ClientSecret::new);
        let id = ClientId::new(options.client_id.clone());
        let redirect = RedirectUrl::new(options.redirect_url.clone()).map_err(unreachable)?;
        let client = OidcClient::from_provider_metadata(metadata.clone(), id, secret);
        Ok(client
            .set_auth_type(auth_type(metadata))
            .set_redirect_uri(redirect))
    }

    /// Groups are asked for where they decide and the provider knows the scope: others refuse a scope that they do not
    /// know.
    fn scopes(&self, metadata: &Metadata) -> Vec<Scope> {
        let groups = Scope::new("groups".to_owned());
        let mut scopes = ["profile", "email"]
            .map(|scope| Scope::new(scope.to_owned()))
            .to_vec();
        let needs_groups = matches!(self.options.rule, Some(CreationRule::Group(_)));
        let supported = metadata.scopes_supported();
        if needs_groups && supported.is_some_and(|scopes| scopes.contains(&groups)) {
            scopes.push(groups);
        }
        scopes
    }
}

impl OtherClaims {
    fn names(&self) -> Vec<String> {
        match &self.groups {
            Some(Groups::Names(names)) => names.clone(),
            Some(Groups::Other(_)) | None => Vec::new(),
        }
    }
}

/// How Kith shows its secret. A provider that does not say takes it in the header (OpenID Connect Discovery 1.0, 3).
fn auth_type(metadata: &Metadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let takes = |method| methods.is_none_or(|methods| methods.contains(&method));
    match takes(CoreClientAuthMethod::ClientSecretBasic) {
        true => AuthType::BasicAuth,
        false => AuthType::RequestBody,
    }
}

/// The answer of a provider may hold anything, so its text is not logged.
fn kind_of<E: fmt::Debug>(error: &E) -> String {
    let text = format!("{error:?}");
    text.split(['(', ' ', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn unreachable(error: impl fmt::Debug) -> ProviderError {
    tracing::warn!(
        error = kind_of(&error),
        "the provider does not answer as it should"
    );
    ProviderError::Unreachable
}

fn refused(error: impl fmt::Debug) -> ProviderError {
    tracing::warn!(
        error = kind_of(&error),
        "the provider does not confirm a sign-in"
    );
    ProviderError::Refused
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").finish_non_exhaustive()
    }
}
