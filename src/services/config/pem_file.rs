//! Certificates in a file.

use std::fmt;
use std::fs;
use std::str::FromStr;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// A file of certificates, read when the configuration is.
#[derive(Clone)]
pub struct PemFile {
    path: String,
    content: Vec<u8>,
}

/// The file cannot be read, or holds something else than certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a file of certificates in PEM form")]
pub struct InvalidPemFile;

impl PemFile {
    /// What was in it.
    pub fn content(&self) -> Vec<u8> {
        self.content.clone()
    }
}

impl FromStr for PemFile {
    type Err = InvalidPemFile;

    fn from_str(path: &str) -> Result<Self, InvalidPemFile> {
        let content = fs::read(path).map_err(|_| InvalidPemFile)?;
        let mut certificates = CertificateDer::pem_slice_iter(&content).peekable();
        let any = certificates.peek().is_some();
        if !any || !certificates.all(|certificate| certificate.is_ok()) {
            return Err(InvalidPemFile);
        }
        Ok(Self {
            path: path.to_owned(),
            content,
        })
    }
}

impl fmt::Display for PemFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}
