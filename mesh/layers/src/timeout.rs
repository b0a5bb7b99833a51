//! The `grpc-timeout` header: a count of at most eight digits and a unit.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::headers::{Single, single};

pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The header is there and is no timeout. The caller's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "grpc-timeout is no timeout: send one value of 1 to 8 digits and a unit (H, M, S, m, u, n)"
)]
pub(crate) struct MalformedTimeout;

pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Duration>, MalformedTimeout> {
    match single(headers, &GRPC_TIMEOUT) {
        Single::Absent => Ok(None),
        Single::One(value) => parse(value.as_bytes()).map(Some),
        Single::Several => Err(MalformedTimeout),
    }
}

/// Rounded down to what the header can say, so that a hop never has longer than the one before.
pub(crate) fn format(timeout: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let (micros, millis) = (timeout.as_micros(), timeout.as_millis());
    let text = if micros <= MOST {
        format!("{micros}u")
    } else if millis <= MOST {
        format!("{millis}m")
    } else {
        format!("{}S", u128::from(timeout.as_secs()).min(MOST))
    };
    let mut value = HeaderValue::from_maybe_shared(bytes::Bytes::from(text))
        .expect("digits and a letter are a header value");
    // Hardly ever the same twice: it must not push what repeats out of the connection's compression table.
    value.set_sensitive(true);
    value
}

fn parse(value: &[u8]) -> Result<Duration, MalformedTimeout> {
    let (unit, digits) = value.split_last().ok_or(MalformedTimeout)?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(MalformedTimeout);
    }
    let count = digits
        .iter()
        .fold(0_u64, |count, digit| count * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Ok(Duration::from_secs(count * 3600)),
        b'M' => Ok(Duration::from_secs(count * 60)),
        b'S' => Ok(Duration::from_secs(count)),
        b'm' => Ok(Duration::from_millis(count)),
        b'u' => Ok(Duration::from_micros(count)),
        b'n' => Ok(Duration::from_nanos(count)),
        _ => Err(MalformedTimeout),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_understood() {
        let cases = [
            ("2H", Duration::from_secs(7200)),
            ("3M", Duration::from_secs(180)),
            ("10S", Duration::from_secs(10)),
            ("250m", Duration::from_millis(250)),
            ("99999999u", Duration::from_micros(99_999_999)),
            ("7n", Duration::from_nanos(7)),
            ("0S", Duration::ZERO),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "S",
            "5",
            "123456789S",
            "-1S",
            "1.5S",
            " 5S",
            "5s",
            "5 S",
            "5Sx",
        ] {
            assert_eq!(parse(text.as_bytes()), Err(MalformedTimeout), "{text:?}");
        }
        let mut twice = HeaderMap::new();
        twice.append(GRPC_TIMEOUT, HeaderValue::from_static("5S"));
        twice.append(GRPC_TIMEOUT, HeaderValue::from_static("6S"));
        assert_eq!(read(&twice), Err(MalformedTimeout));
    }

    #[test]
    fn what_is_written_reads_back_no_longer_than_it_was() {
        for timeout in [
            Duration::ZERO,
            Duration::from_nanos(1_999),
            Duration::from_millis(99_999),
            Duration::from_micros(100_000_001),
            Duration::from_secs(99_999_999),
            Duration::MAX,
        ] {
            let read = parse(format(timeout).as_bytes()).expect("well formed");
            assert!(read <= timeout, "{timeout:?} became {read:?}");
        }
        assert_eq!(format(Duration::from_millis(1_500)), "1500000u");
    }
}
