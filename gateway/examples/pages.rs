//! Writes the manual pages and shell completions of `vestibule` into a folder: `cargo run --example pages -- FOLDER`.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap_complete::Shell;
use clap_complete::generate_to;

/// Shells that Debian's users have.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        return ExitCode::from(2);
    };
    match write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let command = vestibule::cli::command();
    for shell in SHELLS {
        generate_to(shell, &mut command.clone(), "vestibule", folder)?;
    }
    clap_mangen::generate_to(command, folder)
}

/// To standard error: this is a program for builders.
#[expect(clippy::print_stderr, reason = "a builder's program, with nothing else to say it with")]
fn tell(error: &io::Error) {
    eprintln!("pages: {error}");
}
