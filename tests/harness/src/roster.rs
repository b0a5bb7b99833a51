//! Rosters of invented schools, as OneRoster 1.2 CSV zips: good ones, and ones that a test spoils.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

/// The data files that a bulk export of people and classes has.
const REQUIRED: [&str; 7] = [
    "academicSessions",
    "classes",
    "courses",
    "enrollments",
    "orgs",
    "roles",
    "users",
];

/// The others that a manifest of version 1.2 speaks of.
const ABSENT: [&str; 14] = [
    "categories",
    "classResources",
    "courseResources",
    "demographics",
    "lineItemLearningObjectiveIds",
    "lineItems",
    "lineItemScoreScales",
    "resources",
    "resultLearningObjectiveIds",
    "results",
    "resultScoreScales",
    "scoreScales",
    "userProfiles",
    "userResources",
];

const USERS: &str = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,\
identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,\
preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns\n";
const ROLES: &str = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,\
userProfileSourcedId\n";
const CLASSES: &str = "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,\
schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n";
const ENROLLMENTS: &str = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,\
primary,beginDate,endDate\n";

/// A school's people and classes. People are called by a short name, from which everything else follows:
/// `lea` of a roster tagged `ici` signs in as `lea.ici`.
#[derive(Clone, Debug)]
pub struct Roster {
    uai: String,
    tag: String,
    /// By short name: the role.
    people: BTreeMap<String, &'static str>,
    /// By id: title, teachers (the main one first), pupils.
    classes: BTreeMap<String, Class>,
}

#[derive(Clone, Debug)]
struct Class {
    title: String,
    teachers: Vec<String>,
    pupils: Vec<String>,
}

impl Roster {
    /// Nobody yet, of the school with this UAI.
    #[must_use]
    pub fn new(uai: &str, tag: &str) -> Self {
        Self {
            uai: uai.to_owned(),
            tag: tag.to_owned(),
            people: BTreeMap::new(),
            classes: BTreeMap::new(),
        }
    }

    /// Adds a pupil.
    pub fn pupil(&mut self, name: &str) -> &mut Self {
        self.person(name, "student")
    }

    /// Adds a teacher.
    pub fn teacher(&mut self, name: &str) -> &mut Self {
        self.person(name, "teacher")
    }

    /// Adds somebody with any role of OneRoster's.
    pub fn person(&mut self, name: &str, role: &'static str) -> &mut Self {
        self.people.insert(name.to_owned(), role);
        self
    }

