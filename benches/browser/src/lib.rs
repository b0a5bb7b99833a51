//! Bare tonic-web on a free loopback port: what the `browser-upload` benchmark compares the platform with.
//!
//! One thing to know: [`serve`], which takes parts and drops them. The program `preau-bench-nowhere` is it in a process
//! of its own, so that processor time can be told apart.

use std::net::SocketAddr;

use anyhow::Context as _;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_web::GrpcWebLayer;

/// Serves gRPC-web over HTTP/1.1 and 2 until the process ends, after telling `ready` where.
///
/// # Errors
/// A port that cannot be bound.
pub async fn serve(ready: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    let address: SocketAddr = ([127, 0, 0, 1], 0).into();
    let incoming = TcpIncoming::bind(address)
        .map_err(|error| anyhow::anyhow!("{error}"))?
        .with_nodelay(Some(true));
    ready(incoming.local_addr().context("the bound address")?);
    Server::builder()
        .accept_http1(true)
        .layer(GrpcWebLayer::new())
        .add_routes(preau_bench_vault::nowhere::routes())
        .serve_with_incoming(incoming)
        .await
        .context("serving")
}
