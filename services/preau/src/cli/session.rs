//! Signing in and out, and borrowing a session for one command.

use std::io::IsTerminal;
use std::path::Path;

use preau_proto::identity::v1::session_service_client::SessionServiceClient;
use preau_proto::identity::v1::{ActivateRequest, SignInRequest, SignOutRequest};
use tonic::Code;

use super::args::{LoginArgs, LogoutArgs, ServerArgs};
use super::block_on;
use crate::client::{Gateway, Session, Sessions, failure, retry};
use crate::failure::{Exit, Failure, at_path};
use crate::private;

/// `preau login`.
pub(crate) fn login(args: LoginArgs) -> Result<(), Failure> {
    let sessions = Sessions::of_user()?;
    let gateway = Gateway::new(&args.gateway.server, &args.gateway.trust())?;
    let session = match first_code(&args)? {
        None => {
            let password = password(args.password_file.as_deref(), &args.login)?;
            block_on(sign_in(&gateway, &args.login, password))?
        }
        Some(code) => {
            let password = new_password(args.password_file.as_deref(), &args.login)?;
            block_on(activate(&gateway, &args.login, &code, &password))?
        }
    };
    sessions.put(&gateway.url, session)
}

/// The code of a first sign-in, when this is one.
fn first_code(args: &LoginArgs) -> Result<Option<String>, Failure> {
    match &args.code_file {
        Some(path) => private::first_line(path)
            .map(Some)
            .map_err(|error| at_path("cannot read the code", path, &error)),
        None if args.code => {
            let prompt = format!("Code of {}: ", args.login);
            ask(&prompt, "no code", &args.login, "--code-file").map(Some)
        }
        None => Ok(None),
    }
}

/// `preau logout`: forgets the session here even when the server cannot be told.
pub(crate) fn logout(args: LogoutArgs) -> Result<(), Failure> {
    let sessions = Sessions::of_user()?;
    let url = Gateway::name(&args.gateway.server);
    let gateway = Gateway::new(&args.gateway.server, &args.gateway.trust());
    let Some(session) = sessions.get(url)? else {
        return gateway.map(drop);
    };
    sessions.remove(url)?;
    block_on(async { sign_out(&gateway?.with_session(&session.token)?).await })
}

/// Runs a command as the login given for it, or with the remembered session.
pub(crate) async fn with_gateway<T>(
    server: &ServerArgs,
    work: impl AsyncFnOnce(&Gateway) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let gateway = Gateway::new(&server.gateway.server, &server.gateway.trust())?;
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

/// Ends the gateway's session.
pub(crate) async fn sign_out(gateway: &Gateway) -> Result<(), Failure> {
    let mut client = SessionServiceClient::new(gateway.channel.clone());
    match client.sign_out(gateway.request(SignOutRequest {})).await {
        Ok(_) => Ok(()),
        // Over already: as wanted.
        Err(status) if status.code() == Code::Unauthenticated => Ok(()),
        Err(status) => Err(failure("signed out here only", &gateway.url, &status)),
    }
}

/// The first session of an account: the code is spent, the password is the account's from now on.
///
/// Not retried: the code works once, so a lost answer is followed by a sign-in with the password.
pub(crate) async fn activate(
    gateway: &Gateway,
    login: &str,
    code: &str,
    password: &str,
) -> Result<Session, Failure> {
    let request = ActivateRequest {
        login: login.to_owned(),
        code: code.to_owned(),
        password: password.to_owned(),
    };
    let mut client = SessionServiceClient::new(gateway.channel.clone());
    let answer = client
        .activate(gateway.request(request))
        .await
        .map_err(|status| failure("cannot sign in for the first time", &gateway.url, &status))?
        .into_inner();
    Ok(Session {
        login: login.to_owned(),
        token: answer.session_token,
        expires_at: answer.expires_at.map_or(0, |at| at.seconds),
    })
}

/// A password from its file, or from the terminal.
pub(crate) fn password(file: Option<&Path>, login: &str) -> Result<String, Failure> {
    match file {
        Some(path) => private::first_line(path)
            .map_err(|error| at_path("cannot read the password", path, &error)),
        None => ask(
            &format!("Password of {login}: "),
            "no password",
            login,
            "--password-file",
        ),
    }
}

/// A password that is being chosen: typed twice, as nobody sees what is typed.
fn new_password(file: Option<&Path>, login: &str) -> Result<String, Failure> {
    let chosen = match file {
        Some(_) => return password(file, login),
        None => ask(
            &format!("New password of {login}, 8 characters or more: "),
            "no password",
            login,
            "--password-file",
        )?,
    };
    let again = ask("The same again: ", "no password", login, "--password-file")?;
    if chosen != again {
        return Err(Failure::new("the two differ", login, "choose again"));
    }
    Ok(chosen)
}

/// A secret from the terminal; without one, the flag that names a file.
fn ask(prompt: &str, missing: &str, login: &str, flag: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        let remedy = format!("use {flag}, or a terminal");
        return Err(Failure::new(missing, login, remedy).exit(Exit::Usage));
    }
    rpassword::prompt_password(prompt).map_err(|error| {
        Failure::new(
            format_args!("cannot read from the terminal: {error}"),
            "terminal",
            format_args!("use {flag}"),
        )
    })
}
