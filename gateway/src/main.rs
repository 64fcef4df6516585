//! The one binary of the gateway: daemon, broker and command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    vestibule::cli::main()
}
