//! What answers say of the inside, said in words of the outside.
//!
//! Every failure names, in its `ErrorInfo`, the service and the endpoint that failed. Inside, an endpoint is an address of
//! the mesh, which an operator looks for in a log; outside, it would be a map of the machines. There the endpoint is the
//! path that was called, as in the edge's own refusals.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Frame, SizeHint};
use prost::Message;
use tonic::Status;
use tonic::body::Body;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic_types::pb;

const STATUS: &str = "grpc-status";
const DETAILS: &str = "grpc-status-details-bin";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const ENDPOINT: &str = "endpoint";

/// Puts `path` in the place of every inner address in the failure that the answer to a call of it is, or ends with.
pub(crate) fn put_path(mut answer: Response<Body>, path: String) -> Response<Body> {
    let ended = answer.headers().contains_key(STATUS);
    put_path_into(answer.headers_mut(), &path);
    match ended {
        true => answer,
        false => answer.map(|inner| Body::new(Ending { inner, path })),
    }
}

fn put_path_into(headers: &mut HeaderMap, path: &str) {
    if !headers.contains_key(DETAILS) {
        return;
    }
    let mut all = MetadataMap::from_headers(std::mem::take(headers));
    let details = all.remove_bin(DETAILS).and_then(|kept| {
        let kept = kept.to_bytes().ok()?;
        outward(&kept, path)
    });
    // Details that do not read may hold anything: they stay inside.
    if let Some(details) = details {
        all.insert_bin(DETAILS, MetadataValue::from_bytes(&details));
    }
    *headers = all.into_headers();
}

fn outward(details: &[u8], path: &str) -> Option<Vec<u8>> {
    let mut status = pb::Status::decode(details).ok()?;
    for detail in &mut status.details {
        if detail.type_url == ERROR_INFO {
            let mut info = pb::ErrorInfo::decode(&*detail.value).ok()?;
            if let Some(endpoint) = info.metadata.get_mut(ENDPOINT) {
                path.clone_into(endpoint);
            }
            detail.value = info.encode_to_vec();
        }
    }
    Some(status.encode_to_vec())
}

/// An answer whose trailers say how it ended.
struct Ending {
    inner: Body,
    path: String,
}

impl http_body::Body for Ending {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let mut frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            put_path_into(trailers, &self.path);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http_body_util::{BodyExt, StreamBody};
    use preau_mesh::{Fault, Reported};
    use tonic::Code;

    use super::*;

    const PATH: &str = "/preau.files.v1.FileService/GetNode";

    fn refused() -> Status {
        let mut fault = Fault::new(Code::AlreadyExists, "NAME_TAKEN", "choose another");
        fault.fields.push(("name".into(), "taken".into()));
        fault
            .with("node_id", "n1")
            .into_status("files", "10.3.0.7:7443")
    }

    #[track_caller]
    fn assert_outward(headers: &HeaderMap) {
        let status = Status::from_header_map(headers).expect("a status");
        assert_eq!(status.code(), Code::AlreadyExists);
        assert_eq!(status.message(), "choose another");
        assert!(!status.details().windows(4).any(|bytes| bytes == b"10.3"));
        let reported = Reported::of(&status);
        assert_eq!(reported.reason, "NAME_TAKEN");
        assert_eq!(reported.metadata["endpoint"], PATH);
        assert_eq!(reported.metadata["service"], "files");
        assert_eq!(reported.metadata["node_id"], "n1");
        assert_eq!(reported.fields.len(), 1);
    }

    #[test]
    fn a_failure_in_the_headers_names_the_path_instead_of_the_address() {
        let answer = put_path(refused().into_http::<Body>(), PATH.into());
        assert_outward(answer.headers());
        assert_eq!(answer.headers()["content-type"], "application/grpc");
    }

    #[tokio::test]
    async fn so_does_one_in_the_trailers() {
        let mut trailers = HeaderMap::new();
        refused().add_header(&mut trailers).expect("header values");
        trailers.insert("x-mine", HeaderValue::from_static("stays"));
        let frames = [
            Ok::<_, Status>(Frame::data(Bytes::from_static(b"some"))),
            Ok(Frame::trailers(trailers)),
        ];
        let body = Body::new(StreamBody::new(futures::stream::iter(frames)));
        let answer = put_path(Response::new(body), PATH.into());
        let whole = answer.into_body().collect().await.expect("passes");
        let trailers = whole.trailers().expect("there are trailers").clone();
        assert_outward(&trailers);
        assert_eq!(trailers["x-mine"], "stays");
        assert_eq!(whole.to_bytes(), "some");
    }

    #[test]
    fn details_that_do_not_read_stay_inside() {
        for details in ["!", "CgQxMC4z"] {
            let mut headers = HeaderMap::new();
            headers.insert(STATUS, HeaderValue::from_static("5"));
            headers.insert(DETAILS, HeaderValue::from_static(details));
            put_path_into(&mut headers, PATH);
            assert_eq!(headers.get(DETAILS), None, "{details}");
            assert_eq!(headers[STATUS], "5");
        }
    }
}
