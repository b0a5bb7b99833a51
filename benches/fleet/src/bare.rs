//! Serves [`preau_bench_fleet::serve`] with the three files it is given; one line on standard output says where.

use std::path::PathBuf;

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [certificate, key, clients] = &files[..] else {
        anyhow::bail!("arguments: CERTIFICATE KEY CLIENTS: two PEM files and one in DER");
    };
    let config =
        preau_bench_fleet::server_config(certificate, key, clients).context("reading the files")?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(preau_bench_fleet::serve(config, |address| {
            println!("{address}");
        }))
}
