//! First-use codes as a page to print and cut: one slip a person, in French, for those who receive them.

use std::fmt::Write as _;

use preau_proto::identity::v1::FirstUseCode;
use time::OffsetDateTime;

use super::codes::Sheet;

/// Everything is in the page: it loads nothing, and runs nothing.
const HEAD: &str = "<!doctype html>
<html lang=\"fr\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"robots\" content=\"noindex\">
<meta name=\"referrer\" content=\"no-referrer\">
<style>
body { font: 11pt/1.4 system-ui, sans-serif; margin: 1.5rem; color: #111; background: #fff; }
h1 { font-size: 14pt; margin: 0 0 .25rem; }
.note { margin: 0 0 1rem; max-width: 42rem; }
ul { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: .75rem; }
li { border: 1px dashed #666; padding: .75rem 1rem; break-inside: avoid; overflow-wrap: anywhere; }
dl { margin: .25rem 0 0; display: grid; grid-template-columns: auto 1fr; gap: 0 .75rem; }
dd { margin: 0; }
.code { font: 600 13pt ui-monospace, monospace; letter-spacing: .05em; white-space: nowrap; }
.small { font-size: 9pt; color: #333; }
@page { size: A4; margin: 12mm; }
@media print { body { margin: 0; } .note { display: none; } ul { grid-template-columns: 1fr 1fr; } }
</style>
";

/// The page. `address` is what people type to reach the site; without it slips have none.
pub(crate) fn page(sheet: &Sheet, address: Option<&str>) -> String {
    let (school, class) = (escape(&sheet.school), escape(&sheet.title));
    let mut html = HEAD.to_owned();
    let _ = write!(
        html,
        "<title>Codes de première connexion – {class}</title>\n</head>\n<body>\n\
         <h1>{school} – {class}</h1>\n\
         <p class=\"note\">Codes de première connexion. Chacun ne sert qu’une fois et remplace ceux imprimés \
         auparavant. Remettez chaque billet à la personne nommée, puis supprimez ce fichier.</p>\n<ul>\n"
    );
    for code in &sheet.codes {
        slip(&mut html, code, &school, &class, address);
    }
    html.push_str("</ul>\n</body>\n</html>\n");
    html
}

fn slip(html: &mut String, code: &FirstUseCode, school: &str, class: &str, address: Option<&str>) {
    let name = format!("{} {}", code.given_name, code.family_name);
    let _ = write!(
        html,
        "<li><strong>{}</strong> <span class=\"small\">{school}, {class}</span>\n<dl>",
        escape(&name)
    );
    if let Some(address) = address {
        let _ = write!(html, "<dt>Adresse</dt><dd>{}</dd>", escape(address));
    }
    let _ = writeln!(
        html,
        "<dt>Identifiant</dt><dd>{}</dd><dt>Code</dt><dd class=\"code\">{}</dd></dl>",
        escape(&code.login),
        escape(&code.code)
    );
    html.push_str("<p class=\"small\">« Première connexion » : saisissez l’identifiant et ce code, puis choisissez votre mot de passe.");
    if let Some(day) = last_day(code) {
        let _ = write!(html, " Valable jusqu’au {day}.");
    }
    html.push_str("</p></li>\n");
}

/// The day on which the code expires, as French people write it.
fn last_day(code: &FirstUseCode) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp(code.expires_at?.seconds).ok()?;
    let (day, month, year) = (at.day(), u8::from(at.month()), at.year());
    Some(format!("{day:02}/{month:02}/{year}"))
}

/// Text that may hold anything, as text of the page or a value in it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(name: &str) -> Sheet {
        Sheet {
            school: "Lycée de l'Ourse".into(),
            title: "2de <A>".into(),
            codes: vec![FirstUseCode {
                given_name: name.into(),
                family_name: "d'Artois & fils".into(),
                login: "ines.valmont".into(),
                code: "K7QM-2PXR-T4VD".into(),
                expires_at: Some(prost_types::Timestamp {
                    seconds: 1_798_761_600,
                    nanos: 0,
                }),
                ..FirstUseCode::default()
            }],
            without: 0,
        }
    }

    #[test]
    fn a_slip_has_all_that_a_first_sign_in_takes() {
        let html = page(&sheet("Inès"), Some("https://ent.exemple.fr"));
        for part in [
            "Inès d&#39;Artois &amp; fils",
            "ines.valmont",
            "K7QM-2PXR-T4VD",
            "https://ent.exemple.fr",
            "01/01/2027",
        ] {
            assert!(html.contains(part), "no {part} in {html}");
        }
        assert!(!page(&sheet("Inès"), None).contains("Adresse"));
    }

    #[test]
    fn no_name_becomes_markup() {
        let html = page(&sheet("<script>alert(1)</script>"), Some("\"><img src=x>"));
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("<img"), "{html}");
        assert!(!html.contains("2de <A>"), "{html}");
        // It loads nothing either.
        assert!(!html.contains("src=\"") && !html.contains("url("), "{html}");
    }
}
