//! Signing in and out, and borrowing a session for one command.

use std::io::IsTerminal;
use std::path::Path;

use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use preau_proto::identity::v1::{SignInRequest, SignOutRequest};
use tonic::Code;

use super::args::{LoginArgs, LogoutArgs, ServerArgs};
use super::block_on;
use crate::client::{Gateway, Session, Sessions, failure, retry};
use crate::failure::{Exit, Failure, at_path};
use crate::private;

/// `preau login`.
pub(crate) fn login(args: LoginArgs) -> Result<(), Failure> {
    let sessions = Sessions::of_user()?;
    let gateway = Gateway::new(&args.server)?;
    let password = password(args.password_file.as_deref(), &args.login)?;
    let session = block_on(sign_in(&gateway, &args.login, password))?;
    sessions.put(&gateway.url, session)
}

/// `preau logout`: forgets the session here even when the server cannot be told.
pub(crate) fn logout(args: LogoutArgs) -> Result<(), Failure> {
    let sessions = Sessions::of_user()?;
    let gateway = Gateway::new(&args.server)?;
    let url = gateway.url.clone();
    let Some(session) = sessions.get(&url)? else {
        return Ok(());
    };
    sessions.remove(&url)?;
    block_on(async { sign_out(&gateway.with_session(&session.token)?).await })
}

/// Runs a command as the login given for it, or with the remembered session.
pub(crate) async fn with_gateway<T>(
    server: &ServerArgs,
    work: impl AsyncFnOnce(&Gateway) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let gateway = Gateway::new(&server.server)?;
    let Some(login) = &server.login else {
        let session = Sessions::of_user()?.get(&gateway.url)?;
        let session = session.ok_or_else(|| not_signed_in(&gateway.url))?;
        return work(&gateway.with_session(&session.token)?).await;
    };
    let password = password(server.password_file.as_deref(), login)?;
    let session = sign_in(&gateway, login, password).await?;
    let gateway = gateway.with_session(&session.token)?;
    let outcome = work(&gateway).await;
    // The session was for this command; when the server cannot be told, it expires by itself.
    let _ = sign_out(&gateway).await;
    outcome
}

fn not_signed_in(server: &str) -> Failure {
    let remedy = format!("sign in with `preau login --server {server} --login LOGIN`");
    Failure::new("not signed in", server, remedy).exit(Exit::Denied)
}

/// A new session.
pub(crate) async fn sign_in(
    gateway: &Gateway,
    login: &str,
    password: String,
) -> Result<Session, Failure> {
    let answer = retry(|| async {
        let request = SignInRequest {
            login: login.to_owned(),
            password: password.clone(),
        };
        let mut client = SessionServiceClient::new(gateway.channel.clone());
        client.sign_in(gateway.request(request)).await
    })
    .await
    .map_err(|status| failure("cannot sign in", &gateway.url, &status))?
    .into_inner();
    Ok(Session {
        login: login.to_owned(),
        token: answer.session_token,
        expires_at: answer.expires_at.map_or(0, |at| at.seconds),
    })
}

async fn sign_out(gateway: &Gateway) -> Result<(), Failure> {
    let mut client = SessionServiceClient::new(gateway.channel.clone());
    match client.sign_out(gateway.request(SignOutRequest {})).await {
        Ok(_) => Ok(()),
        // Over already: as wanted.
        Err(status) if status.code() == Code::Unauthenticated => Ok(()),
        Err(status) => Err(failure("signed out here only", &gateway.url, &status)),
    }
}

/// A password from its file, or from the terminal.
pub(crate) fn password(file: Option<&Path>, login: &str) -> Result<String, Failure> {
    match file {
        Some(path) => private::first_line(path)
            .map_err(|error| at_path("cannot read the password", path, &error)),
        None if std::io::stdin().is_terminal() => {
            rpassword::prompt_password(format!("Password of {login}: ")).map_err(|error| {
                Failure::new(
                    format_args!("cannot read the password: {error}"),
                    "terminal",
                    "use --password-file",
                )
            })
        }
        None => Err(
            Failure::new("no password", login, "use --password-file, or a terminal")
                .exit(Exit::Usage),
        ),
    }
}
