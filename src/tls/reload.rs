//! The pair in use, and what replaces it when its files change.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::ServerConfig;
use super::pair::{Flaw, Pair, PairFiles, provider};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(1);

/// The pair that new connections get. A clone shares it.
#[derive(Clone, Debug)]
pub struct Certificates {
    files: PairFiles,
    current: Arc<Current>,
}

#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current))
    }
}

/// What changes when a file is written, replaced, or pointed to by another link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    place: (u64, i64, i64),
}

type Stamps = [Option<Stamp>; 2];

impl Certificates {
    /// Reads the pair for the first time.
    pub fn open(files: PairFiles) -> Result<Self, Vec<Flaw>> {
        let pair = Pair::read(&files)?;
        Ok(Self {
            files,
            current: Arc::new(Current(RwLock::new(pair.0))),
        })
    }

    /// For the server: TLS 1.2 and 1.3, no client certificates.
    pub fn server_config(&self) -> Result<ServerConfig, String> {
        let builder = ServerConfig::builder_with_provider(Arc::new(provider()));
        let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
        let builder = builder
            .with_protocol_versions(&versions)
            .map_err(|error| error.to_string())?;
        let resolver = Arc::clone(&self.current);
        Ok(builder.with_no_client_auth().with_cert_resolver(resolver))
    }

    /// Looks after the files for ever. A pair that is bad changes nothing but the log: connections
    /// go on with the one before.
    pub async fn follow(self) {
        let mut known = self.stamps().await;
        let mut tried = known;
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.stamps().await;
            // Two files are written one after the other: they have to rest for one look.
            if now == known && now != tried {
                tried = now;
                self.read_again().await;
            }
            known = now;
        }
    }

    async fn read_again(&self) {
        let files = self.files.clone();
        let read = tokio::task::spawn_blocking(move || Pair::read(&files)).await;
        match read {
            Ok(Ok(pair)) => {
                let current = &self.current.0;
                *current.write().unwrap_or_else(PoisonError::into_inner) = pair.0;
                tracing::info!("the TLS certificate and its key were read anew");
            }
            Ok(Err(flaws)) => {
                for flaw in flaws {
                    tracing::error!(%flaw, "the new TLS certificate is bad; the old one stays in use");
                }
            }
            Err(error) => tracing::error!(%error, "the TLS certificate could not be read anew"),
        }
    }

    async fn stamps(&self) -> Stamps {
        let files = self.files.clone();
        let look = move || [stamp(&files.certificate), stamp(&files.key)];
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp {
        modified: metadata.modified().ok(),
        length: metadata.len(),
        place: place(&metadata),
    })
}

/// The file's number and when that was last given other content or another name: `mv` keeps times.
#[cfg(unix)]
fn place(metadata: &std::fs::Metadata) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

/// Other systems tell less.
#[cfg(not(unix))]
const fn place(_: &std::fs::Metadata) -> (u64, i64, i64) {
    (0, 0, 0)
}
