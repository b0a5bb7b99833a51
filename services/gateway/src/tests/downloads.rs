//! Links become downloads, whole and in parts.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use preau_mesh::Fault;
use preau_proto::files::v1 as files;
use preau_proto::files::v1::download_service_server::{DownloadService, DownloadServiceServer};
use preau_proto::files::v1::open_response::Part;
use tonic::{Code, Status, async_trait};

use super::stand::{Seen, Stand};

/// The file behind every link that is one: longer than a frame, and no byte like its neighbour.
fn content() -> Vec<u8> {
    (0..100_003_u32).map(|n| (n % 251) as u8).collect()
}

#[derive(Clone)]
pub(super) struct Downloads(Arc<Seen>);

pub(super) fn service(seen: Arc<Seen>) -> DownloadServiceServer<Downloads> {
    DownloadServiceServer::new(Downloads(seen))
}

fn not_found(reason: &'static str) -> Status {
    Fault::new(Code::NotFound, reason, "no link").into_status("files", "test")
}

#[async_trait]
impl DownloadService for Downloads {
    type OpenStream = BoxStream<'static, Result<files::OpenResponse, Status>>;

    async fn open(
        &self,
        request: tonic::Request<files::OpenRequest>,
    ) -> Result<tonic::Response<Self::OpenStream>, Status> {
        let asked = request.get_ref();
        let (offset, length) = (asked.offset, asked.length);
        let opened = (offset, length);
        self.0.opened.lock().expect("not poisoned").push(opened);
        let mut content = match asked.token.as_str() {
            "good" | "breaks" => content(),
            "empty" => Vec::new(),
            "expired" => return Err(not_found("LINK_EXPIRED")),
            "away" => return Err(Status::unavailable("restarting")),
            _ => return Err(not_found("LINK_INVALID")),
        };
        let file = files::Opened {
            name: "cours d'été \"1\".html".into(),
            size: content.len() as u64,
            blake3: vec![0xab; 32],
        };
        let end = match length {
            0 => content.len(),
            length => content.len().min((offset + length) as usize),
        };
        content.truncate(end);
        content.drain(..offset as usize);
        let frames: Vec<Bytes> = content
            .chunks(16 * 1024)
            .map(Bytes::copy_from_slice)
            .collect();
        let breaks = asked.token == "breaks";
        let seen = Arc::clone(&self.0);
        let data = stream::iter(frames).enumerate().then(move |(n, data)| {
            let seen = Arc::clone(&seen);
            async move {
                if breaks && n == 2 {
                    seen.finish.notified().await;
                    return Err(Status::data_loss("a record does not verify"));
                }
                Ok(files::OpenResponse {
                    part: Some(Part::Data(data)),
                })
            }
        });
        let first = files::OpenResponse {
            part: Some(Part::Opened(file)),
        };
        Ok(tonic::Response::new(
            stream::iter([Ok(first)]).chain(data).boxed(),
        ))
    }
}

