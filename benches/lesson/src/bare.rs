//! Serves [`preau_bench_lesson::serve`]; one line on standard output says where.

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(preau_bench_lesson::serve(|address| {
            println!("http://{address}");
        }))
}
