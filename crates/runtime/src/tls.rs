//! The cryptography of TLS.

/// Installs the cryptography that all TLS of this process uses, unless one is installed already. Call it
/// before any HTTP client is made, whether that client speaks TLS or not.
pub fn install_crypto_provider() {
    // The error says only that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
