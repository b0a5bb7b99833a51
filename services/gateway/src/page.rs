//! What somebody sees who comes with a browser or the wrong protocol.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use tonic::body::Body;

const WELCOME: &str = "\
Préau: files and lessons of a school, kept in France.

This address speaks gRPC (HTTP/2) and gRPC-web (HTTP/1.1 or 2) to programs.
From a terminal on this machine:

    preau login --server http://ADDRESS --login LOGIN
    preau files ls
    preau files put lesson.pdf 'CLASS:/'
    preau files get 'CLASS:/lesson.pdf'

`preau --help` lists everything; `preau api matrix` prints who may call what.
";

/// The page at `/`.
pub(crate) fn welcome(host: Option<&str>) -> Response<Body> {
    let address = host
        .filter(|host| {
            host.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".:-[]".contains(&b))
        })
        .unwrap_or("127.0.0.1:8080");
    text(StatusCode::OK, WELCOME.replace("ADDRESS", address))
}

/// A plain answer to what is not gRPC.
pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::new(Full::new(text.into())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
