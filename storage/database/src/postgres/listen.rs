//! NOTIFY from the transaction of a change, LISTEN in every process that somebody waits in.
//!
//! The channel is the service's schema. A message names the process it comes from, which was woken by its own commit
//! already, and the topic. PostgreSQL delivers it after the commit and never before, keeps none for who does not listen,
//! and drops equal ones of one transaction.

use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};

use super::Database;
use crate::Value;
use crate::events::{Hub, Topic};

/// How long to wait after the listening connection could not be had.
const RETRY: Duration = Duration::from_secs(1);

/// What a transaction needs to tell others.
#[derive(Debug)]
pub(super) struct Notifier {
    channel: Arc<str>,
    node: Arc<str>,
}

impl Notifier {
    pub(super) const SQL: &'static str = "SELECT CAST(pg_notify($1, $2) AS TEXT)";

    pub(super) fn new(channel: &Arc<str>, node: &Arc<str>) -> Self {
        Self {
            channel: Arc::clone(channel),
            node: Arc::clone(node),
        }
    }

    pub(super) fn params(&self, topic: &Topic) -> [Value; 2] {
        let message = format!("{} {} {}", self.node, topic.tenant(), topic.name());
        [Value::Text(self.channel.to_string()), Value::Text(message)]
    }
}

impl Database {
    /// Wakes whoever waits here for what other processes publish, until the hub is gone or the database closed. A lost
    /// connection is replaced; what was missed meanwhile nobody can tell, so everybody looks.
    pub(crate) async fn listen(self, hub: Weak<Hub>) {
        while !self.pool.is_closed() && hub.strong_count() > 0 {
            if let Err(error) = self.listen_once(&hub).await {
                tracing::warn!(place = &*self.place, %error, "cannot listen for events of other processes: trying again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    async fn listen_once(&self, hub: &Weak<Hub>) -> Result<(), sqlx::Error> {
        // A connection beside the pool's: it is held for as long as the process lives.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(self.options.acquire_timeout)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_lazy_with(self.pool.connect_options().as_ref().clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(&self.schema).await?;
        // What was published before anybody listened.
        let Some(live) = hub.upgrade() else {
            return Ok(());
        };
        live.wake_all();
        drop(live);
        loop {
            let heard = listener.try_recv().await?;
            let Some(hub) = hub.upgrade() else {
                return Ok(());
            };
            match heard.as_ref().map(|heard| self.topic(heard.payload())) {
                Some(Heard::Other(topic)) => hub.wake_topic(&topic),
                Some(Heard::Own) => {}
                // Nothing anybody of ours says, or the connection was lost and is there again.
                Some(Heard::Unclear) | None => hub.wake_all(),
            }
        }
    }

    fn topic(&self, message: &str) -> Heard {
        let mut parts = message.splitn(3, ' ');
        let (Some(node), Some(tenant), Some(name)) = (parts.next(), parts.next(), parts.next())
        else {
            return Heard::Unclear;
        };
        if node == &*self.node {
            return Heard::Own;
        }
        Topic::new(tenant, name).map_or(Heard::Unclear, Heard::Other)
    }
}

/// What a notification says.
enum Heard {
    Own,
    Other(Topic),
    Unclear,
}
