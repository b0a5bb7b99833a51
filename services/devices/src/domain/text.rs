/// What a device or an administrator wrote, to be shown on one line: a name, a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(String);

/// What an administrator wrote to be shown on a device: line breaks are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(String);

/// Why a text is none of these. The person who typed it reads this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidText {
    #[error("nothing to show: write at least one visible character")]
    Empty,
    #[error("{chars} characters, and the most is {most}: shorten it")]
    TooLong { chars: usize, most: usize },
    #[error("it holds U+{code:04X}, which is not shown or reorders what is: remove it")]
    Forbidden { code: u32 },
}

impl Line {
    /// At most `most` characters, after spaces at both ends are dropped. May be empty.
    pub(crate) fn parse(text: &str, most: usize) -> Result<Self, InvalidText> {
        let text = text.trim();
        check(text, most, forbidden)?;
        Ok(Self(text.to_owned()))
    }

    /// The same, with something in it that is seen.
    pub(crate) fn parse_some(text: &str, most: usize) -> Result<Self, InvalidText> {
        let line = Self::parse(text, most)?;
        if !line.0.chars().any(is_seen) {
            return Err(InvalidText::Empty);
        }
        Ok(line)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Text {
    /// 1 to `most` characters, after spaces at both ends are dropped; one of them is seen.
    pub(crate) fn parse(text: &str, most: usize) -> Result<Self, InvalidText> {
        let text = text.trim().replace("\r\n", "\n");
        check(&text, most, |c| c != '\n' && forbidden(c))?;
        if !text.chars().any(is_seen) {
            return Err(InvalidText::Empty);
        }
        Ok(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(text: &str, most: usize, forbidden: impl Fn(char) -> bool) -> Result<(), InvalidText> {
    let chars = text.chars().count();
    if chars > most {
        return Err(InvalidText::TooLong { chars, most });
    }
    match text.chars().find(|c| forbidden(*c)) {
        Some(c) => Err(InvalidText::Forbidden { code: c.into() }),
        None => Ok(()),
    }
}

/// Whether a character leaves a mark or makes room: neither space nor ignorable (Unicode, Default_Ignorable_Code_Point,
/// with the blank of braille). They are allowed beside others: some scripts and emoji need them.
fn is_seen(c: char) -> bool {
    !c.is_whitespace()
        && !matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
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
    fn words_pass_and_lose_only_the_spaces_around_them() {
        let line = Line::parse("  Tablette 12, salle « été » 👩‍🏫 ", 100).expect("a line");
        assert_eq!(line.as_str(), "Tablette 12, salle « été » 👩‍🏫");
        let text = Text::parse("Bonjour,\r\nrendez-moi.\n", 500).expect("a text");
        assert_eq!(text.as_str(), "Bonjour,\nrendez-moi.");
        assert_eq!(Line::parse(" ", 3), Ok(Line::default()));
    }

    #[test]
    fn what_is_empty_longer_or_not_shown_is_refused() {
        assert_eq!(Line::parse_some(" ", 3), Err(InvalidText::Empty));
        assert_eq!(Text::parse("\n", 3), Err(InvalidText::Empty));
        for blank in [
            "\u{200B}",
            "\u{AD}\u{FE0F}",
            "\u{2800} \u{3164}",
            "\u{E0041}",
        ] {
            assert_eq!(Line::parse_some(blank, 3), Err(InvalidText::Empty));
            assert_eq!(Text::parse(blank, 3), Err(InvalidText::Empty));
        }
        let long = InvalidText::TooLong { chars: 4, most: 3 };
        assert_eq!(Line::parse("éééé", 3), Err(long));
        assert_eq!(Text::parse("éééé", 3), Err(long));
        for text in ["a\nb", "a\0", "a\u{202E}b", "a\u{2028}b"] {
            let refused = Line::parse(text, 100);
            assert!(matches!(refused, Err(InvalidText::Forbidden { .. })));
        }
        for text in ["a\tb", "a\rb", "a\u{202E}b"] {
            let refused = Text::parse(text, 100);
            assert!(matches!(refused, Err(InvalidText::Forbidden { .. })));
        }
    }
}
