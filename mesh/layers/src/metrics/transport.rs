//! Connections, from what the listener reports: Linkerd's TCP names where it has them.

use preau_mesh_transport::{CloseReason, TransportEvent, TransportEvents};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{Labels, Metrics};

#[derive(Debug, Default)]
pub(super) struct TransportMetrics {
    opened: Family<Labels, Counter>,
    closed: Family<Labels, Counter>,
    open: Family<Labels, Gauge>,
    refused: Family<Labels, Counter>,
    handshakes_failed: Counter,
    aged: Counter,
    emfile: Counter,
}

impl TransportMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "tcp_open",
            "Connections that passed their handshake",
            self.opened.clone(),
        );
        registry.register(
            "tcp_close",
            "Connections that ended, by reason",
            self.closed.clone(),
        );
        registry.register(
            "tcp_open_connections",
            "Connections open now",
            self.open.clone(),
        );
        registry.register(
            "tcp_refused",
            "Connections closed at a limit, by limit",
            self.refused.clone(),
        );
        let handshakes = self.handshakes_failed.clone();
        registry.register(
            "tls_handshake_failed",
            "Handshakes that failed or took too long",
            handshakes,
        );
        registry.register(
            "tcp_aged",
            "Connections told to go away because of their age",
            self.aged.clone(),
        );
        registry.register(
            "tcp_emfile",
            "Pauses because file descriptors ran out",
            self.emfile.clone(),
        );
    }
}

impl TransportEvents for Metrics {
    fn on(&self, event: TransportEvent<'_>) {
        let metrics = &self.families.transport;
        match event {
            TransportEvent::Accepted { info } => {
                let labels = inbound(&info.role);
                metrics.opened.get_or_create(&labels).inc();
                metrics.open.get_or_create(&labels).inc();
            }
            TransportEvent::Closed { info, reason } => {
                let mut labels = inbound(&info.role);
                metrics.open.get_or_create(&labels).dec();
                labels.push(("reason", name(reason).into()));
                metrics.closed.get_or_create(&labels).inc();
            }
            TransportEvent::Refused { reason, .. } => {
                metrics
                    .refused
                    .get_or_create(&vec![("reason", reason.to_owned())])
                    .inc();
            }
            // The reason is free text, which is for logs: as a label it would have no bound.
            TransportEvent::HandshakeFailed { remote, reason } => {
                tracing::debug!(target: crate::TARGET, %remote, reason, "handshake failed");
                metrics.handshakes_failed.inc();
            }
            TransportEvent::Aged { .. } => {
                metrics.aged.inc();
            }
            TransportEvent::Emfile { pause } => {
                tracing::warn!(target: crate::TARGET, ?pause, "file descriptors ran out: accepting pauses");
                metrics.emfile.inc();
            }
            _ => {}
        }
    }
}

fn inbound(role: &str) -> Labels {
    vec![
        ("direction", "inbound".into()),
        ("peer", "src".into()),
        ("tls", "true".into()),
        ("role", role.into()),
    ]
}

fn name(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Finished => "finished",
        CloseReason::Broken => "broken",
        CloseReason::Forced => "forced",
        CloseReason::Denied => "denied",
        _ => "other",
    }
}
