//! [`RelyingParty`]: under which name browsers keep passkeys for Kith.

use std::fmt;
use std::sync::Arc;

use webauthn_rs::Webauthn;
use webauthn_rs::WebauthnBuilder;
use webauthn_rs::prelude::Url;

use crate::services::origin::Host;
use crate::services::origin::Origin;

/// The name of this machine, which browsers trust without https.
const LOCAL: &str = "localhost";

/// The name under which browsers keep passkeys for Kith, and the checks of what they send (WebAuthn Level 3). Cheap to
/// clone.
#[derive(Clone)]
pub struct RelyingParty {
    host: Arc<str>,
    webauthn: Arc<Webauthn>,
}

impl RelyingParty {
    /// The relying party of an origin; `None` where browsers have no passkeys: by plain http from another machine, and
    /// under an IP address.
    pub fn new(origin: &Origin) -> Option<Self> {
        let Some(Host::Name(host)) = origin.host() else {
            return None;
        };
        let is_local = host == LOCAL;
        if !origin.is_https() && !is_local {
            return None;
        }
        let url = Url::parse(origin.as_str()).ok()?;
        let webauthn = WebauthnBuilder::new(&host, &url)
            .ok()?
            .rp_name("Kith")
            // A tunnel to this machine has a port of its own.
            .allow_any_port(is_local)
            .build()
            .ok()?;
        Some(Self {
            host: host.into(),
            webauthn: Arc::new(webauthn),
        })
    }

    /// The relying party of a server that is asked on this machine only.
    pub fn local() -> Option<Self> {
        Self::new(&format!("http://{LOCAL}").parse().ok()?)
    }

    /// The host under whose name pages may ask for passkeys.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn webauthn(&self) -> &Webauthn {
        &self.webauthn
    }
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RelyingParty").field(&self.host).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_keep_passkeys_for_names_that_they_trust() {
        for (origin, host) in [
            ("https://kith.example.org", Some("kith.example.org")),
            ("https://kith.example.org:8443", Some("kith.example.org")),
            ("http://localhost:3000", Some("localhost")),
            ("http://kith.example.org", None),
            ("https://192.0.2.1", None),
            ("http://127.0.0.1:3000", None),
            ("https://[::1]", None),
        ] {
            let party = RelyingParty::new(&origin.parse().expect("an origin"));
            assert_eq!(party.as_ref().map(RelyingParty::host), host, "{origin}");
        }
        assert_eq!(RelyingParty::local().expect("a name").host(), "localhost");
    }
}
