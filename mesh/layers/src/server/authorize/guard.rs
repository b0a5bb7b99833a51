//! Fails closed when a handler answered without having discharged the relation its method declares.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use tonic::body::Body;
use tonic::{Code, Status};

use super::{Admission, unreadable};
use crate::fault::Fault;
use crate::observe::grpc_status;

pin_project! {
    /// A handler's future, its answer checked before the headers leave; a stream has sent nothing by then.
    pub struct GuardedFuture<F> {
        #[pin]
        inner: Option<F>,
        admission: Option<Arc<Admission>>,
        refused: Option<Status>,
    }
}

impl<F> GuardedFuture<F> {
    pub(super) fn running(inner: F, admission: Arc<Admission>) -> Self {
        Self {
            inner: Some(inner),
            admission: Some(admission),
            refused: None,
        }
    }

    pub(super) fn refused(status: Status) -> Self {
        Self {
            inner: None,
            admission: None,
            refused: Some(status),
        }
    }
}

impl<F> Future for GuardedFuture<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(status) = this.refused.take() {
            return Poll::Ready(Ok(status.into_http()));
        }
        let inner = this
            .inner
            .as_pin_mut()
            .expect("a future is not polled after it refused");
        let response = match ready!(inner.poll(cx)) {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let admission = this
            .admission
            .take()
            .expect("a future is not polled after it was ready");
        Poll::Ready(Ok(check(response, &admission)))
    }
}

fn check(response: Response<Body>, admission: &Admission) -> Response<Body> {
    let has_failed = || grpc_status(response.headers()).is_some_and(|code| code != Code::Ok);
    if has_failed() {
        return unreadable::explained(response, admission);
    }
    if admission.is_discharged() || !admission.method.needs_principal() {
        return response;
    }
    let path = &admission.method.path;
    tracing::error!(target: crate::TARGET, method = %path, "relation never discharged: the answer was withheld");
    let message = format!(
        "relation never discharged: {path} answered without checking it, so the answer was withheld"
    );
    let fault = Fault::new(Code::Internal, "RELATION_NOT_DISCHARGED", message).with("method", path);
    fault
        .into_status(&admission.role, &admission.endpoint)
        .into_http()
}
