//! Method × role × relation: every cell of the contract's matrix is executed
//! against the running platform, and what happens is what the contract says.
//!
//! Through the gateway every public method is called by everybody: nobody,
//! somebody whose session expired, and every role, close to the object, in
//! another class, in another school, in another authority. On the mesh every
//! method is called by every workload. A new method fails here until it has a
//! way to be called in [`calls`].

mod actors;
mod calls;
mod workloads;

use preau_harness::{Failure, preau, workspace_root};
use preau_proto::contract::{Contract, Method};
use tonic::Code;

use actors::{Actor, Cast};

#[tokio::test]
async fn the_checked_in_matrix_is_the_contracts() -> anyhow::Result<()> {
    let printed = preau(["api", "matrix"], &[]).await?.success().stdout;
    assert_eq!(printed, Contract::load()?.matrix());
    let page = workspace_root().join("docs/api-matrix.txt");
    let checked_in = std::fs::read_to_string(&page)?;
    assert!(
        printed == checked_in,
        "{} is not what `preau api matrix` prints: read the difference, then run `make matrix`",
        page.display()
    );
    Ok(())
}

#[tokio::test]
async fn every_cell_of_the_matrix_does_what_it_says() -> anyhow::Result<()> {
    let contract = Contract::load()?;
    let cast = Cast::assemble().await?;
    let mut wrong = Vec::new();
    let mut cells = 0;
    let mut methods: Vec<&Method> = contract.methods().filter(|m| m.area != "mesh").collect();
    // Ends the sessions that the cells of every other method need.
    methods.sort_by_key(|method| method.path.ends_with("/SignOutEverywhere"));
    for method in methods {
        for actor in &cast.actors {
            cells += 1;
            let answer = calls::call(&cast, actor, &method.path, cells).await?;
            let expected = expected(method, actor);
            let found = answer.map_err(Failure::from);
            if !expected.fits(&found) {
                let (path, name) = (&method.path, actor.name);
                wrong.push(format!(
                    "{path} by {name}: expected {expected:?}, found {found:?}"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {cells} cells are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(cells > 300, "only {cells} cells");
    Ok(())
}

/// What a cell must answer.
#[derive(Debug)]
enum Expected {
    Success,
    /// Not a public method: it does not exist out here.
    Unimplemented,
    Unauthenticated,
    /// None of the caller's roles is in a rule.
    RoleDenied,
    /// The role fits, the relation does not hold, and the object is no secret.
    RelationDenied,
    /// The same where even the existence of the object is one.
    Hidden,
}

impl Expected {
    fn fits(&self, found: &Result<(), Failure>) -> bool {
        let failure = match found {
            Ok(()) => return matches!(self, Self::Success),
            Err(failure) => failure,
        };
        match self {
            Self::Success => false,
            Self::Unimplemented => failure.code == Code::Unimplemented,
            Self::Unauthenticated => failure.code == Code::Unauthenticated,
            Self::RoleDenied => {
                failure.code == Code::PermissionDenied && failure.reason == "ROLE_NOT_ALLOWED"
            }
            Self::RelationDenied => {
                [Code::NotFound, Code::PermissionDenied].contains(&failure.code)
            }
            Self::Hidden => failure.code == Code::NotFound,
        }
    }
}

/// Read off the contract alone.
fn expected(method: &Method, actor: &Actor) -> Expected {
    if !method.is_public() {
        return Expected::Unimplemented;
    }
    if method.allows_anonymous() {
        return Expected::Success;
    }
    let Some(role) = actor.role else {
        return Expected::Unauthenticated;
    };
    let mut fitting = method
        .rules
        .iter()
        .filter(|rule| rule.roles.contains(&role))
        .peekable();
    if fitting.peek().is_none() {
        return Expected::RoleDenied;
    }
    if fitting.any(|rule| actor.stands(rule.relation, &rule.object)) {
        Expected::Success
    } else if method.area == "files" {
        Expected::Hidden
    } else {
        Expected::RelationDenied
    }
}
