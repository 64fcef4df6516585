//! Writes the manual pages and shell completions of `vestibule` into a folder: `vestibule-pages FOLDER`.
//!
//! A program of its own, so that the product carries neither the crates nor the words for it.

use std::io;
use std::path::Path;

use clap_complete::{Shell, generate_to};

/// Shells that Debian's users have.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];

fn main() -> io::Result<()> {
    let folder =
        std::env::args_os().nth(1).ok_or_else(|| io::Error::other("name the folder to write into"))?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let command = vestibule::cli::command();
    for shell in SHELLS {
        generate_to(shell, &mut command.clone(), "vestibule", folder)?;
    }
    clap_mangen::generate_to(command, folder)
}
