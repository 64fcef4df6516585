//! What a building costs and how fast it is, with real processes and real time: start with a million rows, memory and
//! flash of a hundred parcels, idle processor, backlog drain beside Mosquitto's own bridge, sizes.
//! `cargo run --profile installed --workspace --example building_figures [start|day|drain|size ...]` after
//! `cargo build --profile installed --workspace --bins`: the program as the package has it; about twenty minutes for
//! all of them. Each line of the table has its limit, or a peer of the same run, beside it.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "it prints figures, and ends where it cannot measure"
)]

mod day;
mod drain;
mod journal;
mod size;
mod start;
mod table;

/// A figure's name on the command line, and what measures it.
type Figure = (&'static str, fn());

const FIGURES: [Figure; 4] =
    [("size", size::measure), ("start", start::measure), ("drain", drain::measure), ("day", day::measure)];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let known = |name: &String| FIGURES.iter().any(|(figure, _)| figure == name);
    if let Some(odd) = wanted.iter().find(|name| !known(name)) {
        println!("there is no figure {odd}; figures: size start drain day");
        std::process::exit(2);
    }
    for (name, measure) in FIGURES {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            measure();
        }
    }
}
