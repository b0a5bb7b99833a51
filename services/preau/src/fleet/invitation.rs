//! An enrolment token as people read it, type it, or hold a camera to it.

use std::fmt::Write as _;

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::failure::Failure;

/// The token, the command that enrols with it, and the same as a QR code for a terminal.
pub(crate) fn invitation(
    server: &str,
    secret: &str,
    count: u32,
    days: u32,
) -> Result<String, Failure> {
    let code = QrCode::new(content(server, secret)).map_err(|error| {
        let remedy = "write the token as it is, or make it again with --quiet";
        Failure::new(format_args!("no QR code ({error})"), server, remedy)
    })?;
    // Light on dark: most terminals are dark, and cameras read both.
    let picture = code
        .render::<Dense1x2>()
        .dark_color(Dense1x2::Light)
        .light_color(Dense1x2::Dark)
        .build();
    let devices = if count == 1 { "device" } else { "devices" };
    let good = if days == 1 { "day" } else { "days" };
    Ok(format!(
        "{secret}\n\nfor {count} {devices}, {days} {good}; on each:\n\
         preau agent enroll --server {server} --token {secret}\n\n{picture}\n"
    ))
}

/// What the QR code says: the server and the token, for whatever enrols a device.
fn content(server: &str, secret: &str) -> String {
    format!(
        "preau-enrol:?server={}&token={}",
        encoded(server),
        encoded(secret)
    )
}

/// Percent-encoded but for what RFC 3986 leaves unreserved.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_says_where_and_with_what() {
        assert_eq!(
            content("https://ent.example.fr:8443", "ABCD-EFGH 23"),
            "preau-enrol:?server=https%3A%2F%2Fent.example.fr%3A8443&token=ABCD-EFGH%2023"
        );
    }

    #[test]
    fn the_token_comes_first_and_the_picture_is_square() {
        let text = invitation("https://ent.example.fr", "ABCD-EFGH", 30, 7).expect("fits");
        assert_eq!(text.lines().next(), Some("ABCD-EFGH"));
        assert!(text.contains("for 30 devices, 7 days"));
        let block = |c: char| matches!(c, '█' | '▀' | '▄' | ' ');
        let rows: Vec<&str> = text
            .lines()
            .filter(|line| line.chars().count() > 20 && line.chars().all(block))
            .collect();
        let width = rows[0].chars().count();
        assert!(rows.iter().all(|row| row.chars().count() == width));
        // Two modules a line.
        assert_eq!(rows.len(), width.div_ceil(2));
    }
}
