//! What the program knows without any server: the contract, the configuration keys.

use std::io::Write;

use preau_proto::contract::Contract;

use crate::config;
use crate::failure::Failure;

/// `preau api matrix`.
pub(crate) fn matrix() -> Result<(), Failure> {
    let contract = Contract::load().map_err(|error| {
        Failure::new(
            error,
            "the contract in this build",
            "correct proto/ and build again",
        )
    })?;
    print(&contract.matrix())
}

/// `preau config`.
pub(crate) fn configuration(markdown: bool) -> Result<(), Failure> {
    print(&if markdown {
        config::markdown()
    } else {
        config::table()
    })
}

/// Standard output that may be a pipe somebody closed.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(
            format_args!("cannot write: {error}"),
            "standard output",
            "check where it goes",
        )),
        _ => Ok(()),
    }
}
