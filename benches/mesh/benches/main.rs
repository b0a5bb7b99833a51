//! `make bench NAME=mesh`: unary echo of 100 B through the full stacks, with mTLS, a workload policy and a user's
//! principal, beside bare tonic in plain text and with mTLS; all three interleaved, client and server on the same cores.
//!
//! `MODES=mesh` (any of the three, separated by commas) runs only these: for a profiler, which then sees nothing else.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use preau_bench_mesh::bare::{self, Tls};
use preau_bench_mesh::drive::drive;
use preau_bench_report::{Report, Samples, quantile};
use preau_mesh::{Channel, RoleServer, testing, with_principal};
use preau_proto::contract::Role;
use preau_proto::mesh::v1::probe_service_client::ProbeServiceClient;
use preau_proto::mesh::v1::probe_service_server::{ProbeService, ProbeServiceServer};
use preau_proto::mesh::v1::{EchoRequest, EchoResponse};
use tonic::{Request, Response, Status};

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(3);
const MODES: [&str; 3] = ["plaintext", "mtls", "mesh"];

/// The same service as the mesh's own, for bare tonic.
struct BareProbe;

#[tonic::async_trait]
impl ProbeService for BareProbe {
    async fn echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        Ok(Response::new(EchoResponse {
            payload: request.into_inner().payload,
            remaining: None,
        }))
    }
}

#[derive(Clone)]
enum Client {
    Bare(ProbeServiceClient<tonic::transport::Channel>),
    Mesh(ProbeServiceClient<Channel>, String),
}

async fn echo(client: Client) -> Result<(), Status> {
    let mut request = Request::new(EchoRequest {
        payload: Bytes::from_static(&[7; 100]),
    });
    match client {
        Client::Bare(mut client) => client.echo(request).await?,
        Client::Mesh(mut client, token) => {
            with_principal(&mut request, &token);
            client.echo(request).await?
        }
    };
    Ok(())
}

/// The modes named in `MODES`; all of them without it.
fn chosen_modes() -> anyhow::Result<Vec<usize>> {
    let Ok(names) = std::env::var("MODES") else {
        return Ok((0..MODES.len()).collect());
    };
    let position = |name: &str| {
        let known = MODES.iter().position(|mode| *mode == name);
        known.with_context(|| format!("MODES names {name}: it is none of {MODES:?}"))
    };
    names.split(',').map(position).collect()
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let routes = || tonic::service::Routes::new(ProbeServiceServer::new(BareProbe));
    let plaintext = bare::serve(routes(), None).await?;
    let mtls = bare::serve(routes(), Some(&Tls::generate()?)).await?;
    let pair = testing::pair("files", RoleServer::new("files"), "gateway").await;
    let mesh = || {
        Client::Mesh(
            ProbeServiceClient::new(pair.client()),
            pair.token_for(Role::Teacher),
        )
    };
    let client = |mode: usize| match mode {
        0 => Client::Bare(ProbeServiceClient::new(plaintext.clone())),
        1 => Client::Bare(ProbeServiceClient::new(mtls.clone())),
        _ => mesh(),
    };

    let chosen = chosen_modes()?;
    let mut rates = [Samples::default(), Samples::default(), Samples::default()];
    let mut cpu = rates.clone();
    let mut busy: [Vec<f64>; 3] = Default::default();
    let mut alone: [Vec<f64>; 3] = Default::default();
    for round in 0..=ROUNDS {
        for &mode in &chosen {
            // A token lives 60 s, so each round takes a fresh one.
            let many = drive(client(mode), 64, ROUND, echo).await?;
            let single = drive(client(mode), 1, ROUND / 6, echo).await?;
            if round > 0 {
                // Round 0 warms up: connections, allocator, branch predictors.
                rates[mode].push(many.rate);
                cpu[mode].push(many.cpu);
                busy[mode].extend(many.latencies);
                alone[mode].extend(single.latencies);
            }
        }
    }

    let columns = [
        "calls/s, 64",
        "cpu us, 64",
        "p50 ms, 64",
        "p99 ms, 64",
        "p50 ms, 1",
        "p99 ms, 1",
    ];
    let mut report = Report::new("mesh", &columns);
    for &mode in &chosen {
        let (busy, alone) = (&mut busy[mode], &mut alone[mode]);
        let latencies = [
            quantile(busy, 0.5),
            quantile(busy, 0.99),
            quantile(alone, 0.5),
            quantile(alone, 0.99),
        ];
        report.row(
            MODES[mode],
            &[
                &[rates[mode].median(), cpu[mode].median()],
                latencies.as_slice(),
            ]
            .concat(),
        );
    }
    if chosen.len() < MODES.len() {
        println!("{}", report.table());
        return Ok(());
    }
    report.ratio("mtls_to_plaintext", rates[1].ratio_to(&rates[0]));
    report.ratio("mesh_to_mtls", rates[2].ratio_to(&rates[1]));
    report.ratio("plaintext_to_mesh_cpu", cpu[0].ratio_to(&cpu[2]));
    report.marked("mesh_to_plaintext", rates[2].ratio_to(&rates[0]), 0.75);
    report.finish()
}
