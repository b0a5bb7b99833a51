/// Characters of a label at most.
const MAX_LABEL: usize = 100;
/// Characters of a reason at most.
const MAX_REASON: usize = 200;

/// A text to be shown on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(String);

/// Why a text is no line. Whoever wrote it reads this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidLine {
    #[error("it is empty: write 1 to {MAX_LABEL} characters")]
    Empty,
    #[error("{chars} characters, and the most is {most}: shorten it")]
    TooLong { chars: usize, most: usize },
    #[error("it holds U+{code:04X}, which is not shown or reorders what is: remove it")]
    Forbidden { code: u32 },
}

impl Line {
    /// What something is called: 1 to 100 characters.
    pub(crate) fn label(text: &str) -> Result<Self, InvalidLine> {
        let line = Self::parse(text, MAX_LABEL)?;
        if line.0.is_empty() {
            return Err(InvalidLine::Empty);
        }
        Ok(line)
    }

    /// Why something went wrong, in a device's words: at most 200 characters, or nothing.
    pub(crate) fn reason(text: &str) -> Result<Self, InvalidLine> {
        Self::parse(text, MAX_REASON)
    }

    fn parse(text: &str, most: usize) -> Result<Self, InvalidLine> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars > most {
            return Err(InvalidLine::TooLong { chars, most });
        }
        match text.chars().find(|c| forbidden(*c)) {
            Some(c) => Err(InvalidLine::Forbidden { code: c.into() }),
            None => Ok(Self(text.to_owned())),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Controls, line separators, and what reorders the text around it (Unicode UAX 9).
fn forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_line_that_says_something() {
        let longest = "é".repeat(100);
        for text in ["Géométrie", &longest] {
            assert_eq!(
                Line::label(text).map(|line| line.as_str().to_owned()),
                Ok(text.to_owned())
            );
        }
        let problem = |text: &str| Line::label(text).expect_err("no label");
        assert_eq!(problem("  "), InvalidLine::Empty);
        let (chars, most) = (101, 100);
        assert_eq!(
            problem(&"é".repeat(101)),
            InvalidLine::TooLong { chars, most }
        );
        for text in ["a\nb", "a\0b", "a\u{202E}b"] {
            assert!(matches!(problem(text), InvalidLine::Forbidden { .. }));
        }
    }

    #[test]
    fn a_reason_may_be_missing_and_has_200_characters_at_most() {
        assert_eq!(Line::reason(""), Ok(Line::default()));
        assert!(Line::reason(&"x".repeat(200)).is_ok());
        assert!(Line::reason(&"x".repeat(201)).is_err());
        assert!(Line::reason("no\nspace").is_err());
    }
}
