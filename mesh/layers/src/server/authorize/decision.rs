//! The decision itself: one step after the other, each with its own reason.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request};
use preau_mesh_identity::JOIN;
use preau_mesh_identity::principal::{Claims, PrincipalError};
use preau_mesh_transport::ConnectionInfo;
use preau_proto::contract::{Method, Role, Rule};
use tonic::body::Body;
use tonic::{Code, Status};

use super::{Admission, Config, PRINCIPAL_HEADER};
use crate::catalogue::{Entry, MESH_AREA, request_path};
use crate::expiring::Deadline;
use crate::fault::Fault;
use crate::headers::{Single, single};
use crate::origin::Origin;
use crate::trace_context::TraceContext;

/// Who acts, with the token that proves it.
type Principal = Option<(Arc<Claims>, HeaderValue)>;

/// The role whose methods a joining process may call: see [`JOIN`].
const JOIN_AREA: &str = "control";

impl Config {
    /// Decides. The principal's header is gone from the request afterwards, whatever the decision.
    pub(super) fn admit(&self, request: &mut Request<Body>) -> Result<Admission, Status> {
        let connection = request.extensions().get::<Arc<ConnectionInfo>>().cloned();
        let origin = Origin::Server {
            connection: connection.clone(),
            endpoint: self.endpoint.clone(),
        };
        // Moved, not copied: from here on the admission is what the handler asks.
        let trace = request.extensions_mut().remove::<TraceContext>();
        let deadline = request.extensions_mut().remove::<Deadline>();
        let header = take_header(request.headers_mut());
        let path = request_path(request.uri());
        let decide = || {
            let (connection, trace) = connection.zip(trace).ok_or_else(no_connection)?;
            let entry = self.entry(path, &connection)?;
            let method = entry.method.clone();
            self.check_workload(&method, &connection)?;
            let principal = self.principal(&method, header)?;
            let rules = fitting_rules(entry, principal.as_ref().map(|(claims, _)| &**claims))?;
            let (principal, token) = principal.unzip();
            let (peer, role) = (connection.peer.clone(), connection.role.clone());
            let (endpoint, discharged) = (self.endpoint.clone(), AtomicBool::new(false));
            Ok(Admission {
                peer,
                role,
                endpoint,
                method,
                principal,
                token,
                rules,
                deadline,
                trace,
                discharged,
            })
        };
        decide().map_err(|fault: Fault| fault.with("method", path).from(&origin))
    }

    /// The method at exactly this path, if the connection's role has it.
    fn entry(&self, path: &str, connection: &ConnectionInfo) -> Result<&Entry, Fault> {
        let unknown = || {
            let message = format!(
                "{} has no method {path}: check the path and the service called",
                connection.role
            );
            Fault::new(Code::Unimplemented, "UNKNOWN_METHOD", message)
        };
        let entry = self.catalogue.find(path).ok_or_else(unknown)?;
        let method = &entry.method;
        let answers = match connection.role.as_str() {
            // A process without an identity sees what is meant for it and nothing else, not even that it exists.
            JOIN => method.area == JOIN_AREA && method.allows_workload(None),
            role => method.area == role || method.area == MESH_AREA,
        };
        if answers { Ok(entry) } else { Err(unknown()) }
    }

    fn check_workload(&self, method: &Method, connection: &ConnectionInfo) -> Result<(), Fault> {
        let joining = connection.role == JOIN;
        let allowed = match &connection.peer {
            None => joining && method.allows_workload(None),
            Some(peer) => {
                !joining
                    && peer.namespace() == &*self.namespace
                    && method.allows_workload(Some(peer.service()))
            }
        };
        if allowed {
            return Ok(());
        }
        let caller = connection
            .peer
            .as_ref()
            .map_or_else(|| "a process without identity".into(), ToString::to_string);
        let message = format!(
            "{caller} may not call {}: its policy does not list this workload",
            method.path
        );
        Err(Fault::new(
            Code::PermissionDenied,
            "WORKLOAD_NOT_ALLOWED",
            message,
        ))
    }

