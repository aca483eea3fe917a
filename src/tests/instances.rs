//! Two instances of Kith on one database: what admins and Prometheus see of them, and what they keep apart in Redis.

use std::num::NonZeroU32;
use std::time::Duration;

use kith::services::config::Config;
use kith::web::state::AppState;
use kith_redis::Redis;
use kith_test_support::postgres_server::PostgresServer;
use kith_test_support::redis_server::RedisServer;
use reqwest::StatusCode;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::html::Page;
use crate::limits::with_redis;

/// How long a decision may wait for Redis on a busy machine.
const BUDGET: Duration = Duration::from_secs(10);

/// The rows of the table of instances.
const ROWS: &str = "#instances tbody tr";

/// An instance whose data is in this folder.
async fn instance(data: &TempDir, change: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::with(|config| {
        config.data.dir = data.path().to_owned();
        config.limits.dashboard.limit = NonZeroU32::MAX;
        change(config);
    })
    .await
}

async fn dashboard(app: &TestApp) -> Page {
    let answer = app.get("/dashboard").await;
    assert_eq!(answer.status(), StatusCode::OK);
    Page::read(answer).await
}

/// The dashboard once it says this, which takes until its values are read again.
async fn dashboard_until(app: &TestApp, is_so: impl Fn(&Page) -> bool) -> Page {
    for _ in 0..300 {
        let page = dashboard(app).await;
        if is_so(&page) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the dashboard does not say it");
}

fn addresses(apps: &[&TestApp]) -> Vec<String> {
    let address = |app: &&TestApp| app.origin.replace("http://", "");
    apps.iter().map(address).collect()
}

#[tokio::test]
async fn admins_see_the_instances_side_by_side() {
    let data = tempfile::tempdir().expect("a directory");
    let one = instance(&data, |_| {}).await;
    assert_eq!(dashboard(&one).await.count(ROWS), 0);
    let mut two = instance(&data, |_| {}).await;
    let page = dashboard_until(&one, |page| page.count(ROWS) == 2).await;
    let text = page.text_of_id("live");
    for address in addresses(&[&one, &two]) {
        assert!(text.contains(&address), "{address} in {text}");
    }
    assert!(!page.has("#settings-warning"));
    assert!(
        page.text_of_id("uptime")
            .contains("the oldest of 2 instances")
    );
    // Whichever instance answers, the page says the same.
    let other = dashboard_until(&two, |page| page.count(ROWS) == 2).await;
    for id in ["cached-entries", "system-process", "system-database"] {
        assert_eq!(page.text_of_id(id), other.text_of_id(id));
    }
    two.stop().await;
    let page = dashboard_until(&one, |page| page.count(ROWS) == 0).await;
    assert!(page.text_of_id("system-process").contains("This process"));
}

#[tokio::test]
async fn instances_with_different_settings_are_named() {
    let data = tempfile::tempdir().expect("a directory");
    let one = instance(&data, |_| {}).await;
    let _two = instance(&data, |config| config.welcome.enabled = false).await;
    let page = dashboard_until(&one, |page| page.count(ROWS) == 2).await;
    assert!(
        page.text_of_id("settings-warning")
            .contains("different settings")
    );
}

#[tokio::test]
async fn mails_do_not_go_into_two_folders() {
    let database = PostgresServer::shared().database();
    let config = |data: &TempDir| {
        let mut config = Config::default();
        config.data.dir = data.path().to_owned();
        config.data.database_url = Some(database.url().parse().expect("an address"));
        config
    };
    let data = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let first = AppState::open(config(&data[0])).await.expect("it starts");
    first.start().await;
    let same_folder = AppState::open(config(&data[0])).await;
    same_folder.expect("it starts").close().await;
    let refused = AppState::open(config(&data[1])).await.err();
    let refused = refused.expect("it does not start").to_string();
    assert!(
        refused.contains("two folders") && refused.contains("SMTP_URL"),
        "{refused}"
    );
    first.close().await;
    let only = AppState::open(config(&data[1])).await;
    only.expect("it starts").close().await;
}

/// The sample of this name and these labels.
fn sample(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.unwrap_or_else(|| panic!("{name} in\n{text}"));
    value.trim().parse().expect("a number")
}

#[tokio::test]
async fn the_sum_over_processes_is_what_they_have_done_together() {
    let data = tempfile::tempdir().expect("a directory");
    let apps = [instance(&data, |_| {}).await, instance(&data, |_| {}).await];
    for (app, contacts) in apps.iter().zip([2, 3]) {
        for number in 0..contacts {
            let name = format!("Person {number}");
            app.create(&name, &format!("p{number}@example.com")).await;
        }
    }
    let shared = "kith_shared_contacts_created_total ";
    for _ in 0..300 {
        let mut texts = Vec::new();
        for app in &apps {
            texts.push(app.get("/metrics").await.text().await.expect("text"));
        }
        let own = texts
            .iter()
            .map(|text| sample(text, "kith_contacts_created_total "));
        assert_eq!(own.sum::<f64>(), 5.0);
        if texts.iter().all(|text| sample(text, shared) == 5.0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the instances do not tell what they have counted together");
}

#[tokio::test]
async fn two_installations_on_one_redis_share_no_limits() {
    let redis = RedisServer::start();
    let limited = |config: &mut Config| {
        with_redis(config, &redis, BUDGET);
        config.limits.api.limit = NonZeroU32::MIN;
    };
    let (first, second) = (
        tempfile::tempdir().expect("a directory"),
        tempfile::tempdir().expect("a directory"),
    );
    let apps = [
        instance(&first, limited).await,
        instance(&first, limited).await,
        instance(&second, limited).await,
    ];
    let mut statuses = Vec::new();
    for app in &apps {
        let redis = app.part::<Option<Redis>>();
        redis.as_ref().expect("a Redis").wait_until_up().await;
        statuses.push(app.get("/api/contacts").await.status().as_u16());
    }
    assert_eq!(statuses, [200, 429, 200]);
}
