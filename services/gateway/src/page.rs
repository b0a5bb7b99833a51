//! What somebody sees who comes with the wrong protocol, or to what is not there.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use tonic::body::Body;

use crate::site::Site;

const WELCOME: &str = "\
Préau: files and lessons of a school, kept in France.

This address speaks gRPC (HTTP/2) and gRPC-web (HTTP/1.1 or 2) to programs.
From a terminal:

    preau login --server ADDRESS --login LOGIN
    preau files ls
    preau files put lesson.pdf 'CLASS:/'
    preau files get 'CLASS:/lesson.pdf'

`preau --help` lists everything; `preau api matrix` prints who may call what.
";

const NOT_BUILT: &str = "\
This binary was built without the web interface.
Build it with `make ui`, then build the binary again.
";

/// The page at `/` of a binary without the web interface, at this site.
pub(crate) fn welcome(site: &Site) -> Response<Body> {
    let address = site.address();
    let harmless = address
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".:-[]/".contains(&byte));
    let address = if harmless { &address } else { "ADDRESS" };
    text(StatusCode::OK, WELCOME.replace("ADDRESS", address))
}

/// Instead of the web interface that is not there.
pub(crate) fn not_built() -> Response<Body> {
    text(StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT)
}

/// To another path of this site.
pub(crate) fn redirect(path: &'static str) -> Response<Body> {
    let mut response = text(StatusCode::FOUND, "");
    let location = HeaderValue::from_static(path);
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// A plain answer.
pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::new(Full::new(text.into())));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
