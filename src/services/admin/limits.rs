//! What admins change of the limits: quotas, and the networks that Kith refuses.

use std::time::Duration;

use ipnet::IpNet;
use kith_limit::Quota;

use super::Admin;
use super::AdminService;
use super::audit_log::Action;
use super::audit_log::Outcome;
use super::audit_log::count;
use super::audit_log::unavailable;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::audit_log::Kind;
use crate::services::config::format_duration;
use crate::services::overrides::MAX_DENIED_NETWORKS;
use crate::services::policies::RequestClass;

/// How many polls of an open dashboard its limit must let through in a window. Several dashboards may be
/// open, and an admin who changes the limit back needs some requests as well.
const MIN_POLLS_PER_WINDOW: f64 = 2.0;

impl AdminService {
    /// Changes how many requests a policy lets through, on every instance; `None` takes that back.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn set_limit(
        &self,
        admin: &Admin,
        class: RequestClass,
        quota: Option<Quota>,
    ) -> Outcome {
        let in_force = quota.unwrap_or_else(|| self.overrides.configured(class));
        let window = Duration::from_millis(in_force.window()).as_secs_f64();
        let polls = MIN_POLLS_PER_WINDOW * window / self.poll_interval.as_secs_f64();
        let polls = polls.ceil().max(MIN_POLLS_PER_WINDOW) as u64;
        if class == RequestClass::Dashboard && quota.is_some() && in_force.limit() < polls {
            return Err(AppError::bad_request(t!(
                "An open dashboard would be refused. Let at least {polls} requests through in this window.",
                polls = polls
            )));
        }
        let described = describe_quota(in_force);
        let action = match quota {
            Some(_) => format!("Limit of {} set to {described}.", class.name()),
            None => format!(
                "Limit of {} back to {described}, as configured.",
                class.name()
            ),
        };
        let mut tx = self.database.write().await.map_err(unavailable)?;
        self.overrides
            .set_quota(&mut tx, class, quota)
            .await
            .map_err(unavailable)?;
        let entry = self.commit(tx, admin, of_limits(action)).await?;
        self.overrides.apply().await.map_err(unavailable)?;
        Ok(entry)
    }

    /// Refuses a network altogether, on every instance.
    ///
    /// # Errors
    /// [`AppError`], among others where the admin would be refused as well.
    pub async fn deny(&self, admin: &Admin, network: IpNet) -> Outcome {
        let network = network.trunc();
        if network.contains(&admin.address()) {
            return Err(AppError::bad_request(t!(
                "{network} holds your own address, {address}, so you would lock yourself out.",
                network = network,
                address = admin.address()
            )));
        }
        let action = format!("{} is denied.", describe_network(network));
        self.change_denied(admin, action, move |denied| {
            if denied.contains(&network) {
                return Err(AppError::bad_request(t!(
                    "{network} is denied already.",
                    network = describe_network(network)
                )));
            }
            if denied.len() >= MAX_DENIED_NETWORKS {
                return Err(AppError::bad_request(t!(
                    "There are {max} networks on the list already. Deny a larger network instead.",
                    max = MAX_DENIED_NETWORKS
                )));
            }
            denied.push(network);
            Ok(())
        })
        .await
    }

    /// Answers a network again.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn allow(&self, admin: &Admin, network: IpNet) -> Outcome {
        let action = format!("{} is no longer denied.", describe_network(network));
        self.change_denied(admin, action, move |denied| {
            let before = denied.len();
            denied.retain(|other| *other != network);
            if denied.len() == before {
                return Err(AppError::bad_request(t!(
                    "{network} is not denied.",
                    network = describe_network(network)
                )));
            }
            Ok(())
        })
        .await
    }

    async fn change_denied(
        &self,
        admin: &Admin,
        action: String,
        change: impl FnOnce(&mut Vec<IpNet>) -> Result<(), AppError>,
    ) -> Outcome {
        // Read and written in one transaction, so that two changes at the same time are both made.
        let mut tx = self.database.write().await.map_err(unavailable)?;
        let denied = self.overrides.denied(&mut tx).await;
        let mut denied = denied.map_err(unavailable)?;
        change(&mut denied)?;
        let set = self.overrides.set_denied(&mut tx, &denied).await;
        set.map_err(unavailable)?;
        let entry = self.commit(tx, admin, of_limits(action)).await?;
        self.overrides.apply().await.map_err(unavailable)?;
        Ok(entry)
    }
}

fn of_limits(text: String) -> Action {
    Action {
        kind: Kind::LimitsChanged,
        text,
    }
}

/// A network, without its length if it is a single address.
pub fn describe_network(network: IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

/// A quota as the audit log says it, for example `10 requests in 1m`.
fn describe_quota(quota: Quota) -> String {
    let window = format_duration(Duration::from_millis(quota.window()));
    format!("{} in {window}", count(quota.limit(), "request"))
}
