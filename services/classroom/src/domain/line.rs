/// Characters of a line at most.
const MAX_CHARS: usize = 200;

/// What a person wrote to be shown on one line: a title, a message. May be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(String);

/// Why a text is no line. The person who typed it reads this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidLine {
    #[error("{chars} characters, and the most is {MAX_CHARS}: shorten it")]
    TooLong { chars: usize },
    #[error("it holds U+{code:04X}, which is not shown or reorders what is: remove it")]
    Forbidden { code: u32 },
}

impl Line {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidLine> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars > MAX_CHARS {
            return Err(InvalidLine::TooLong { chars });
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
    fn one_line_of_words_passes() {
        for text in [
            "",
            "Regardez le tableau / page 12 : « été » 👩‍🏫",
            &"é".repeat(200),
        ] {
            assert_eq!(
                Line::parse(text).map(|line| line.as_str().to_owned()),
                Ok(text.to_owned())
            );
        }
        assert_eq!(Line::parse("  ici ").expect("a line").as_str(), "ici");
    }

    #[test]
    fn what_is_longer_or_not_shown_is_refused() {
        assert_eq!(
            Line::parse(&"é".repeat(201)),
            Err(InvalidLine::TooLong { chars: 201 })
        );
        for text in ["a\nb", "a\0", "a\u{202E}b", "a\u{2028}b"] {
            assert!(
                matches!(Line::parse(text), Err(InvalidLine::Forbidden { .. })),
                "{text:?}"
            );
        }
    }
}
