//! A small school as a zip, and ways to spoil it.

use std::io::{Cursor, Write};

use time::macros::date;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::domain::oneroster::{Expected, Problem, Problems, SchoolRoster, read};

pub(crate) const UAI: &str = "0951099D";

const MANIFEST: &str = "propertyName,value\n\
    manifest.version,1.0\n\
    oneroster.version,1.2\n\
    file.academicSessions,bulk\n\
    file.classes,bulk\n\
    file.courses,bulk\n\
    file.demographics,absent\n\
    file.enrollments,bulk\n\
    file.orgs,bulk\n\
    file.roles,bulk\n\
    file.users,bulk\n\
    file.results,absent\n";

const ORGS: &str = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n\
    s1,,,Lycée,school,0951099D,d1\n\
    d1,,,Académie,district,,\n";

const SESSIONS: &str = "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n\
    y1,,,2026-2027,schoolYear,2026-09-01,2027-07-03,,2027\n";

const COURSES: &str = "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\n\
    co1,,,y1,Seconde,2DE,,s1,,\n";

const CLASSES: &str = "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n\
    c1,,,2de A,,co1,2A,homeroom,,s1,y1,,,\n\
    c2,,,2de B,,co1,2B,homeroom,,s1,y1,,,\n";

const USERS: &str = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n\
    u1,,,true,t.un,,Tess,Un,,,,,,,,,,,,,s1,\n\
    u2,,,true,t.deux,,Théo,Deux,,,,,,,,,,,,,s1,\n\
    u3,,,true,p.trois,,Paul,Trois,,,,,,u5,,,,,,,s1,\n\
    u4,,,false,p.quatre,,Pia,Quatre,,,,,,,,,,,,,s1,\n\
    u5,,,true,m.cinq,,Mère,Cinq,,,,,,,,,,,,,s1,\n";

const ROLES: &str = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n\
    r1,,,u1,primary,teacher,,,s1,\n\
    r2,,,u2,primary,teacher,,,s1,\n\
    r3,,,u3,primary,student,,,s1,\n\
    r4,,,u4,primary,student,,,s1,\n\
    r5,,,u5,primary,parent,,,s1,\n\
    r6,,,u1,secondary,siteAdministrator,2026-09-01,2027-07-03,s1,\n";

const ENROLLMENTS: &str = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n\
    e1,,,c1,s1,u2,teacher,false,,\n\
    e2,,,c1,s1,u1,teacher,true,,\n\
    e3,,,c2,s1,u2,teacher,,,\n\
    e4,,,c1,s1,u3,student,false,,\n\
    e5,,,c2,s1,u4,student,false,2026-09-01,2027-07-03\n";

/// The files of a zip, to be changed before they are packed.
#[derive(Clone)]
pub(crate) struct Files(pub(crate) Vec<(String, Vec<u8>)>);

impl Files {
    /// Two classes, two teachers, two pupils, a parent.
    pub(crate) fn small() -> Self {
        let files = [
            ("manifest.csv", MANIFEST),
            ("orgs.csv", ORGS),
            ("academicSessions.csv", SESSIONS),
            ("courses.csv", COURSES),
            ("classes.csv", CLASSES),
            ("users.csv", USERS),
            ("roles.csv", ROLES),
            ("enrollments.csv", ENROLLMENTS),
        ];
        Self(
            files
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
                .collect(),
        )
    }

    pub(crate) fn with(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, content)) => *content = bytes.into(),
            None => self.0.push((name.to_owned(), bytes.into())),
        }
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn text(&self, name: &str) -> String {
        let (_, bytes) = self.0.iter().find(|(known, _)| known == name).unwrap();
        String::from_utf8(bytes.clone()).unwrap()
    }

    /// With the one place where a file has `old` changed to `new`.
    pub(crate) fn replace(self, name: &str, old: &str, new: &str) -> Self {
        let text = self.text(name);
        assert_eq!(
            text.matches(old).count(),
            1,
            "{old:?} stands once in {name}"
        );
        self.with(name, text.replace(old, new))
    }

    /// With rows behind the others.
    pub(crate) fn append(self, name: &str, rows: &str) -> Self {
        let text = self.text(name) + rows;
        self.with(name, text)
    }

    /// Without the one row that begins so.
    pub(crate) fn without_row(self, name: &str, start: &str) -> Self {
        let text = self.text(name);
        let kept: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with(start))
            .collect();
        assert_eq!(
            kept.len() + 1,
            text.lines().count(),
            "{start:?} begins one row of {name}"
        );
        self.with(name, kept.join("\n") + "\n")
    }

    pub(crate) fn zip(&self) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, bytes) in &self.0 {
            writer.start_file(name.as_str(), options).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }
}

pub(crate) fn expected() -> Expected {
    Expected {
        uai: UAI.parse().unwrap(),
        today: date!(2026 - 11 - 27),
    }
}

pub(crate) fn roster(files: &Files) -> SchoolRoster {
    read(&files.zip(), &expected()).unwrap()
}

pub(crate) fn problems(files: &Files) -> Problems {
    read(&files.zip(), &expected()).unwrap_err()
}

/// File, line, column, value and reason of each problem.
pub(crate) type Seen<'a> = (&'a str, u32, &'a str, &'a str, &'a str);

pub(crate) fn seen(problems: &[Problem]) -> Vec<Seen<'_>> {
    problems
        .iter()
        .map(|problem| {
            assert!(problem.message.len() > 20, "says what to do: {problem:?}");
            (
                problem.file.as_str(),
                problem.line,
                problem.column.as_str(),
                problem.value.as_str(),
                &*problem.reason,
            )
        })
        .collect()
}

/// Makes sure that the files have exactly these problems.
#[track_caller]
pub(crate) fn assert_problems(files: &Files, expected: &[Seen<'_>]) {
    let found = problems(files);
    let count = found.count();
    let found = found.sorted();
    assert_eq!(seen(&found), expected);
    assert_eq!(count as usize, expected.len());
}
