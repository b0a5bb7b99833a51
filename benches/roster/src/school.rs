//! The school and its tables.

use crate::archive;
use crate::people::{login, name};
use crate::table::Table;

/// Every data file of OneRoster 1.2, as the manifest lists them.
const FILES: [&str; 21] = [
    "academicSessions",
    "categories",
    "classes",
    "classResources",
    "courses",
    "courseResources",
    "demographics",
    "enrollments",
    "lineItemLearningObjectiveIds",
    "lineItems",
    "lineItemScoreScales",
    "orgs",
    "resources",
    "resultLearningObjectiveIds",
    "results",
    "resultScoreScales",
    "roles",
    "scoreScales",
    "userProfiles",
    "userResources",
    "users",
];

const YEAR: &str = "2027";

/// How many of what.
#[derive(Clone, Copy, Debug)]
pub struct School {
    /// The school's number, in `orgs.csv`.
    pub uai: &'static str,
    /// People in the role of student.
    pub pupils: u32,
    /// People in the role of teacher. Every class has two of them.
    pub teachers: u32,
    /// Classes, of as many courses as ten go into.
    pub classes: u32,
    /// Classes that each pupil is in; at most `classes`.
    pub classes_per_pupil: u32,
}

impl School {
    /// What the benchmark imports: 20,000 people.
    pub const LARGE: Self = Self {
        uai: "0951099D",
        pupils: 19_000,
        teachers: 1_000,
        classes: 700,
        classes_per_pupil: 4,
    };

    /// Pupils and teachers together.
    #[must_use]
    pub fn people(&self) -> u32 {
        self.pupils + self.teachers
    }

    /// Rows of `enrollments.csv`.
    #[must_use]
    pub fn enrolments(&self) -> u32 {
        self.pupils * self.classes_per_pupil + self.classes * 2
    }

    /// The archive.
    ///
    /// # Errors
    /// None that a buffer in memory has.
    pub fn zip(&self) -> anyhow::Result<Vec<u8>> {
        archive::zip(&self.tables())
    }

    /// Its files, the manifest first.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        let data = [
            self.orgs(),
            sessions(),
            self.courses(),
            self.classes(),
            self.users(),
            self.roles(),
            self.enrollments(),
        ];
        std::iter::once(manifest(&data)).chain(data).collect()
    }

    fn orgs(&self) -> Table {
        let mut table = Table::new(
            "orgs",
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
        );
        table.push([
            ("sourcedId", &id("org", 0)),
            ("name", "Cité scolaire des Mille Classes"),
            ("type", "school"),
            ("identifier", self.uai),
        ]);
        table
    }

    fn courses(&self) -> Table {
        let mut table = Table::new(
            "courses",
            "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes",
        );
        for number in 0..self.classes.div_ceil(10) {
            table.push([
                ("sourcedId", &id("course", number)),
                ("schoolYearSourcedId", &id("session", 0)),
                ("title", &format!("Cours {number}")),
                ("orgSourcedId", &id("org", 0)),
            ]);
        }
        table
    }

    fn classes(&self) -> Table {
        let mut table = Table::new(
            "classes",
            "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
        );
        let terms = [1, 2, 3].map(|term| id("session", term)).join(",");
        for number in 0..self.classes {
            table.push([
                ("sourcedId", &id("class", number)),
                ("title", &format!("Groupe {number:03}")),
                ("courseSourcedId", &id("course", number / 10)),
                ("classCode", &format!("G{number:03}")),
                ("classType", "scheduled"),
                ("schoolSourcedId", &id("org", 0)),
                ("termSourcedIds", &terms),
            ]);
        }
        table
    }

    fn users(&self) -> Table {
        let mut table = Table::new(
            "users",
            "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns",
        );
        for number in 0..self.people() {
            let (given, family) = name(number);
            table.push([
                ("sourcedId", &id("user", number)),
                ("enabledUser", "true"),
                ("username", &login(number)),
                ("givenName", given),
                ("familyName", family),
                ("primaryOrgSourcedId", &id("org", 0)),
            ]);
        }
        table
    }

    fn roles(&self) -> Table {
        let mut table = Table::new(
            "roles",
            "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId",
        );
        for number in 0..self.people() {
            table.push([
                ("sourcedId", &id("role", number)),
                ("userSourcedId", &id("user", number)),
                ("roleType", "primary"),
                (
                    "role",
                    if number < self.teachers {
                        "teacher"
                    } else {
                        "student"
                    },
                ),
                ("orgSourcedId", &id("org", 0)),
            ]);
        }
        table
    }

    /// Two teachers a class, the first of them its main one; pupils spread evenly. The first numbers are teachers'.
    fn enrollments(&self) -> Table {
        let mut table = Table::new(
            "enrollments",
            "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
        );
        let mut enrol = |class: u32, user: u32, role: &str, primary: &str| {
            let number = u32::try_from(table.rows.len()).expect("far fewer than 2^32 rows");
            table.push([
                ("sourcedId", &id("enrolment", number)),
                ("classSourcedId", &id("class", class)),
                ("schoolSourcedId", &id("org", 0)),
                ("userSourcedId", &id("user", user)),
                ("role", role),
                ("primary", primary),
            ]);
        };
        for class in 0..self.classes {
            enrol(class, class % self.teachers, "teacher", "true");
            enrol(
                class,
                (class + self.teachers / 2) % self.teachers,
                "teacher",
                "false",
            );
        }
        let stride = self.classes / self.classes_per_pupil;
        for pupil in 0..self.pupils {
            for nth in 0..self.classes_per_pupil {
                enrol(
                    (pupil + nth * stride) % self.classes,
                    self.teachers + pupil,
                    "student",
                    "false",
                );
            }
        }
        table
    }
}

/// Bulk for what is there, absent for the rest of the twenty-one.
fn manifest(data: &[Table]) -> Table {
    let mut table = Table::new("manifest", "propertyName,value");
    let mut set = |name: &str, value| table.push([("propertyName", name), ("value", value)]);
    set("manifest.version", "1.0");
    set("oneroster.version", "1.2");
    for file in FILES {
        let there = data.iter().any(|table| table.name == file);
        set(
            &format!("file.{file}"),
            if there { "bulk" } else { "absent" },
        );
    }
    set("source.systemName", "Banc d'essai");
    table
}

/// A school year and its three terms.
fn sessions() -> Table {
    let mut table = Table::new(
        "academicSessions",
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear",
    );
    let year = id("session", 0);
    let spans = [
        (
            "Année 2026-2027",
            "schoolYear",
            "2026-09-01",
            "2027-07-03",
            "",
        ),
        (
            "Premier trimestre",
            "term",
            "2026-09-01",
            "2026-12-01",
            &year,
        ),
        (
            "Deuxième trimestre",
            "term",
            "2026-12-01",
            "2027-03-16",
            &year,
        ),
        (
            "Troisième trimestre",
            "term",
            "2027-03-16",
            "2027-07-03",
            &year,
        ),
    ];
    for (number, (title, kind, start, end, parent)) in (0..).zip(spans) {
        table.push([
            ("sourcedId", &id("session", number)),
            ("title", title),
            ("type", kind),
            ("startDate", start),
            ("endDate", end),
            ("parentSourcedId", parent),
            ("schoolYear", YEAR),
        ]);
    }
    table
}

/// An id as exporters write them: 36 characters that neither sort nor compress.
fn id(kind: &str, number: u32) -> String {
    let hash = blake3::hash(format!("{kind} {number}").as_bytes()).to_hex();
    let part = |from: usize, to: usize| &hash.as_str()[from..to];
    let parts = [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests;
