//! The handles of one (role, method, peer), found once per call, and the observer that moves them.

use std::sync::{Arc, OnceLock};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use tokio::time::Instant;
use tonic::Code;

use super::{Labels, Metrics};
use crate::observe::{Observer, Outcome};

/// gRPC's status codes, 0 to 16.
const CODES: usize = 17;
const HTTP_OK: u16 = 200;

/// Counters and histogram of one label set, so that a call hashes no label.
#[derive(Debug)]
pub(crate) struct Handles {
    metrics: Metrics,
    labels: Labels,
    requests: Counter,
    latency: Histogram,
    responses: [OnceLock<Counter>; CODES],
}

impl Handles {
    pub(crate) fn new(metrics: &Metrics, labels: Labels) -> Arc<Self> {
        let families = &metrics.families;
        Arc::new(Self {
            requests: families.requests.get_or_create_owned(&labels),
            latency: families
                .latency
                .get_or_create_owned(&with_http(&labels, HTTP_OK)),
            responses: Default::default(),
            metrics: metrics.clone(),
            labels,
        })
    }

    fn response(&self, outcome: Outcome) {
        match self.responses.get(outcome.code as usize) {
            Some(counter) if outcome.http == HTTP_OK => {
                counter.get_or_init(|| self.response_counter(outcome)).inc()
            }
            // Something that is no gRPC server answered; too rare to keep handles for.
            _ => self.response_counter(outcome).inc(),
        };
    }

    fn response_counter(&self, outcome: Outcome) -> Counter {
        let mut labels = with_http(&self.labels, outcome.http);
        let classification = if is_failure(outcome.code) {
            "failure"
        } else {
            "success"
        };
        labels.push(("classification", classification.into()));
        labels.push(("grpc_status", (outcome.code as i32).to_string()));
        self.metrics.families.responses.get_or_create_owned(&labels)
    }
}

/// Counts one call.
#[derive(Debug)]
pub struct CallObserver {
    handles: Arc<Handles>,
    started: Instant,
    measured: bool,
}

impl CallObserver {
    pub(crate) fn start(handles: Arc<Handles>) -> Self {
        handles.requests.inc();
        Self {
            handles,
            started: Instant::now(),
            measured: false,
        }
    }
}

impl Observer for CallObserver {
    fn first_data(&mut self) {
        self.measured = true;
        self.handles
            .latency
            .observe(self.started.elapsed().as_secs_f64() * 1_000.0);
    }

    fn ended(&mut self, outcome: Outcome) {
        if !self.measured {
            self.first_data();
        }
        self.handles.response(outcome);
    }
}

fn with_http(labels: &Labels, status: u16) -> Labels {
    let mut labels = labels.clone();
    labels.push(("status_code", status.to_string()));
    labels
}

/// linkerd2-proxy's default list.
fn is_failure(code: Code) -> bool {
    use Code::{DataLoss, DeadlineExceeded, Internal, PermissionDenied, Unavailable, Unknown};
    matches!(
        code,
        DataLoss | DeadlineExceeded | Internal | PermissionDenied | Unavailable | Unknown
    )
}
