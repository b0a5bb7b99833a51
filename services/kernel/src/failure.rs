//! What an error is to whoever called: a kind, a reason a program can branch on, a text a person can act on.

use std::time::Duration;

/// The kinds, a deliberately small set. [`Kind::grpc_code`] is the one table from kinds to gRPC codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is wrong whatever the state: the caller's fault.
    InvalidArgument,
    /// No such object, or none the caller may know of.
    NotFound,
    /// Something of that name or id is there already.
    AlreadyExists,
    /// The caller is known and may not.
    PermissionDenied,
    /// The caller is not known, or no longer.
    Unauthenticated,
    /// The request is right, the state is not: do something else first.
    FailedPrecondition,
    /// Somebody else changed it at the same time: read again and retry.
    Aborted,
    /// A quota, a rate or a disk is used up.
    Exhausted,
    /// Passing trouble: retry.
    Unavailable,
    /// Too late.
    DeadlineExceeded,
    /// Stored data is damaged.
    DataLoss,
    /// A range lies outside the object.
    OutOfRange,
    /// Our fault.
    Internal,
}

impl Kind {
    /// The number of the gRPC status code.
    #[must_use]
    pub fn grpc_code(self) -> i32 {
        match self {
            Kind::InvalidArgument => 3,
            Kind::DeadlineExceeded => 4,
            Kind::NotFound => 5,
            Kind::AlreadyExists => 6,
            Kind::PermissionDenied => 7,
            Kind::Exhausted => 8,
            Kind::FailedPrecondition => 9,
            Kind::Aborted => 10,
            Kind::OutOfRange => 11,
            Kind::Internal => 13,
            Kind::Unavailable => 14,
            Kind::DataLoss => 15,
            Kind::Unauthenticated => 16,
        }
    }
}

/// One failure, in two voices: what the caller reads and what the operator reads.
///
/// Its texts are boxed slices, so that a `Result` of it stays small.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The kind.
    pub kind: Kind,
    /// `UPPER_SNAKE_CASE`, stable: what a client branches on.
    pub reason: &'static str,
    /// For the caller: what happened, where, what to do. No stack, no SQL, no path of ours.
    pub message: Box<str>,
    /// For the operator's log alone; empty when the message says it all.
    pub internal: Box<str>,
    /// Fields of the request that are wrong, each with what is wrong with it.
    pub fields: Vec<(String, String)>,
    /// Facts a client may use, as in `missing` → `"3-7,9"`.
    pub metadata: Vec<(String, String)>,
    /// When a retry may succeed.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure with nothing but its message.
    pub fn new(kind: Kind, reason: &'static str, message: impl Into<Box<str>>) -> Self {
        Self {
            kind,
            reason,
            message: message.into(),
            internal: Box::default(),
            fields: Vec::new(),
            metadata: Vec::new(),
            retry_after: None,
        }
    }

    /// One wrong field of the request.
    pub fn invalid(field: &str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self::new(
            Kind::InvalidArgument,
            "INVALID_FIELD",
            format!("{field}: {problem}"),
        )
        .field(field, problem)
    }

    /// An object that is not there, or that the caller may not know of: the same words for both.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            Kind::NotFound,
            "NOT_FOUND",
            format!("{what}: no such thing here: check the id"),
        )
    }

    /// Our fault; `internal` is logged, the caller only learns that it is not theirs.
    pub fn internal(internal: impl Into<Box<str>>) -> Self {
        let text = "something went wrong on our side: try again, then tell the operator";
        Self {
            internal: internal.into(),
            ..Self::new(Kind::Internal, "INTERNAL", text)
        }
    }

    /// Adds a wrong field.
    #[must_use]
    pub fn field(mut self, name: &str, problem: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), problem.into()));
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn meta(mut self, key: &str, value: impl Into<String>) -> Self {
        self.metadata.push((key.to_owned(), value.into()));
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Adds what only the operator reads.
    #[must_use]
    pub fn because(mut self, internal: impl ToString) -> Self {
        self.internal = internal.to_string().into();
        self
    }
}
