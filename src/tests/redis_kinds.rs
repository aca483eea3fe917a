//! The same limiter and the same cache on every kind of Redis: one node, a cluster, behind Sentinel,
//! with TLS, and over REST.

use std::convert::Infallible;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use std::time::Instant;

use async_trait::async_trait;
use axum::Json;
use axum::Router;
use axum::body::HttpBody;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::future::join_all;
use kith::services::config::Config;
use kith_cache::Cache;
use kith_cache::Cacheable;
use kith_cache::Encoding;
use kith_cache::Generation;
use kith_cache::Generations;
use kith_cache::Key;
use kith_cache::Locks;
use kith_cache::Tag;
use kith_limit::Algorithm;
use kith_limit::FailMode;
use kith_limit::Identifier;
use kith_limit::Limiter;
use kith_limit::Options;
use kith_limit::Policy;
use kith_limit::PolicyId;
use kith_limit::Quota;
use kith_redis::Address;
use kith_redis::DownReason;
use kith_redis::Redis;
use kith_redis::Script;
use kith_redis::Step;
use kith_redis::Subscription;
use kith_test_support::redis_server::RedisServer;
use kith_test_support::redis_server::free_port;
use redis::Value;
use redis::aio::ConnectionLike;
use redis::aio::MultiplexedConnection;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value as JsonValue;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// How long servers may take to find each other, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const TOKEN: &str = "a-token";

/// Speaks Upstash's REST API in front of a Redis.
async fn rest_bridge(redis: &RedisServer) -> String {
    serve(rest_router(redis).await).await
}

async fn rest_router(redis: &RedisServer) -> Router {
    let client = redis::Client::open(redis.url()).expect("a client");
    let connection = client.get_multiplexed_async_connection().await;
    Router::new()
        .route("/", post(one))
        .route("/pipeline", post(several))
        .with_state(connection.expect("a connection"))
}

/// Serves on a free port and returns the origin.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

async fn answer(redis: &mut MultiplexedConnection, parts: &[String]) -> JsonValue {
    let mut command = redis::cmd(&parts[0]);
    for part in &parts[1..] {
        command.arg(part);
    }
    let value = redis.req_packed_command(&command).await;
    match value.and_then(Value::extract_error) {
        Ok(value) => json!({ "result": encode(value) }),
        Err(error) => {
            let code = error.code().unwrap_or("ERR");
            json!({ "error": format!("{code} {}", error.detail().unwrap_or_default()) })
        }
    }
}

fn encode(value: Value) -> JsonValue {
    match value {
        Value::Nil => JsonValue::Null,
        Value::Int(number) => number.into(),
        Value::Okay => "OK".into(),
        Value::SimpleString(text) => BASE64_STANDARD.encode(text).into(),
        Value::BulkString(bytes) => BASE64_STANDARD.encode(bytes).into(),
        Value::Array(items) => items.into_iter().map(encode).collect(),
        other => panic!("no test has asked for {other:?}"),
    }
}

fn is_authorized(headers: &HeaderMap) -> bool {
    let expected = format!("Bearer {TOKEN}");
    headers
        .get("authorization")
        .is_some_and(|sent| *sent == *expected)
}

