//! A cable between clients and a platform: it keeps its address while the platform is started again on another one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes bytes on, both ways; pulled out when dropped.
pub struct Relay {
    address: SocketAddr,
    target: Arc<Mutex<Option<SocketAddr>>>,
    /// Counts pulls: whoever carries a connection leaves when it changes.
    pulls: watch::Sender<u64>,
    accepting: JoinHandle<()>,
}

impl Relay {
    /// On a loopback port of its own, to the gateway at `url` (`http://` or `https://`, host and port).
    ///
    /// # Errors
    /// When no port is free, or `url` names no address.
    pub async fn to(url: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let target = Arc::new(Mutex::new(Some(address_of(url)?)));
        let pulls = watch::Sender::new(0);
        let accepting = tokio::spawn(accept(listener, Arc::clone(&target), pulls.clone()));
        Ok(Self {
            address,
            target,
            pulls,
            accepting,
        })
    }

    /// Its address, `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection; new ones are closed at once until [`Relay::plug`].
    pub fn pull(&self) {
        *self.lock() = None;
        self.pulls.send_modify(|count| *count += 1);
    }

    /// Connects what comes from now on to the gateway at `url`.
    ///
    /// # Errors
    /// When `url` names no address.
    pub fn plug(&self, url: &str) -> anyhow::Result<()> {
        *self.lock() = Some(address_of(url)?);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SocketAddr>> {
        self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
        self.pulls.send_modify(|count| *count += 1);
    }
}

fn address_of(url: &str) -> anyhow::Result<SocketAddr> {
    let (_, address) = url.rsplit_once("//").context("no URL")?;
    address
        .trim_end_matches('/')
        .parse()
        .with_context(|| format!("{url} names no address and port"))
}

async fn accept(
    listener: TcpListener,
    target: Arc<Mutex<Option<SocketAddr>>>,
    pulls: watch::Sender<u64>,
) {
    while let Ok((near, _)) = listener.accept().await {
        let mut pulled = pulls.subscribe();
        let target = *target.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(target) = target else { continue };
        tokio::spawn(async move {
            tokio::select! {
                () = carry(near, target) => {}
                _ = pulled.changed() => {}
            }
        });
    }
}

async fn carry(mut near: TcpStream, target: SocketAddr) {
    // What either end does not do any more, the other one finds out by its connection ending.
    if let Ok(mut far) = TcpStream::connect(target).await {
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    }
}