    /// Workload-only methods know no user: a token sent to them is not even looked at.
    fn principal(&self, method: &Method, header: Header) -> Result<Principal, Fault> {
        if method.rules.is_empty() {
            return Ok(None);
        }
        match header {
            Header::Absent if method.allows_anonymous() => Ok(None),
            Header::Absent => Err(unauthenticated(
                "PRINCIPAL_MISSING",
                "this method needs a user: sign in first",
            )),
            Header::Several => Err(unauthenticated(
                "PRINCIPAL_MALFORMED",
                "more than one principal token was sent",
            )),
            Header::One(token) => {
                let text = token
                    .to_str()
                    .map_err(|_| refusal_of(&PrincipalError::Malformed))?;
                let claims = self
                    .verifier
                    .verify(text)
                    .map_err(|error| refusal_of(&error))?;
                Ok(Some((claims, token)))
            }
        }
    }
}

enum Header {
    Absent,
    One(HeaderValue),
    Several,
}

fn take_header(headers: &mut HeaderMap) -> Header {
    match single(headers, &PRINCIPAL_HEADER) {
        Single::Absent => return Header::Absent,
        Single::One(_) => {}
        Single::Several => {
            headers.remove(PRINCIPAL_HEADER);
            return Header::Several;
        }
    }
    headers
        .remove(PRINCIPAL_HEADER)
        .map_or(Header::Absent, |mut token| {
            // It stays with the admission, which may be logged.
            token.set_sensitive(true);
            Header::One(token)
        })
}

/// The rules that one of the user's grants, or nobody's lack of one, fits.
fn fitting_rules(entry: &Entry, claims: Option<&Claims>) -> Result<Arc<[Rule]>, Fault> {
    let has_role = |role: &Role| {
        *role == Role::Anonymous
            || claims
                .is_some_and(|claims| claims.grants.iter().any(|grant| grant.role == *role as i32))
    };
    let fits = |rule: &&Rule| rule.roles.iter().any(has_role);
    // Most often every rule fits, and then none is copied.
    if entry.rules.iter().all(|rule| fits(&rule)) {
        return Ok(entry.rules.clone());
    }
    let rules: Arc<[Rule]> = entry.rules.iter().filter(fits).cloned().collect();
    if rules.is_empty() {
        let path = &entry.method.path;
        let message = format!("none of the caller's roles may call {path}");
        return Err(Fault::new(
            Code::PermissionDenied,
            "ROLE_NOT_ALLOWED",
            message,
        ));
    }
    Ok(rules)
}

fn no_connection() -> Fault {
    Fault::new(
        Code::Internal,
        "NO_CONNECTION",
        "the request did not come through the mesh's listener and stack",
    )
}

fn unauthenticated(reason: &'static str, message: &str) -> Fault {
    Fault::new(Code::Unauthenticated, reason, message)
}

/// A process that has just started and has not reached identity yet.
const UNTIL_KEYS_ARE_KNOWN: Duration = Duration::from_millis(500);

fn refusal_of(error: &PrincipalError) -> Fault {
    let reason = match error {
        PrincipalError::NoKeys => {
            let fault = Fault::new(Code::Unavailable, "KEYS_NOT_YET_KNOWN", error.to_string());
            return Fault {
                retry_after: Some(UNTIL_KEYS_ARE_KNOWN),
                ..fault
            };
        }
        PrincipalError::NotYetValid => "PRINCIPAL_NOT_YET_VALID",
        PrincipalError::TooManyGrants => "PRINCIPAL_TOO_MANY_GRANTS",
        PrincipalError::Malformed => "PRINCIPAL_MALFORMED",
        PrincipalError::UnknownKey => "PRINCIPAL_UNKNOWN_KEY",
        PrincipalError::BadSignature => "PRINCIPAL_BAD_SIGNATURE",
        PrincipalError::Expired => "PRINCIPAL_EXPIRED",
        PrincipalError::WrongAudience => "PRINCIPAL_WRONG_AUDIENCE",
        PrincipalError::TooLong => "PRINCIPAL_TOO_LONG",
        _ => "PRINCIPAL_INVALID",
    };
    unauthenticated(reason, &error.to_string())
}