fn ask(method: Method, token: &str, headers: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/d/{token}"))
        .header(header::HOST, "127.0.0.1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(Bytes::new())).expect("a request")
}

async fn get(stand: &Stand, token: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    stand.h1(ask(Method::GET, token, headers)).await
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers[name].to_str().expect("text")
}

#[tokio::test]
async fn a_link_is_the_whole_file_that_no_browser_shows() {
    let stand = Stand::new().await;
    let answer = get(&stand, "good", &[("accept", "text/html")]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.body() == &content());
    let headers = answer.headers();
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-length", "100003"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        (
            "content-disposition",
            "attachment; filename=\"cours d'_t_ _1_.html\"; filename*=UTF-8''cours%20d%27%C3%A9t%C3%A9%20%221%22.html",
        ),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    let policy = text(headers, header::CONTENT_SECURITY_POLICY);
    assert!(
        policy.starts_with("sandbox; default-src 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("allow-"), "{policy}");
    assert_eq!(
        text(headers, header::ETAG),
        format!("\"{}\"", "ab".repeat(32))
    );
    let opened = stand.seen.opened.lock().expect("not poisoned").clone();
    assert_eq!(opened, [(0, 0)], "asked for once");
}

#[tokio::test]
async fn ranges_are_parts_and_resume_where_the_tag_is_the_same() {
    let stand = Stand::new().await;
    let tag = format!("\"{}\"", "ab".repeat(32));
    let all = content();
    for (range, if_range, part) in [
        ("bytes=0-9", None, Some((0, 10))),
        ("bytes=99999-", None, Some((99_999, 100_003))),
        ("bytes=-5", None, Some((99_998, 100_003))),
        (
            "bytes=20000-60000",
            Some(tag.as_str()),
            Some((20_000, 60_001)),
        ),
        ("bytes=20000-60000", Some("\"another\""), None),
        ("bytes=0-1,5-6", None, None),
    ] {
        let mut headers = vec![("range", range)];
        headers.extend(if_range.map(|tag| ("if-range", tag)));
        let answer = get(&stand, "good", &headers).await;
        let (start, end) = part.unwrap_or((0, all.len()));
        assert!(answer.body() == &all[start..end], "{range}");
        match part {
            Some((start, end)) => {
                assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{range}");
                let expected = format!("bytes {start}-{}/100003", end - 1);
                assert_eq!(text(answer.headers(), header::CONTENT_RANGE), expected);
            }
            None => {
                assert_eq!(answer.status(), StatusCode::OK, "{range}");
                assert!(!answer.headers().contains_key(header::CONTENT_RANGE));
            }
        }
    }
}

#[tokio::test]
async fn a_range_that_the_file_does_not_have_says_how_long_it_is() {
    let stand = Stand::new().await;
    for (token, range, size) in [("good", "bytes=100003-", 100_003), ("empty", "bytes=0-", 0)] {
        let answer = get(&stand, token, &[("range", range)]).await;
        assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        let expected = format!("bytes */{size}");
        assert_eq!(text(answer.headers(), header::CONTENT_RANGE), expected);
    }
    let empty = get(&stand, "empty", &[]).await;
    assert_eq!(empty.status(), StatusCode::OK);
    assert_eq!(empty.headers()[header::CONTENT_LENGTH], "0");
}

#[tokio::test]
async fn head_and_what_the_browser_has_take_no_bytes() {
    let stand = Stand::new().await;
    let head = stand.h1(ask(Method::HEAD, "good", &[])).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()[header::CONTENT_LENGTH], "100003");
    assert!(head.body().is_empty());
    let tag = format!("\"{}\"", "ab".repeat(32));
    let known = get(&stand, "good", &[("if-none-match", &tag)]).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert!(known.body().is_empty());
    let opened = stand.seen.opened.lock().expect("not poisoned").clone();
    assert_eq!(opened, [(0, 1), (0, 1)]);
}

#[tokio::test]
async fn links_that_lead_nowhere_say_what_to_do_in_both_languages() {
    let stand = Stand::new().await;
    for (token, status, said) in [
        ("forged", StatusCode::NOT_FOUND, "pas valable"),
        ("", StatusCode::NOT_FOUND, "pas valable"),
        ("good/other", StatusCode::NOT_FOUND, "pas valable"),
        (
            "expired",
            StatusCode::GONE,
            "has expired. Go back to the folder",
        ),
        (
            "away",
            StatusCode::SERVICE_UNAVAILABLE,
            "Try again in a moment",
        ),
    ] {
        let answer = get(&stand, token, &[]).await;
        assert_eq!(answer.status(), status, "{token}");
        let body = String::from_utf8_lossy(answer.body());
        assert!(body.contains(said), "{token}: {body}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    let posted = stand.h1(ask(Method::POST, "good", &[])).await;
    assert_eq!(posted.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_download_that_breaks_off_is_broken_on_both_protocols() {
    let stand = Stand::new().await;
    let request = ask(Method::GET, "breaks", &[]);
    let response = stand.start_h1(request).await;
    assert_eq!(response.headers()[header::CONTENT_LENGTH], "100003");
    stand.seen.finish.notify_one();
    assert!(response.into_body().collect().await.is_err());

    let request = Request::get("http://localhost/d/breaks")
        .body(Full::new(Bytes::new()))
        .expect("a request");
    let response = stand.h2().await.start(request).await;
    assert_eq!(response.status(), StatusCode::OK);
    stand.seen.finish.notify_one();
    assert!(response.into_body().collect().await.is_err());
}
