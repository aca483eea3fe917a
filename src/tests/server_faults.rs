//! A PostgreSQL server that fails while clients read and write: they hear 503 and when to try again, and Kith heals by
//! itself.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use kith_test_support::postgres_server::PostgresDatabase;
use kith_test_support::postgres_server::PostgresServer;
use reqwest::Client;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::app::TestApp;
use crate::app::header;

/// How long Kith may take to notice a fault, and to heal.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long the answer to a request may take. A server that is frozen does not answer at all.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Clients that go on whatever they hear.
#[derive(Clone)]
struct Clients {
    client: Client,
    origin: String,
    end: CancellationToken,
    /// The names of the contacts that were acknowledged.
    acknowledged: Arc<Mutex<HashSet<String>>>,
}

impl Clients {
    async fn write(self) {
        for number in 0.. {
            let name = format!("Person {number}");
            let body = json!({"name": name, "email": format!("p{number}@example.com")});
            let request = self.client.post(format!("{}/api/contacts", self.origin));
            let request = request.header("Idempotency-Key", format!("key-{number}"));
            if self.is_done(request.json(&body).send().await, 201) {
                self.acknowledged.lock().expect("no panic").insert(name);
            }
            if self.end.is_cancelled() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn read(self, path: &'static str) {
        while !self.end.is_cancelled() {
            let request = self.client.get(format!("{}{path}", self.origin));
            self.is_done(request.header("accept", "text/html").send().await, 200);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether Kith has done what was asked. Otherwise it says that it cannot at the moment.
    fn is_done(&self, answer: reqwest::Result<Response>, done: u16) -> bool {
        let answer = answer.expect("Kith itself is there");
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = header(&answer, "retry-after").parse::<u32>();
            assert!(seconds.is_ok_and(|seconds| seconds > 0), "{answer:?}");
            return false;
        }
        assert_eq!(answer.status().as_u16(), done);
        true
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().expect("no panic").len()
    }
}

/// Waits until `/readyz` has this status, and returns what it says.
async fn until(app: &TestApp, status: StatusCode) -> Value {
    let waiting = async {
        loop {
            let answer = app.get("/readyz").await;
            if answer.status() == status {
                return answer.json().await.expect("JSON");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let known = tokio::time::timeout(TIMEOUT, waiting).await;
    known.unwrap_or_else(|_| panic!("/readyz does not become {status}"))
}

/// Whether Kith is ready while the server fails.
#[derive(PartialEq, Eq)]
enum Effect {
    /// Other connections take the place of those that have ended.
    Passes,
    IsMissed,
}

/// A fault, and how it ends.
struct Fault {
    name: &'static str,
    begin: fn(&mut PostgresServer, &PostgresDatabase),
    effect: Effect,
    end: fn(&mut PostgresServer, &PostgresDatabase),
}

const FAULTS: [Fault; 5] = [
    Fault {
        name: "every connection is ended",
        begin: |_, database| {
            database.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
        },
        effect: Effect::Passes,
        end: |_, _| {},
    },
    Fault {
        name: "killed",
        begin: |server, _| server.kill(),
        effect: Effect::IsMissed,
        end: |server, _| server.start_again(),
    },
    Fault {
        name: "stopped",
        begin: |server, _| server.stop(),
        effect: Effect::IsMissed,
        end: |server, _| server.start_again(),
    },
    Fault {
        name: "frozen",
        begin: |server, _| server.signal("-STOP"),
        effect: Effect::IsMissed,
        end: |server, _| server.signal("-CONT"),
    },
    Fault {
        name: "out of disk",
        begin: |_, database| {
            // As the server reports it where a table cannot grow.
            database.query(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$;
                 CREATE TRIGGER full_disk BEFORE INSERT ON contacts EXECUTE FUNCTION full_disk()",
            );
        },
        effect: Effect::IsMissed,
        end: |_, database| {
            database.query("DROP TRIGGER full_disk ON contacts; DROP FUNCTION full_disk()");
        },
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_hear_503_while_the_server_fails_and_nothing_acknowledged_is_lost() {
    let mut server = PostgresServer::start();
    let database = server.database();
    let app = TestApp::with(|config| {
        config.data.database_url = Some(database.url().parse().expect("an address"));
        config.server.request_timeout = REQUEST_TIMEOUT;
        config.limits.dashboard.limit = NonZeroU32::MAX;
    })
    .await;
    let clients = Clients {
        client: app.client.clone(),
        origin: app.origin.clone(),
        end: CancellationToken::new(),
        acknowledged: Arc::default(),
    };
    let mut tasks = vec![tokio::spawn(clients.clone().write())];
    for path in ["/api/contacts", "/contacts", "/contacts?q=person"] {
        tasks.push(tokio::spawn(clients.clone().read(path)));
    }

    for fault in FAULTS {
        let before = clients.count();
        (fault.begin)(&mut server, &database);
        if fault.effect == Effect::IsMissed {
            let ready = until(&app, StatusCode::SERVICE_UNAVAILABLE).await;
            assert_eq!(ready["ready"], false, "{}: {ready}", fault.name);
        }
        (fault.end)(&mut server, &database);
        until(&app, StatusCode::OK).await;
        let start = std::time::Instant::now();
        while clients.count() == before {
            assert!(start.elapsed() < TIMEOUT, "{}: no write works", fault.name);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    clients.end.cancel();
    for task in tasks {
        task.await.expect("no client heard anything else");
    }
    let contacts = database.query("SELECT name FROM contacts");
    let stored: HashSet<String> = contacts.lines().map(str::to_owned).collect();
    let acknowledged = clients.acknowledged.lock().expect("no panic");
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}
