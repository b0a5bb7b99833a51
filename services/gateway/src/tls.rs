//! TLS towards the outside: a certificate that somebody else renews, read again when its files change.

mod acceptor;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::time::MissedTickBehavior;

pub(crate) use self::acceptor::{Acceptor, Secured};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Why a certificate cannot be used. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of the certificate chain is not readable, holds none, or something that is none.
    #[error(
        "cannot read a certificate: {path}: {source}: write the chain there as PEM, the server's own certificate first"
    )]
    Certificate {
        /// `gateway.tls_certificate`.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file of the private key is not readable or holds none.
    #[error(
        "cannot read a private key: {path}: {source}: write it there as PEM (PKCS#8, SEC1 or PKCS#1)"
    )]
    Key {
        /// `gateway.tls_key`.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The two are no pair, or of a kind that is not supported.
    #[error(
        "certificate and key cannot be used together: {certificate} and {key}: {source}: write the key that the certificate was issued for"
    )]
    Pair {
        /// `gateway.tls_certificate`.
        certificate: PathBuf,
        /// `gateway.tls_key`.
        key: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
}

/// The gateway's certificate, in use. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    pair: Arc<Pair>,
}

impl Tls {
    /// Reads certificate chain and key, both PEM.
    ///
    /// # Errors
    /// A file that cannot be read or used.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let pair = Arc::new(Pair::load(certificate, key, provider)?);
        Ok(Self { pair })
    }

    /// What answers handshakes with the pair of that moment.
    fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::clone(&self.pair) as Arc<dyn ResolvesServerCert>
    }

    /// Looks after the files for ever. A renewed pair serves the next handshake; a bad one is reported once, and the
    /// one in use stays.
    pub(crate) async fn keep_fresh(&self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let pair = Arc::clone(&self.pair);
            // Reading a file may block.
            let looked = tokio::task::spawn_blocking(move || pair.refresh()).await;
            match looked {
                Ok(Ok(true)) => tracing::info!("the renewed certificate is in use"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => {
                    tracing::error!(%error, "the certificate is not renewed: the one in use stays");
                }
                Err(error) => tracing::error!(%error, "the certificate could not be looked at"),
            }
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("certificate", &self.pair.certificate)
            .finish_non_exhaustive()
    }
}

/// Two files, and what was last read from them.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<CertifiedKey>,
    /// Of the files at the last look, whether they could be used then or not.
    seen: Mutex<Stamp>,
}

/// What changes when a file does: its time and its length, of both files.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Pair {
    fn load(
        certificate: &Path,
        key: &Path,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        // Before reading: what is written meanwhile is read again.
        let seen = Mutex::new(stamp(certificate, key));
        let current = ArcSwap::from_pointee(read(certificate, key, &provider)?);
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            provider,
            current,
            seen,
        })
    }

    /// Whether there is a new pair in use now.
    fn refresh(&self) -> Result<bool, TlsError> {
        let now = stamp(&self.certificate, &self.key);
        let before = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *seen, now)
        };
        if before == now {
            return Ok(false);
        }
        let read = read(&self.certificate, &self.key, &self.provider)?;
        self.current.store(Arc::new(read));
        Ok(true)
    }
}

fn stamp(certificate: &Path, key: &Path) -> Stamp {
    [certificate, key].map(|path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    })
}

fn read(
    certificate: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(|sections| sections.collect::<Result<Vec<_>, _>>())
        .and_then(|chain| match chain.is_empty() {
            true => Err(rustls_pki_types::pem::Error::NoItemsFound),
            false => Ok(chain),
        })
        .map_err(|source| TlsError::Certificate {
            path: certificate.to_owned(),
            source: source.into(),
        })?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::Key {
        path: key.to_owned(),
        source: source.into(),
    })?;
    CertifiedKey::from_der(chain, secret, provider).map_err(|source| TlsError::Pair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    })
}

impl ResolvesServerCert for Pair {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
