//! Which school a command is about.

use preau_kernel::ids::SchoolId;
use preau_proto::identity::v1::directory_service_client::DirectoryServiceClient;
use preau_proto::identity::v1::{ListSchoolsRequest, School};

use crate::client::{Gateway, failure, retry};
use crate::failure::{Exit, Failure};

/// How many schools an error names.
const NAMED: usize = 8;

/// The school that was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchoolFound {
    pub(crate) id: String,
    pub(crate) uai: String,
    pub(crate) name: String,
}

/// The school with that UAI among those the caller administers, or the only one of them.
pub(crate) async fn find(gateway: &Gateway, uai: Option<&str>) -> Result<SchoolFound, Failure> {
    let mut schools: Vec<School> = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListSchoolsRequest {
            page_size: 200,
            page_token,
        };
        let page = retry(|| async {
            let mut client = DirectoryServiceClient::new(gateway.channel.clone());
            client.list_schools(gateway.request(request.clone())).await
        })
        .await
        .map_err(|status| failure("cannot list your schools", &gateway.url, &status))?
        .into_inner();
        schools.extend(
            page.schools
                .into_iter()
                .filter(|school| is_meant(school, uai)),
        );
        page_token = page.next_page_token;
        // Enough to choose one, or to say that several are meant.
        if page_token.is_empty() || schools.len() > NAMED {
            return choose(schools, uai, &gateway.url);
        }
    }
}

/// The id of the school that was meant: by its id, which is taken as it is, or as [`find`] does.
pub(crate) async fn id(gateway: &Gateway, school: Option<&str>) -> Result<String, Failure> {
    match school.filter(|school| school.parse::<SchoolId>().is_ok()) {
        Some(id) => Ok(id.to_owned()),
        None => Ok(find(gateway, school).await?.id),
    }
}

fn is_meant(school: &School, uai: Option<&str>) -> bool {
    uai.is_none_or(|uai| school.uai.eq_ignore_ascii_case(uai.trim()))
}

fn choose(schools: Vec<School>, uai: Option<&str>, server: &str) -> Result<SchoolFound, Failure> {
    match (schools.as_slice(), uai) {
        ([one], _) => Ok(SchoolFound {
            id: one.school_id.clone(),
            uai: one.uai.clone(),
            name: one.name.clone(),
        }),
        ([], Some(uai)) => Err(Failure::new(
            "no such school among those you administer",
            uai,
            "check the UAI: seven digits and a letter",
        )
        .exit(Exit::NotFound)),
        ([], None) => Err(Failure::new(
            "you administer no school",
            server,
            "sign in as an administrator of the school",
        )
        .exit(Exit::Denied)),
        (several, _) => {
            let mut names: Vec<String> = several
                .iter()
                .take(NAMED)
                .map(|school| format!("{} ({})", school.uai, school.name))
                .collect();
            if several.len() > NAMED {
                names.push("…".to_owned());
            }
            let remedy = format!("choose one with --school: {}", names.join(", "));
            Err(Failure::new("you administer several schools", server, remedy).exit(Exit::Usage))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn school(uai: &str) -> School {
        School {
            school_id: format!("id of {uai}"),
            uai: uai.into(),
            name: format!("Lycée {uai}"),
            ..School::default()
        }
    }

    #[test]
    fn the_only_school_needs_no_name() {
        let found = choose(vec![school("0951099D")], None, "here").expect("one");
        assert_eq!(found.id, "id of 0951099D");
    }

    #[test]
    fn a_school_is_meant_whatever_the_case_of_its_letter() {
        assert!(is_meant(&school("0951099D"), Some(" 0951099d ")));
        assert!(!is_meant(&school("0951099D"), Some("0870003F")));
        assert!(is_meant(&school("0951099D"), None));
    }

    #[test]
    fn several_schools_are_named_and_none_says_why() {
        let several = vec![school("0951099D"), school("0870003F")];
        let failure = choose(several, None, "here").expect_err("several");
        assert_eq!(failure.code(), Exit::Usage);
        assert!(failure.to_string().contains("0870003F (Lycée 0870003F)"));
        let many = (0..20).map(|n| school(&format!("{n:07}A"))).collect();
        let failure = choose(many, None, "here").expect_err("many");
        assert!(failure.to_string().ends_with(", …"), "{failure}");
        let failure = choose(vec![], Some("0951099D"), "here").expect_err("unknown");
        assert_eq!(failure.code(), Exit::NotFound);
        let failure = choose(vec![], None, "here").expect_err("none");
        assert_eq!(failure.code(), Exit::Denied);
    }
}
