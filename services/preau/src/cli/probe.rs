//! `preau probe`: how a process on this machine is, for probes that run a command.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::args::{ConfigArgs, ProbeArgs, ProbeCommand};
use super::contract::print;
use super::{block_on, run};
use crate::failure::{Exit, Failure};

/// For everything together: a probe that hangs must say so before whoever runs it loses patience.
const PATIENCE: Duration = Duration::from_secs(2);
/// An answer is one line; whatever else listens there may send more.
const LONGEST: usize = 1024;
const REMEDY: &str =
    "see the log of the process, and that admin.address is the one it was started with";

/// One line either way, and 0 or 1.
pub(super) fn run(command: ProbeCommand) -> Result<(), Failure> {
    let (path, args) = match command {
        ProbeCommand::Live(args) => ("/healthz", args),
        ProbeCommand::Ready(args) => ("/readyz", args),
    };
    let address = address(args)?;
    let answer = block_on(async {
        let asked = tokio::time::timeout(PATIENCE, ask(address, path)).await;
        asked
            .unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
            .map_err(|why| Failure::new(why, format_args!("http://{address}{path}"), REMEDY))
    })?;
    print(&format!("{answer}\n"))
}

fn address(args: ProbeArgs) -> Result<SocketAddr, Failure> {
    let config = run::configuration(&ConfigArgs::of_admin(args.config, args.admin))?;
    let address = config.admin.address;
    if address.port() == 0 {
        let what = "port 0 is another port at every start";
        let remedy = "give the port that the ready line named with --admin";
        return Err(Failure::new(what, address, remedy).exit(Exit::Usage));
    }
    Ok(address)
}

/// What the process says of itself, or why it is not well.
async fn ask(address: SocketAddr, path: &str) -> Result<String, String> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| format!("cannot connect ({error})"))?;
    let unclear = |error: hyper::Error| format!("no answer that could be understood ({error})");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(unclear)?;
    // Ends with the sender, and with the runtime at the latest.
    tokio::spawn(connection);
    let request = Request::get(path)
        .header(header::HOST, address.to_string())
        .body(Empty::<Bytes>::new())
        .expect("a path of ours and a socket address are valid");
    let response = sender.send_request(request).await.map_err(unclear)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), LONGEST)
        .collect()
        .await
        .map_err(|error| format!("no answer that could be understood ({error})"))?
        .to_bytes();
    let text = String::from_utf8_lossy(&body).trim().to_owned();
    match status {
        StatusCode::OK => Ok(text),
        _ if text.is_empty() => Err(format!("answered {status}")),
        _ => Err(text),
    }
}
