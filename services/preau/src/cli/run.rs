//! `preau up`, `serve`, `migrate`: from arguments to a process.

use super::args::{ConfigArgs, MigrateArgs, ServeArgs, UpArgs};
use super::block_on;
use crate::compose::{self, Options};
use crate::config::{self, Config, ROLES, is_role};
use crate::failure::{Exit, Failure, at_path};
use crate::{logging, private};

const TOKEN_VARIABLE: &str = "PREAU_JOIN_TOKEN";

/// Every role in one process.
pub(crate) fn up(args: UpArgs) -> Result<(), Failure> {
    let config = started(&args.config)?;
    let options = Options {
        demo: args.demo,
        join_token: None,
    };
    block_on(compose::run(config, ROLES.to_vec(), options))
}

/// Some roles in one process.
pub(crate) fn serve(args: ServeArgs) -> Result<(), Failure> {
    let roles = roles(&args.roles)?;
    let join_token = match &args.join_token_file {
        Some(path) => Some(
            private::first_line(path)
                .map_err(|error| at_path("cannot read the join token", path, &error))?,
        ),
        None => std::env::var(TOKEN_VARIABLE).ok(),
    };
    let config = started(&args.config)?;
    let options = Options {
        demo: false,
        join_token,
    };
    block_on(compose::run(config, roles, options))
}

/// Brings databases up to date.
pub(crate) fn migrate(args: MigrateArgs) -> Result<(), Failure> {
    let roles = match args.roles.as_slice() {
        [] => ROLES.to_vec(),
        some => roles(some)?,
    };
    let config = started(&ConfigArgs::of_data_dir(args.config, args.data_dir))?;
    block_on(compose::migrate(&config, &roles))
}

/// The configuration out of file, environment and flags.
pub(crate) fn configuration(args: &ConfigArgs) -> Result<Config, Failure> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    config::load(args.config.as_deref(), environment, args.flags())
}

fn started(args: &ConfigArgs) -> Result<Config, Failure> {
    let config = configuration(args)?;
    logging::start(&config);
    Ok(config)
}

/// Each role once, in the order of [`ROLES`].
fn roles(wanted: &[String]) -> Result<Vec<&'static str>, Failure> {
    if let Some(unknown) = wanted.iter().find(|role| !is_role(role)) {
        let remedy = format!("choose among {}", ROLES.join(", "));
        return Err(
            Failure::new(format_args!("no such role: {unknown}"), "--roles", remedy)
                .exit(Exit::Usage),
        );
    }
    Ok(ROLES
        .into_iter()
        .filter(|role| wanted.iter().any(|wanted| wanted == role))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_taken_once_each_and_unknown_ones_are_named() {
        let names = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            roles(&names(&["files", "control", "files"])),
            Ok(vec!["control", "files"])
        );
        let failure = roles(&names(&["cantine"])).expect_err("unknown");
        assert_eq!(failure.code(), Exit::Usage);
        assert!(failure.to_string().contains("cantine"));
    }
}
