//! Why there is no download, in plain sentences: whoever follows a link reads them in a browser.

use http::{HeaderValue, Response, StatusCode, header};
use preau_mesh::Reported;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::page;

const NO_SUCH_LINK: &str = "\
Ce lien de téléchargement n'est pas valable. Retournez au dossier et téléchargez de nouveau.
This download link is not valid. Go back to the folder and download again.
";
const EXPIRED: &str = "\
Ce lien de téléchargement a expiré. Retournez au dossier et téléchargez de nouveau.
This download link has expired. Go back to the folder and download again.
";
const AWAY: &str = "\
Le fichier n'est pas disponible en ce moment. Réessayez dans un instant.
The file is not available right now. Try again in a moment.
";
const BUSY: &str = "\
Trop de téléchargements sont en cours. Réessayez dans un instant.
Too many downloads are under way. Try again in a moment.
";
const FAILED: &str = "\
Le fichier ne peut pas être lu. Réessayez ; si cela continue, prévenez votre établissement.
The file cannot be read. Try again; if it goes on, tell your school.
";

/// For what cannot be a link.
pub(super) fn no_such_link() -> Response<Body> {
    page::text(StatusCode::NOT_FOUND, NO_SUCH_LINK)
}

/// For a range that the file does not have.
pub(super) fn outside(size: u64) -> Response<Body> {
    let text = format!(
        "Le fichier a {size} octets : demandez-en moins loin.\nThe file has {size} bytes: ask for a part of it.\n"
    );
    page::text(StatusCode::RANGE_NOT_SATISFIABLE, text)
}

/// For what `files` answered instead of the file.
pub(super) fn because(status: &Status) -> Response<Body> {
    let reported = Reported::of(status);
    match (status.code(), reported.reason.as_str()) {
        (Code::NotFound, "LINK_EXPIRED") => page::text(StatusCode::GONE, EXPIRED),
        (Code::NotFound | Code::InvalidArgument, _) => no_such_link(),
        (Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded, _) => later(AWAY),
        (code, reason) => {
            tracing::warn!(?code, reason, "a download was refused");
            page::text(StatusCode::INTERNAL_SERVER_ERROR, FAILED)
        }
    }
}

/// When there is no place for one more.
pub(super) fn busy() -> Response<Body> {
    later(BUSY)
}

fn later(text: &'static str) -> Response<Body> {
    let mut response = page::text(StatusCode::SERVICE_UNAVAILABLE, text);
    let soon = HeaderValue::from_static("5");
    response.headers_mut().insert(header::RETRY_AFTER, soon);
    response
}