async fn one(
    State(mut redis): State<MultiplexedConnection>,
    headers: HeaderMap,
    Json(parts): Json<Vec<String>>,
) -> (StatusCode, Json<JsonValue>) {
    if !is_authorized(&headers) {
        return (
            StatusCode::UNAUTHORIZED,
            Json(json!({"error": "Unauthorized"})),
        );
    }
    let answer = answer(&mut redis, &parts).await;
    let status = match answer.get("error") {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    (status, Json(answer))
}

async fn several(
    State(mut redis): State<MultiplexedConnection>,
    headers: HeaderMap,
    Json(commands): Json<Vec<Vec<String>>>,
) -> (StatusCode, Json<JsonValue>) {
    if !is_authorized(&headers) {
        return (
            StatusCode::UNAUTHORIZED,
            Json(json!({"error": "Unauthorized"})),
        );
    }
    let mut answers = Vec::new();
    for parts in commands {
        answers.push(answer(&mut redis, &parts).await);
    }
    (StatusCode::OK, Json(answers.into()))
}

/// Three nodes that share the slots.
async fn cluster() -> (Vec<RedisServer>, Address) {
    let buses = [(); 3].map(|()| free_port());
    let nodes: Vec<RedisServer> = buses
        .iter()
        .map(|bus| {
            RedisServer::with(&[
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                &bus.to_string(),
            ])
        })
        .collect();
    for (node, slots) in nodes.iter().zip(["0 5460", "5461 10922", "10923 16383"]) {
        node.command(&format!("CLUSTER ADDSLOTSRANGE {slots}"));
        let (port, bus) = (nodes[0].port(), buses[0]);
        node.command(&format!("CLUSTER MEET 127.0.0.1 {port} {bus}"));
    }
    let start = Instant::now();
    let knows_all = |node: &RedisServer| {
        let info = node.command("CLUSTER INFO");
        info.contains("cluster_state:ok") && info.contains("cluster_slots_ok:16384")
    };
    while !nodes.iter().all(knows_all) {
        assert!(
            start.elapsed() < PATIENCE,
            "the nodes do not find each other"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let hosts: Vec<String> = nodes
        .iter()
        .map(|node| format!("127.0.0.1:{}", node.port()))
        .collect();
    let address = format!("redis+cluster://{}", hosts.join(","));
    (nodes, address.parse().expect("an address"))
}

async fn connect(address: Address) -> Redis {
    reached(Redis::connect(kith_redis::Options {
        timeout: Duration::from_secs(10),
        ..kith_redis::Options::new(address)
    }))
    .await
}

async fn reached(redis: Redis) -> Redis {
    let up = tokio::time::timeout(PATIENCE, redis.wait_until_up()).await;
    up.unwrap_or_else(|_| panic!("Redis: {:?}", redis.health()));
    redis
}

/// What holds for every kind.
async fn suite(redis: Redis, nodes: &[&RedisServer]) {
    pubsub_suite(&redis).await;
    let policies = Algorithm::ALL.map(|algorithm| Policy {
        name: algorithm.name(),
        algorithm,
        quota: Quota::new(3, Duration::from_secs(3600)).expect("a quota"),
        fail_mode: FailMode::Closed,
        shadow: false,
    });
    let limiter = Limiter::new(Options {
        policies: policies.into(),
        redis: Some(redis.clone()),
        prefix: "kith".to_owned(),
        table_bytes: 64 * 1024,
        denied: Vec::new(),
    });
    for client in 0..10 {
        let subject = Identifier::new(format!("client {client}"));
        for policy in (0..4).map(PolicyId) {
            let mut allowed = 0;
            for _ in 0..5 {
                allowed += u32::from(limiter.check(policy, &subject, 1).await.is_allowed());
            }
            assert_eq!(allowed, 3);
            limiter.refund(policy, &subject, 1).await;
            assert_eq!(limiter.peek(policy, &subject).await.remaining, 1);
        }
        // All keys of a subject are in one slot, so that one script may decide on all of them.
        let charges: Vec<_> = (0..4).map(|policy| (PolicyId(policy), 1)).collect();
        let decisions = limiter.check_all(&subject, &charges).await;
        assert!(decisions.iter().all(|decision| decision.is_allowed()));
        for node in nodes {
            node.command("SCRIPT FLUSH");
        }
    }
    for totals in limiter.stats().totals() {
        assert_eq!(totals.local, 0, "Redis has decided on everything");
    }

    // A pipeline brings its scripts where they are not known.
    let script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    let mut set = redis::cmd("SET");
    set.arg("counter").arg(40).arg("EX").arg(60);
    let mut add = script.call(["counter"].into_iter());
    add.arg(2);
    let answers = redis.pipeline(&[Step::Command(set), Step::Call(add)]).await;
    let answers = answers.expect("Redis is up");
    assert!(
        matches!(answers[..], [Ok(Value::Okay), Ok(Value::Int(42))]),
        "{answers:?}"
    );

    cache_suite(&redis, nodes).await;

    for node in nodes {
        for key in node
            .command("KEYS *")
            .lines()
            .filter(|line| !line.starts_with(['*', '$', '+']))
        {
            let lifetime = node.command(&format!("PTTL \"{key}\""));
            assert!(!lifetime.starts_with(":-"), "{key} never expires");
        }
    }
}

/// A number that counts its reads and is its own generation.
#[derive(Clone, Default)]
struct Number {
    value: Arc<AtomicI64>,
    reads: Arc<AtomicI64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    value: i64,
}

impl Cacheable for Held {
    const SCHEMA: u32 = 1;
}

const NUMBERS: Tag = Tag::new("numbers");

#[async_trait]
impl Generations for Number {
    async fn read(&self, _tags: &[Tag]) -> Option<Vec<(String, Generation)>> {
        let generation = Generation(self.value.load(SeqCst));
        Some(vec![(NUMBERS.to_string(), generation)])
    }

    async fn replace(&self, _tag: Tag) -> bool {
        self.value.fetch_add(1, SeqCst);
        true
    }
}

/// Two instances that share a Redis of any kind: one fetch for both, nothing old after a write.
async fn cache_suite(redis: &Redis, nodes: &[&RedisServer]) {
    let number = Number::default();
    let instance = || {
        Cache::new(kith_cache::Options {
            tags: vec![NUMBERS],
            generations: Box::new(number.clone()),
            redis: Some(redis.clone()),
            prefix: "kith".to_owned(),
            local_bytes: 1 << 20,
        })
    };
    let instances = [instance(), instance()];
    for encoding in [Encoding::Blob, Encoding::Hash] {
        let policy = kith_cache::Policy {
            fresh_for: Duration::from_secs(600),
            stale_for: Duration::ZERO,
            absent_for: Duration::from_secs(600),
            allow_stale_generation: false,
            encoding,
        };
        let key = || Key::new(NUMBERS, "everyone", &format!("{encoding:?} \u{e9} {{}}"));
        let get = async |instance: &Cache| {
            let Number { value, reads } = number.clone();
            let fetch = || async move {
                reads.fetch_add(1, SeqCst);
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok::<_, Infallible>(Held {
                    value: value.load(SeqCst),
                })
            };
            let Ok(found) = instance.get(key(), policy, fetch).await;
            found.value
        };
        for _ in 0..3 {
            let reads = number.reads.load(SeqCst);
            let current = number.value.load(SeqCst);
            let found = join_all((0..20).map(|reader| get(&instances[reader % 2]))).await;
            assert_eq!(found, [current; 20]);
            assert_eq!(number.reads.load(SeqCst), reads + 1, "one fetch for all");
            if encoding == Encoding::Hash {
                let field = instance().field::<Held, i64>(&key(), "value").await;
                assert_eq!(field, Some(current));
            }
            for node in nodes {
                node.command("SCRIPT FLUSH");
            }
            assert!(instances[0].invalidate(NUMBERS).await);
        }
    }
    let locks = Locks::new(Some(redis.clone()), "kith");
    let long = Duration::from_secs(600);
    let first = locks
        .acquire("one", long)
        .await
        .expect("Redis is up")
        .expect("it is free");
    assert_eq!(locks.acquire("one", long).await.expect("Redis is up"), None);
    assert!(locks.extend(&first, long).await.expect("Redis is up"));
    assert!(locks.release(first).await.expect("Redis is up"));
}

/// A client hears of its connection, and then of each message.
async fn pubsub_suite(redis: &Redis) {
    if !redis.has_pubsub() {
        return;
    }
    let mut subscription = redis.subscribe("hints");
    hear(&mut subscription).await;
    for _ in 0..3 {
        redis.publish("hints").await;
        hear(&mut subscription).await;
    }
}

async fn hear(subscription: &mut Subscription) {
    let heard = tokio::time::timeout(PATIENCE, subscription.next()).await;
    heard.expect("a message in time");
}

#[tokio::test]
async fn a_user_who_may_not_publish_can_do_everything_else() {
    let server = RedisServer::start();
    server.command("ACL SETUSER limited on >secret ~* +@all resetchannels");
    let address = format!("redis://limited:secret@127.0.0.1:{}", server.port());
    let redis = connect(address.parse().expect("an address")).await;
    redis.publish("hints").await;
    assert!(redis.health().is_up());
    let mut write = redis::cmd("SET");
    write.arg("here").arg(1).arg("EX").arg(60);
    redis.query::<Value>(&write).await.expect("Redis is up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_on_one_node() {
    let server = RedisServer::start();
    suite(
        connect(server.url().parse().expect("an address")).await,
        &[&server],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster() {
    let (nodes, address) = cluster().await;
    let nodes: Vec<&RedisServer> = nodes.iter().collect();
    suite(connect(address).await, &nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_over_rest() {
    kith_runtime::install_crypto_provider();
    let server = RedisServer::start();
    let url = rest_bridge(&server).await;
    let token = TOKEN.to_owned();
    suite(connect(Address::Rest { url, token }).await, &[&server]).await;
}

/// A certificate for 127.0.0.1 that an authority of the test's own has signed. Returns the
/// directory of `ca.pem`, `server.pem` and `server.key`.
fn certificates() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let key = || rcgen::KeyPair::generate().expect("a key");
    let (ca_key, server_key) = (key(), key());
    let mut ca = rcgen::CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).expect("a certificate");
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let server = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
    let server = server
        .signed_by(&server_key, &issuer)
        .expect("a certificate");
    for (name, pem) in [
        ("ca.pem", ca_certificate.pem()),
        ("server.pem", server.pem()),
        ("server.key", server_key.serialize_pem()),
    ] {
        std::fs::write(directory.path().join(name), pem).expect("a file");
    }
    directory
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_over_tls() {
    kith_runtime::install_crypto_provider();
    let files = certificates();
    let file = |name: &str| files.path().join(name).display().to_string();
    let port = free_port();
    let server = RedisServer::with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-auth-clients",
        "no",
        "--tls-ca-cert-file",
        &file("ca.pem"),
        "--tls-cert-file",
        &file("server.pem"),
        "--tls-key-file",
        &file("server.key"),
    ]);
    let address: Address = format!("rediss://127.0.0.1:{port}")
        .parse()
        .expect("an address");
    let text = format!("[redis]\nca_file = \"{}\"\n", file("ca.pem"));
    let configuration = files.path().join("Leptos.toml");
    std::fs::write(&configuration, text).expect("a configuration");
    let no_env = std::iter::empty::<(String, String)>();
    let config = Config::load(Some(&configuration), no_env).expect("a valid configuration");
    let authorities = config.redis.ca_file.expect("the file").content();

    let redis = Redis::connect(kith_redis::Options {
        timeout: Duration::from_secs(10),
        ca_certificates: Some(authorities),
        ..kith_redis::Options::new(address.clone())
    });
    suite(reached(redis).await, &[&server]).await;

    // The client does not trust an authority that the operator has not named.
    let stranger = Redis::connect(kith_redis::Options {
        timeout: Duration::from_secs(10),
        ..kith_redis::Options::new(address)
    });
    until("it was tried", || {
        stranger.health().failure != Some(DownReason::NotConnected)
    })
    .await;
    assert!(!stranger.health().is_up());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_behind_sentinel_and_after_its_primary_is_gone() {
    let mut primary = RedisServer::start();
    let of_primary = format!("127.0.0.1 {}", primary.port());
    let replica = RedisServer::with(&["--replicaof", &of_primary]);
    let sentinel = RedisServer::sentinel_of(&primary);
    until("the Sentinel knows the replica", || {
        sentinel
            .command("SENTINEL MASTERS")
            .contains("num-slaves\r\n$1\r\n1")
            && replica
                .command("INFO replication")
                .contains("master_link_status:up")
    })
    .await;
    let address = format!("redis+sentinel://127.0.0.1:{}/kith", sentinel.port());
    let redis = connect(address.parse().expect("an address")).await;
    suite(redis.clone(), &[&primary]).await;
    let mut subscription = redis.subscribe("hints");
    hear(&mut subscription).await;

    primary.kill();
    until("the replica has taken over", || {
        replica.command("ROLE").contains("master")
    })
    .await;
    let script = Script::new("return redis.call('SET', KEYS[1], 'here', 'EX', 60)");
    let call = script.call(["after-failover"].into_iter());
    let start = Instant::now();
    while redis.call::<Value>(&call).await.is_err() {
        assert!(start.elapsed() < PATIENCE, "the new primary is not used");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(replica.command("GET after-failover").contains("here"));
    // The first is the new connection.
    hear(&mut subscription).await;
    redis.publish("hints").await;
    hear(&mut subscription).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_with_a_password_of_their_own() {
    let primary = RedisServer::with(&["--requirepass", "of-the-primary"]);
    let sentinel = RedisServer::sentinel_with(&primary, Some("of-the-sentinel"));
    let url = format!(
        "redis+sentinel://:of-the-primary@127.0.0.1:{}/kith",
        sentinel.port()
    );
    let address = |password: Option<&str>| {
        let settings = [
            ("REDIS_URL", Some(&*url)),
            ("KITH_REDIS_SENTINEL_PASSWORD", password),
        ];
        let settings = settings
            .into_iter()
            .filter_map(|(name, value)| Some((OsString::from(name), OsString::from(value?))));
        let config = Config::load(Some("/dev/null".as_ref()), settings).expect("settings");
        config.redis.address().expect("an address")
    };
    let redis = connect(address(Some("of-the-sentinel"))).await;
    let mut write = redis::cmd("SET");
    write.arg("here").arg(1).arg("EX").arg(60);
    redis.query::<Value>(&write).await.expect("Redis is up");
    assert!(primary.command("GET here").contains('1'));

    for password in [None, Some("of-the-primary")] {
        let stranger = Redis::connect(kith_redis::Options {
            timeout: Duration::from_secs(10),
            ..kith_redis::Options::new(address(password))
        });
        until("it was tried", || {
            stranger.health().failure != Some(DownReason::NotConnected)
        })
        .await;
        assert_eq!(
            stranger.health().failure,
            Some(DownReason::PermissionDenied)
        );
    }
}

/// A server that answers every request like this.
async fn rest_that_says(status: StatusCode, body: &'static str) -> String {
    let router = Router::new().fallback(move || async move {
        let location = [("location", "https://elsewhere.example/")];
        (status, location, body)
    });
    serve(router).await
}

#[tokio::test]
async fn an_answer_of_a_rest_api_that_is_not_from_redis_is_reported_as_what_it_is() {
    kith_runtime::install_crypto_provider();
    const PAGE: &str = "<!doctype html><title>Welcome</title>";
    for (status, body, loss) in [
        (
            429,
            r#"{"error":"Too Many Requests"}"#,
            DownReason::Throttled,
        ),
        (
            400,
            r#"{"error":"ERR max daily request limit exceeded. Limit: 10000"}"#,
            DownReason::Throttled,
        ),
        (
            400,
            r#"{"error":"ERR max requests limit exceeded. Limit: 500000"}"#,
            DownReason::Throttled,
        ),
        (500, "", DownReason::ServerError),
        (503, PAGE, DownReason::ServerError),
        (504, PAGE, DownReason::ServerError),
        (301, "", DownReason::NoRestApi),
        (302, PAGE, DownReason::NoRestApi),
        (308, "", DownReason::NoRestApi),
        (404, PAGE, DownReason::NoRestApi),
        (405, "", DownReason::NoRestApi),
        (
            401,
            r#"{"error":"Unauthorized"}"#,
            DownReason::TokenRejected,
        ),
        (403, PAGE, DownReason::TokenRejected),
        (200, PAGE, DownReason::InvalidAnswer),
        (200, "", DownReason::InvalidAnswer),
        (400, PAGE, DownReason::InvalidAnswer),
        (418, "", DownReason::InvalidAnswer),
    ] {
        let status = StatusCode::from_u16(status).expect("a status");
        let url = rest_that_says(status, body).await;
        let token = TOKEN.to_owned();
        let redis = Redis::connect(kith_redis::Options {
            timeout: Duration::from_secs(10),
            ..kith_redis::Options::new(Address::Rest { url, token })
        });
        until("it was tried", || {
            redis.health().failure != Some(DownReason::NotConnected)
        })
        .await;
        assert_eq!(redis.health().failure, Some(loss), "{status} {body}");
    }
}

#[tokio::test]
async fn a_rest_api_that_is_throttled_breaks_the_circuit_and_one_that_refuses_a_call_does_not() {
    kith_runtime::install_crypto_provider();
    // Healthy for small requests; large ones meet what the test says.
    let server = RedisServer::start();
    let large = Arc::new(AtomicU16::new(413));
    let answers = large.clone();
    let router = rest_router(&server).await;
    let url = serve(router.layer(from_fn(move |request: Request, next: Next| {
        let status = StatusCode::from_u16(answers.load(SeqCst)).expect("a status");
        async move {
            if request.body().size_hint().lower() > 10_000 {
                return status.into_response();
            }
            next.run(request).await
        }
    })))
    .await;
    let token = TOKEN.to_owned();
    let redis = connect(Address::Rest { url, token }).await;

    let mut write = redis::cmd("SET");
    write.arg("key").arg("x".repeat(20_000));
    let refused = redis.query::<Value>(&write).await;
    assert!(
        matches!(refused, Err(kith_redis::Error::Rejected(_))),
        "{refused:?}"
    );
    assert!(redis.health().is_up(), "it is about this call alone");

    large.store(429, SeqCst);
    let lost = redis
        .query::<Value>(&write)
        .await
        .expect_err("it is throttled");
    assert_eq!(
        lost.to_string(),
        "Redis takes no more requests for now: they are too many, or a quota is used up"
    );
    // The probe is small.
    reached(redis).await;
}

/// Waits for a condition.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "not yet: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
