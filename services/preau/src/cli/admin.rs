//! `preau admin`: what an operator does once.

use preau_proto::control::v1::CreateJoinTokenRequest;
use preau_proto::control::v1::join_token_service_client::JoinTokenServiceClient;

use super::args::{AdminCommand, AdminCreateArgs, ConfigArgs, JoinTokenArgs};
use super::contract::print;
use super::session::{password, with_gateway};
use super::{block_on, run};
use crate::client::{failure, retry};
use crate::compose;
use crate::failure::Failure;

/// Does one command.
pub(crate) fn run(command: AdminCommand) -> Result<(), Failure> {
    match command {
        AdminCommand::Create(args) => create(args),
        AdminCommand::JoinToken(args) => join_token(args),
    }
}

fn create(args: AdminCreateArgs) -> Result<(), Failure> {
    let config = run::configuration(&ConfigArgs::of_data_dir(args.config, args.data_dir))?;
    let password = password(args.password_file.as_deref(), &args.login)?;
    let admin = compose::FirstAdmin {
        given_name: args.given_name,
        family_name: args.family_name,
        login: args.login,
        password,
    };
    let person = block_on(compose::create_first_admin(&config, admin))?;
    print(&format!("{person}\n"))
}

fn join_token(args: JoinTokenArgs) -> Result<(), Failure> {
    let token = block_on(with_gateway(&args.server, async |gateway| {
        let request = CreateJoinTokenRequest {
            roles: args.roles.clone(),
            lifetime: Some(prost_types::Duration {
                seconds: i64::from(args.minutes) * 60,
                nanos: 0,
            }),
        };
        retry(|| async {
            let mut client = JoinTokenServiceClient::new(gateway.channel.clone());
            client
                .create_join_token(gateway.request(request.clone()))
                .await
        })
        .await
        .map(|answer| answer.into_inner().token)
        .map_err(|status| failure("cannot make a join token", &gateway.url, &status))
    }))?;
    print(&format!("{token}\n"))
}
