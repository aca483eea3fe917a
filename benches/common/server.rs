//! A Kith of a benchmark's own.

use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use kith_test_support::redis_server::free_port;

/// What `/readyz` says of a Kith without a Redis.
const READY: &str = "\"ready\":true";

/// What it says once Kith uses its Redis.
const READY_WITH_REDIS: &str = "\"redis\":{\"state\":\"up\"";

/// A running Kith as shipped but for the limits, ended when dropped.
pub struct Server {
    pub process: Child,
    pub origin: String,
}

impl Server {
    /// Starts Kith with its data in this directory and with these settings, and waits until it is ready.
    pub async fn start(data: &Path, settings: &[(&str, &str)]) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let process = Command::new(env!("CARGO_BIN_EXE_kith"))
            .args(["--config", "/dev/null"])
            .env("KITH_SERVER_ADDR", &address)
            .env("KITH_DATA_DIR", data)
            .env("KITH_LIMITS_API_LIMIT", "1000000000")
            .env("KITH_LIMITS_UI_LIMIT", "1000000000")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        let server = Self {
            process,
            origin: format!("http://{address}"),
        };
        let ready = match settings.iter().any(|(name, _)| *name == "REDIS_URL") {
            true => READY_WITH_REDIS,
            false => READY,
        };
        while !server.says(ready).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server
    }

    async fn says(&self, ready: &str) -> bool {
        let Ok(answer) = reqwest::get(format!("{}/readyz", self.origin)).await else {
            return false;
        };
        answer.text().await.is_ok_and(|text| text.contains(ready))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