    /// Adds a class, or replaces it; the first teacher is its main one.
    pub fn class(
        &mut self,
        id: &str,
        title: &str,
        teachers: &[&str],
        pupils: &[&str],
    ) -> &mut Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let class = Class {
            title: title.to_owned(),
            teachers: owned(teachers),
            pupils: owned(pupils),
        };
        self.classes.insert(id.to_owned(), class);
        self
    }

    /// Takes somebody out of everything.
    pub fn without(&mut self, name: &str) -> &mut Self {
        self.people.remove(name);
        for class in self.classes.values_mut() {
            class.teachers.retain(|other| other != name);
            class.pupils.retain(|other| other != name);
        }
        self
    }

    /// What somebody signs in as.
    #[must_use]
    pub fn login(&self, name: &str) -> String {
        format!("{name}.{}", self.tag)
    }

    /// The files, to be spoilt or zipped.
    #[must_use]
    pub fn files(&self) -> RosterFiles {
        let mut files = BTreeMap::new();
        let mut add = |name: &str, text: String| files.insert(name.to_owned(), text.into_bytes());
        add("manifest.csv", manifest());
        add("orgs.csv", self.orgs());
        add("academicSessions.csv", sessions());
        add("courses.csv", courses());
        add("classes.csv", self.class_rows());
        add("users.csv", self.users());
        add("roles.csv", self.roles());
        add("enrollments.csv", self.enrollments());
        RosterFiles(files)
    }

    /// The zip.
    #[must_use]
    pub fn zip(&self) -> Vec<u8> {
        self.files().zip()
    }

    fn id(&self, name: &str) -> String {
        format!("{}-{name}", self.tag)
    }

    fn orgs(&self) -> String {
        format!(
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n\
             ecole,,,École {},school,{},\n",
            self.tag, self.uai
        )
    }

    fn users(&self) -> String {
        let mut text = USERS.to_owned();
        for name in self.people.keys() {
            let (id, login) = (self.id(name), self.login(name));
            let _ = writeln!(
                text,
                "{id},,,true,{login},,Prénom {name},Nom {name},,,,,,,,,,,,,ecole,"
            );
        }
        text
    }

    fn roles(&self) -> String {
        let mut text = ROLES.to_owned();
        for (name, role) in &self.people {
            let id = self.id(name);
            let _ = writeln!(text, "role-{id},,,{id},primary,{role},,,ecole,");
        }
        text
    }

    fn class_rows(&self) -> String {
        let mut text = CLASSES.to_owned();
        for (id, class) in &self.classes {
            let title = &class.title;
            let _ = writeln!(text, "{id},,,{title},,cours,,homeroom,,ecole,periode,,,");
        }
        text
    }

    fn enrollments(&self) -> String {
        let mut text = ENROLLMENTS.to_owned();
        for (id, class) in &self.classes {
            for (n, name) in class.teachers.iter().enumerate() {
                self.enrollment(&mut text, id, name, "teacher", n == 0);
            }
            for name in &class.pupils {
                self.enrollment(&mut text, id, name, "student", false);
            }
        }
        text
    }

    fn enrollment(&self, text: &mut String, class: &str, name: &str, role: &str, primary: bool) {
        let person = self.id(name);
        let _ = writeln!(
            text,
            "inscription-{class}-{person},,,{class},ecole,{person},{role},{primary},,"
        );
    }
}

fn manifest() -> String {
    let mut text = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n".to_owned();
    for name in REQUIRED {
        let _ = writeln!(text, "file.{name},bulk");
    }
    for name in ABSENT {
        let _ = writeln!(text, "file.{name},absent");
    }
    text
}

fn sessions() -> String {
    "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n\
     annee,,,Année,schoolYear,2020-09-01,2099-07-03,,2099\n\
     periode,,,Période,term,2020-09-01,2099-07-03,annee,2099\n"
        .to_owned()
}

fn courses() -> String {
    "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,\
     subjectCodes\n\
     cours,,,annee,Cours,,,ecole,,\n"
        .to_owned()
}

/// Files by name, before they are zipped.
#[derive(Clone, Debug)]
pub struct RosterFiles(BTreeMap<String, Vec<u8>>);

impl RosterFiles {
    /// Replaces the one place where `old` stands in a file.
    ///
    /// # Panics
    /// When there is no such file, or `old` stands there not exactly once: a test must spoil what it means to.
    #[must_use]
    pub fn replace(mut self, file: &str, old: &str, new: &str) -> Self {
        let bytes = self.0.get_mut(file).unwrap_or_else(|| panic!("no {file}"));
        let text = String::from_utf8(bytes.clone()).expect("the builder writes UTF-8");
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {file}:\n{text}");
        *bytes = text.replace(old, new).into_bytes();
        self
    }

    /// Puts a file in, or another in its place.
    #[must_use]
    pub fn with(mut self, file: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(file.to_owned(), bytes.into());
        self
    }

    /// Takes a file out.
    #[must_use]
    pub fn without(mut self, file: &str) -> Self {
        self.0.remove(file);
        self
    }

    /// The bytes of a file.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn bytes(&self, file: &str) -> &[u8] {
        self.0.get(file).unwrap_or_else(|| panic!("no {file}"))
    }

    /// The zip.
    ///
    /// # Panics
    /// Never: it is written to memory, and names are short.
    #[must_use]
    pub fn zip(&self) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in &self.0 {
            let options = SimpleFileOptions::default();
            zip.start_file(name, options).expect("a short name");
            zip.write_all(bytes).expect("memory takes everything");
        }
        zip.finish().expect("memory takes everything").into_inner()
    }
}
