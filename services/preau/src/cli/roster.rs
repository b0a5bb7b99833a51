//! `preau roster`: the conversation about a school's roster.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use preau_proto::roster::v1::{Import, ImportState};

use super::args::{CodesArgs, ImportArgs, RosterCommand, SheetArgs};
use super::block_on;
use super::contract::print;
use super::session::with_gateway;
use crate::client::{Gateway, failure};
use crate::failure::{Exit, Failure, at_path};
use crate::files::bar;
use crate::private;
use crate::roster::{self, SchoolFound, Whom};

/// Does one command.
pub(crate) fn run(command: RosterCommand) -> Result<(), Failure> {
    match command {
        RosterCommand::Import(args) => {
            // Read before anybody signs in.
            let zip = roster::read_zip(&args.file)?;
            block_on(with_gateway(&args.server, async |gateway| {
                let school = roster::find_school(gateway, args.school.as_deref()).await?;
                import(gateway, &school, &args, &zip).await
            }))
        }
        RosterCommand::Codes(args) => {
            let whom = whom(&args)?;
            block_on(with_gateway(&args.server, async |gateway| {
                codes(gateway, &args.sheet, &whom).await
            }))
        }
        RosterCommand::Reset(args) => {
            let whom = Whom::Forgetful(args.whose);
            block_on(with_gateway(&args.server, async |gateway| {
                codes(gateway, &args.sheet, &whom).await
            }))
        }
    }
}

async fn import(
    gateway: &Gateway,
    school: &SchoolFound,
    args: &ImportArgs,
    zip: &bytes::Bytes,
) -> Result<(), Failure> {
    let file = args.file.display();
    let progress = bar("roster", zip.len() as u64, 0);
    let checked = roster::check(gateway, &school.id, zip, |bytes| progress.inc(bytes)).await;
    progress.finish_and_clear();
    let import = checked.map_err(|status| failure("cannot check the roster", &file, &status))?;
    if import.state() == ImportState::Invalid {
        return Err(refused(&import, &args.file));
    }
    let summary = import.summary.unwrap_or_default();
    let unchanged = roster::is_unchanged(&summary);
    print(&format!("{} ({})\n", school.name, school.uai))?;
    print(&roster::summary(&summary))?;
    if args.dry_run {
        return print("nothing was changed: this was a dry run\n");
    }
    let confirmed = if summary.needs_confirmation {
        let answer = ask(summary.people_disabled, args.yes);
        confirm(summary.people_disabled, &answer, &args.file)?;
        summary.people_disabled
    } else {
        0
    };
    let applied = roster::apply(gateway, &import.import_id, confirmed)
        .await
        .map_err(|status| failure("cannot apply the roster", &file, &status))?;
    match applied.state() {
        // Others changed something in between.
        ImportState::Invalid => Err(refused(&applied, &args.file)),
        ImportState::Applying => print("decided; the server is writing it down\n"),
        _ if unchanged => print("nothing had to be changed\n"),
        _ => print(&next_steps(summary.people_new, school)),
    }
}

/// Prints every problem; answers the one line that says what to do with them.
fn refused(import: &Import, file: &Path) -> Failure {
    eprint!("{}", roster::problems(import));
    let count = import.problem_count;
    let what = match count {
        1 => "the roster has 1 problem and nothing was changed".to_owned(),
        _ => format!("the roster has {count} problems and nothing was changed"),
    };
    Failure::new(
        what,
        file.display(),
        "correct it at its source, export it and import it again",
    )
}

fn next_steps(new: u32, school: &SchoolFound) -> String {
    let mut text = "applied\n".to_owned();
    if new > 0 {
        let uai = &school.uai;
        text.push_str(&format!(
            "codes for the first sign-in: `preau roster codes CLASS --school {uai} --html FILE`, and with --staff\n"
        ));
    }
    text
}

