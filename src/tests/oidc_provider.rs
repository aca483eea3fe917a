//! A provider of OpenID Connect on a port of its own, which can also be one that is not to be trusted.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use axum::Json;
use axum::Router;
use axum::extract::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::KeyPair;
use rcgen::PublicKeyData;
use rcgen::SigningKey;
use reqwest::Url;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use tokio::net::TcpListener;

pub const CLIENT: &str = "kith";
pub const SECRET: &str = "correct horse";

/// What the provider does at its token endpoint, or instead of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    #[default]
    Honest,
    /// The ID token is for another sign-in.
    OtherNonce,
    /// The ID token is for another client.
    OtherAudience,
    /// The ID token is signed with a key that the provider does not publish.
    OtherKey,
    /// Email addresses and names are given at the userinfo endpoint alone.
    ClaimsApart,
    /// All answers lead elsewhere.
    Redirects,
    /// All answers are longer than any that makes sense.
    Floods,
}

/// The provider. Clones share everything.
#[derive(Clone)]
pub struct OidcProvider {
    pub issuer: String,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    behaviour: Behaviour,
    key: KeyPair,
    /// Counts the keys, of which only the last one is published.
    key_number: u32,
    grants: HashMap<String, Grant>,
    /// What each access token is for.
    claims: HashMap<String, Value>,
}

/// A sign-in that a person has confirmed.
struct Grant {
    challenge: String,
    nonce: String,
    redirect: String,
    claims: Value,
}

impl OidcProvider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the address of the port");
        let provider = Self {
            issuer: format!("http://{address}"),
            shared: Arc::new(Mutex::new(Shared {
                behaviour: Behaviour::Honest,
                key: key(),
                key_number: 1,
                grants: HashMap::new(),
                claims: HashMap::new(),
            })),
        };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(user_info))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        provider
    }

    pub fn behave(&self, behaviour: Behaviour) {
        self.lock().behaviour = behaviour;
    }

    /// Signs with another key from now on.
    pub fn change_key(&self) {
        let mut shared = self.lock();
        shared.key = key();
        shared.key_number += 1;
    }

    /// A person signs in at the address to which Kith leads, and the answer is the address back.
    pub fn confirm(&self, url: &str, claims: Value) -> String {
        let url = Url::parse(url).expect("an address");
        assert!(url.as_str().starts_with(&self.issuer), "{url}");
        let asked: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut shared = self.lock();
        let code = format!("code-{}", shared.grants.len() + shared.claims.len());
        let grant = Grant {
            challenge: asked["code_challenge"].clone(),
            nonce: asked["nonce"].clone(),
            redirect: asked["redirect_uri"].clone(),
            claims,
        };
        shared.grants.insert(code.clone(), grant);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", &asked["state"])
            .append_pair("iss", &self.issuer)
            .finish();
        format!("{}?{query}", asked["redirect_uri"])
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("no test has panicked in it")
    }

    /// What the provider answers if it misbehaves everywhere.
    fn misbehave(&self) -> Option<Response> {
        match self.lock().behaviour {
            Behaviour::Redirects => Some(Redirect::temporary("/keys").into_response()),
            Behaviour::Floods => Some("x".repeat(1 << 20).into_response()),
            _ => None,
        }
    }
}

fn key() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("random numbers")
}

async fn describe(State(provider): State<OidcProvider>) -> Response {
    if let Some(answer) = provider.misbehave() {
        return answer;
    }
    let issuer = &provider.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "scopes_supported": ["openid", "profile", "email", "groups"],
    }))
    .into_response()
}

async fn keys(State(provider): State<OidcProvider>) -> Json<Value> {
    let shared = provider.lock();
    Json(json!({ "keys": [{
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
        "alg": "EdDSA",
        "kid": shared.key_number.to_string(),
        "x": URL_SAFE_NO_PAD.encode(shared.key.der_bytes()),
    }] }))
}

async fn token(
    State(provider): State<OidcProvider>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let refusal = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let basic = base64::prelude::BASE64_STANDARD.encode(format!("{CLIENT}:{}", "correct+horse"));
    let shown = headers.get("authorization").map(|value| value.as_bytes());
    if shown != Some(format!("Basic {basic}").as_bytes()) {
        return refusal("invalid_client").into_response();
    }
    let mut shared = provider.lock();
    let Some(grant) = shared.grants.remove(&form["code"]) else {
        return refusal("invalid_grant").into_response();
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    if challenge != grant.challenge || form["redirect_uri"] != grant.redirect {
        return refusal("invalid_grant").into_response();
    }
    let access_token = format!("access-{}", shared.claims.len());
    let id_token = shared.id_token(&provider.issuer, &grant);
    shared.claims.insert(access_token.clone(), grant.claims);
    Json(json!({ "access_token": access_token, "token_type": "Bearer", "id_token": id_token }))
        .into_response()
}

async fn user_info(State(provider): State<OidcProvider>, headers: HeaderMap) -> Response {
    let shown = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let token = shown.and_then(|value| value.strip_prefix("Bearer "));
    match token.and_then(|token| provider.lock().claims.get(token).cloned()) {
        Some(claims) => Json(claims).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

impl Shared {
    fn id_token(&self, issuer: &str, grant: &Grant) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a time");
        let mut claims = match self.behaviour {
            Behaviour::ClaimsApart => json!({ "sub": grant.claims["sub"] }),
            _ => grant.claims.clone(),
        };
        claims["iss"] = issuer.into();
        claims["aud"] = match self.behaviour {
            Behaviour::OtherAudience => "another client".into(),
            _ => CLIENT.into(),
        };
        claims["iat"] = now.as_secs().into();
        claims["exp"] = (now.as_secs() + 60).into();
        claims["nonce"] = match self.behaviour {
            Behaviour::OtherNonce => "another sign-in".into(),
            _ => grant.nonce.clone().into(),
        };
        let header = json!({ "alg": "EdDSA", "kid": self.key_number.to_string() });
        let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = parts.join(".");
        let signature = match self.behaviour {
            Behaviour::OtherKey => key().sign(signed.as_bytes()),
            _ => self.key.sign(signed.as_bytes()),
        };
        let signature = signature.expect("a key that signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
