//! Downloads by link: `files` says what a link is for and streams its bytes; here they become HTTP, ranges and all.
//!
//! What people upload may be anything, so a browser is told thrice not to show it: attachment, no sniffing, sandbox.

mod disposition;
mod paced;
mod range;
mod refused;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use preau_mesh::{Channel, Inherited, Mesh, TraceContext, own_request};
use preau_proto::files::v1::download_service_client::DownloadServiceClient;
use preau_proto::files::v1::open_response::Part;
use preau_proto::files::v1::{OpenRequest, OpenResponse, Opened};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::body::Body;
use tonic::{Status, Streaming};

use self::paced::paced;
use self::range::{Asked, Range};
use self::stream::FileBody;
use crate::security;
use crate::trace;
use crate::ui::is_known;

/// Under which the links are.
pub(crate) const PREFIX: &str = "/d/";
/// Longer than any link that `files` makes.
const LONGEST_TOKEN: usize = 4096;

/// How long a reader may take nothing.
const PATIENCE: Duration = Duration::from_secs(60);
/// Downloads at once. Each holds some megabytes between disk and reader, and more gain nobody any speed.
const AT_ONCE: usize = 512;

/// The endpoint of downloads.
pub(crate) struct Downloads {
    files: DownloadServiceClient<Channel>,
    places: Arc<Semaphore>,
}

/// A link that was opened.
struct Open {
    file: Opened,
    bytes: Streaming<OpenResponse>,
}

impl Downloads {
    pub(crate) fn new(mesh: &Mesh) -> Self {
        Self {
            files: DownloadServiceClient::new(mesh.client("gateway", "files")),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The answer to GET or HEAD of a link; `token` is opaque here.
    pub(crate) async fn answer(
        &self,
        method: &Method,
        token: &str,
        mut headers: HeaderMap,
    ) -> Response<Body> {
        let plausible = (1..=LONGEST_TOKEN).contains(&token.len())
            && token
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'/');
        if !plausible {
            return refused::no_such_link();
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            tracing::warn!(limit = AT_ONCE, "a download was refused: too many at once");
            return refused::busy();
        };
        trace::normalise(&mut headers);
        self.try_answer(method, token, &headers, place)
            .await
            .unwrap_or_else(|status| refused::because(&status))
    }

    async fn try_answer(
        &self,
        method: &Method,
        token: &str,
        headers: &HeaderMap,
        place: OwnedSemaphorePermit,
    ) -> Result<Response<Body>, Status> {
        let plain = *method == Method::GET
            && !headers.contains_key(header::RANGE)
            && !headers.contains_key(header::IF_NONE_MATCH);
        let trace = TraceContext::extract(headers);
        if plain {
            let Open { file, bytes } = self.open(token, Range::default(), trace).await?;
            let whole = Range::whole(file.size);
            let body = file_body(bytes, whole.length, place);
            return Ok(described(&file, whole, StatusCode::OK, body));
        }
        // What the range means depends on the file, so the file is asked for first; a byte of it comes along.
        let first = Range {
            start: 0,
            length: 1,
        };
        let Open { file, .. } = self.open(token, first, trace.clone()).await?;
        let tag = tag(&file);
        if is_known(headers, &tag) {
            return Ok(not_modified(tag));
        }
        let (range, status) = match Asked::of(headers, &tag, file.size) {
            Asked::Whole => (Range::whole(file.size), StatusCode::OK),
            Asked::Part(range) => (range, StatusCode::PARTIAL_CONTENT),
            Asked::Outside => return Ok(outside(file.size)),
        };
        let body = if *method == Method::HEAD || range.length == 0 {
            Body::empty()
        } else {
            let Open { bytes, .. } = self.open(token, range, trace).await?;
            file_body(bytes, range.length, place)
        };
        Ok(described(&file, range, status, body))
    }

    async fn open(
        &self,
        token: &str,
        range: Range,
        trace: Option<TraceContext>,
    ) -> Result<Open, Status> {
        let mut request = own_request(OpenRequest {
            token: token.to_owned(),
            offset: range.start,
            length: range.length,
        });
        // The method's whole time: how long a download takes is up to whoever reads it.
        let deadline = None;
        request
            .extensions_mut()
            .insert(Inherited { trace, deadline });
        let mut bytes = self.files.clone().open(request).await?.into_inner();
        let first = bytes.next().await.transpose()?.and_then(|first| first.part);
        match first {
            Some(Part::Opened(file)) => Ok(Open { file, bytes }),
            _ => Err(Status::internal(
                "files began with something else than what a link is for",
            )),
        }
    }
}

/// The bytes at their reader's pace; the place is theirs until they end.
fn file_body(bytes: Streaming<OpenResponse>, length: u64, place: OwnedSemaphorePermit) -> Body {
    let bytes = bytes.map(move |part| {
        let _held = &place;
        part
    });
    Body::new(FileBody::new(paced(bytes, PATIENCE), length))
}

/// The file's hash, so that it is the same on every gateway and after every restart.
fn tag(file: &Opened) -> HeaderValue {
    let tag = format!("\"{}\"", hex::encode(&file.blake3));
    HeaderValue::try_from(tag).expect("hexadecimal digits are a header value")
}

/// An answer with (a part of) the file.
fn described(file: &Opened, range: Range, status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag(file));
    headers.insert(header::CONTENT_LENGTH, range.length.into());
    headers.insert(
        header::CONTENT_DISPOSITION,
        disposition::attachment(&file.name),
    );
    for (name, value) in FILE_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        headers.insert(header::CONTENT_RANGE, range.content_range(file.size));
    }
    response
}

const FILE_HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_TYPE, "application/octet-stream"),
    (header::CONTENT_SECURITY_POLICY, security::HOSTILE),
    (header::CACHE_CONTROL, "private, no-store"),
    (header::ACCEPT_RANGES, "bytes"),
];

fn not_modified(tag: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(header::ETAG, tag);
    response
}

fn outside(size: u64) -> Response<Body> {
    let mut response = refused::outside(size);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_RANGE, Range::none_of(size));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}