/// Whether so many people may lose their access: the number said back, or `--yes`.
fn confirm(disabled: u32, answer: &Answer, file: &Path) -> Result<(), Failure> {
    let refusal = |remedy: &str| {
        let what = format!("{disabled} people would lose their access; nothing was changed");
        Failure::new(what, file.display(), remedy)
    };
    match answer {
        Answer::Yes => Ok(()),
        Answer::Written(answer) if answer.trim() == disabled.to_string() => Ok(()),
        Answer::Written(_) => Err(refusal("check that the file holds the whole school")),
        Answer::NobodyThere => Err(refusal(
            "check that the file holds the whole school, then repeat with --yes",
        )),
    }
}

/// What is said to "so many people lose their access".
enum Answer {
    /// `--yes`, before the question.
    Yes,
    /// At the terminal.
    Written(String),
    NobodyThere,
}

fn ask(disabled: u32, yes: bool) -> Answer {
    let stdin = std::io::stdin();
    if yes {
        return Answer::Yes;
    }
    if !stdin.is_terminal() {
        return Answer::NobodyThere;
    }
    eprint!("{disabled} people would lose their access. Write that number to go on: ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    // What cannot be read is no number.
    let _ = stdin.lock().read_line(&mut answer);
    Answer::Written(answer)
}

fn whom(args: &CodesArgs) -> Result<Whom, Failure> {
    match (&args.class, args.staff) {
        (Some(class), false) => Ok(Whom::Class(class.clone())),
        (None, true) => Ok(Whom::Staff),
        _ => Err(Failure::new(
            "whose codes is not said",
            "command line",
            "name one class, or write --staff",
        )
        .exit(Exit::Usage)),
    }
}

async fn codes(gateway: &Gateway, args: &SheetArgs, whom: &Whom) -> Result<(), Failure> {
    let school = roster::find_school(gateway, args.school.as_deref()).await?;
    let sheet = roster::issue(gateway, &school, whom).await?;
    if let Whom::Forgetful(login) = whom {
        if sheet.codes.is_empty() {
            return Err(not_reset(login));
        }
        eprintln!("the old password works no more, and every session of theirs has ended");
    } else if sheet.without > 0 {
        eprintln!(
            "{} need no code: they chose a password, or cannot sign in",
            sheet.without
        );
    }
    let Some(path) = &args.html else {
        return print(&sheet.table());
    };
    let page = roster::page(&sheet, args.address.as_deref());
    write_page(path, &page)?;
    print(&format!(
        "{} codes: print {} and remove it\n",
        sheet.codes.len(),
        path.display()
    ))
}

fn not_reset(login: &str) -> Failure {
    let remedy = "nobody resets their own password, nor that of who cannot sign in, or administers more than they do: \
                  ask an administrator above";
    Failure::new("the password was not reset", login, remedy).exit(Exit::Denied)
}

/// Whoever reads the page can sign in as a pupil: it is its owner's alone.
fn write_page(path: &Path, page: &str) -> Result<(), Failure> {
    private::write(path, page.as_bytes())
        .map_err(|error| at_path("cannot write the page of codes", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_or_yes_takes_peoples_access() {
        let file = Path::new("rentree.zip");
        assert_eq!(confirm(12, &Answer::Yes, file), Ok(()));
        assert_eq!(confirm(12, &Answer::Written("12\n".into()), file), Ok(()));
        for other in ["", "yes\n", "1\n"] {
            let failure = confirm(12, &Answer::Written(other.into()), file).expect_err("refused");
            assert!(failure.to_string().starts_with("12 people"), "{failure}");
        }
        let failure = confirm(12, &Answer::NobodyThere, file).expect_err("refused");
        assert!(failure.to_string().ends_with("--yes"), "{failure}");
    }

    #[test]
    fn codes_are_for_one_class_or_for_the_staff() {
        let args = |class: Option<&str>, staff| CodesArgs {
            class: class.map(str::to_owned),
            staff,
            ..CodesArgs::default()
        };
        assert_eq!(whom(&args(None, true)), Ok(Whom::Staff));
        let class = whom(&args(Some("2de A"), false));
        assert_eq!(class, Ok(Whom::Class("2de A".into())));
        for wrong in [args(None, false), args(Some("2de A"), true)] {
            assert_eq!(whom(&wrong).expect_err("wrong").code(), Exit::Usage);
        }
    }
}
