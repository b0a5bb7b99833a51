//! Says in our own words what tonic says when a request cannot be read.
//!
//! The codec refuses a message before any handler runs: bytes that are no message as INTERNAL, a message that is too
//! long as OUT_OF_RANGE, both without details. To the caller the first would read as our failure, and to the metrics it
//! would be one, although it is the caller's bytes that are wrong.

use http::Response;
use tonic::body::Body;
use tonic::{Code, Status};

use super::Admission;
use crate::fault::Fault;

/// The header of `google.rpc` details, which every answer of ours carries and none of the codec's.
const DETAILS: &str = "grpc-status-details-bin";
/// How prost's decoding errors begin.
const UNDECODABLE: &str = "failed to decode Protobuf message";
/// How tonic's refusals of long messages begin.
const TOO_LONG: &str = "Error, decoded message length too large";

/// The codec's refusal as ours; any other answer as it is.
pub(super) fn explained(response: Response<Body>, admission: &Admission) -> Response<Body> {
    let headers = response.headers();
    if !headers.contains_key("grpc-status") || headers.contains_key(DETAILS) {
        return response;
    }
    let Some(fault) = Status::from_header_map(headers).as_ref().and_then(fault) else {
        return response;
    };
    let fault = fault.with("method", &*admission.method.path);
    fault
        .into_status(&admission.role, &admission.endpoint)
        .into_http()
}

fn fault(status: &Status) -> Option<Fault> {
    let said = status.message();
    match status.code() {
        Code::Internal if said.starts_with(UNDECODABLE) => {
            let message = format!(
                "the request is no message of this method: {said}: check the contract's version"
            );
            Some(Fault::new(
                Code::InvalidArgument,
                "MALFORMED_MESSAGE",
                message,
            ))
        }
        Code::OutOfRange if said.starts_with(TOO_LONG) => {
            let message = format!("the request is too long: {said}: send less at once");
            Some(Fault::new(
                Code::ResourceExhausted,
                "MESSAGE_TOO_LARGE",
                message,
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_message_are_the_callers_fault() {
        let refused = Status::internal(format!("{UNDECODABLE}: invalid varint"));
        let fault = fault(&refused).expect("the codec's");
        assert_eq!(
            (fault.code, fault.reason),
            (Code::InvalidArgument as i32, "MALFORMED_MESSAGE")
        );
    }

    #[test]
    fn a_message_that_is_too_long_is_told_so() {
        let refused =
            Status::out_of_range(format!("{TOO_LONG}: found 9 bytes, the limit is: 4 bytes"));
        let fault = fault(&refused).expect("the codec's");
        assert_eq!(
            (fault.code, fault.reason),
            (Code::ResourceExhausted as i32, "MESSAGE_TOO_LARGE")
        );
    }

    #[test]
    fn every_other_answer_is_left_alone() {
        for status in [
            Status::internal("a bug"),
            Status::out_of_range("offset"),
            Status::not_found("x"),
        ] {
            assert!(fault(&status).is_none(), "{status}");
        }
    }
}
