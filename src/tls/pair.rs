//! A certificate with its chain, and the key that fits.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

/// More than any chain of certificates, in bytes.
const LONGEST: u64 = 1 << 20;

/// Where a pair lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairFiles {
    /// The certificate, and after it those that lead to its authority; PEM (RFC 7468).
    pub certificate: PathBuf,
    /// Its private key; PEM: PKCS #8, or as `OpenSSL` has written them before.
    pub key: PathBuf,
}

/// A certificate and its key, which fit.
#[derive(Clone, Debug)]
pub struct Pair(pub(super) Arc<CertifiedKey>);

/// What is wrong with a pair, by the file to look at. A sentence, and one that says what to do;
/// never anything of the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// With the certificate.
    #[error("{0}")]
    Certificate(String),
    /// With the key, or with how the two fit.
    #[error("{0}")]
    Key(String),
}

impl Pair {
    /// Reads a pair. All that is wrong with it comes at once.
    pub fn read(files: &PairFiles) -> Result<Self, Vec<Flaw>> {
        let chain = chain(&files.certificate).map_err(Flaw::Certificate);
        let key = key(&files.key).map_err(Flaw::Key);
        let (chain, key) = match (chain, key) {
            (Ok(chain), Ok(key)) => (chain, key),
            (chain, key) => return Err(chain.err().into_iter().chain(key.err()).collect()),
        };
        match CertifiedKey::from_der(chain, key, &provider()) {
            Ok(pair) => Ok(Self(Arc::new(pair))),
            Err(error) => Err(vec![misfit(files, &error)]),
        }
    }

    /// Whether browsers take it for this host; a name, or an address without brackets.
    pub fn is_for(&self, host: &str) -> bool {
        let Ok(name) = ServerName::try_from(host) else {
            return false;
        };
        let first = self.0.end_entity_cert().ok();
        first
            .and_then(|first| ParsedCertificate::try_from(first).ok())
            .is_some_and(|parsed| rustls::client::verify_server_name(&parsed, &name).is_ok())
    }
}

/// The one that the rest of the house has built in already.
pub(super) fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

fn misfit(files: &PairFiles, error: &rustls::Error) -> Flaw {
    let (certificate, key) = (files.certificate.display(), files.key.display());
    match error {
        rustls::Error::InconsistentKeys(_) => Flaw::Key(format!(
            "The key in {key} does not belong to the first certificate in {certificate}. Write \
             the two that were made together, the server's certificate before its authority's."
        )),
        rustls::Error::InvalidCertificate(_) => Flaw::Certificate(format!(
            "The first certificate in {certificate} cannot be read: {error}. Write the server's \
             certificate there, as your authority issued it."
        )),
        _ => Flaw::Key(format!(
            "The key in {key} cannot be used: {error}. Write an ECDSA key (P-256 or P-384), an \
             Ed25519 key, or an RSA key of 2048 to 8192 bits."
        )),
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = path.display();
    let text = bytes(path, "certificate")?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(format!(
            "{shown} holds no certificate as PEM. It has lines between -----BEGIN CERTIFICATE----- \
             and -----END CERTIFICATE-----; to make it from DER, write: openssl x509 -inform der \
             -in {shown}"
        )),
        Err(_) => Err(format!(
            "{shown} is not whole PEM. Copy it again, from the line -----BEGIN CERTIFICATE----- to \
             the line -----END CERTIFICATE-----."
        )),
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let shown = path.display();
    let text = bytes(path, "key")?;
    if contains(&text, b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || contains(&text, b"Proc-Type: 4,ENCRYPTED")
    {
        return Err(format!(
            "The key in {shown} is locked by a password, and nobody is here to type it. Write: \
             openssl pkey -in {shown} -out unlocked.key"
        ));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        PemError::NoItemsFound => format!(
            "{shown} holds no private key as PEM. It has lines between -----BEGIN PRIVATE KEY----- \
             and -----END PRIVATE KEY-----; to make it from DER, write: openssl pkey -inform der \
             -in {shown}"
        ),
        _ => format!("{shown} is not whole PEM. Copy it again, with its first and last line."),
    })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn bytes(path: &Path, noun: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let shown = path.display();
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    read.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!("There is no file {shown}. Write the path of the {noun}, in PEM.")
        }
        _ => format!("{shown} cannot be read: {error}. Let this user read it."),
    })?;
    Ok(bytes)
}
