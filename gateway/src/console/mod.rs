//! The console: the unix socket where people and tools on this machine talk to the daemon, and the client of it.
//!
//! Each line is one JSON value. The peer's uid says who asks; nothing in a line does. See [`protocol`].

mod borrow;
mod client;
mod journal;
mod lending;
mod lines;
mod peer;
pub mod protocol;
mod reader;
mod replies;
mod rests;
pub mod screen;
mod server;
mod session;
pub mod snapshot;
mod state;
mod terminal;
mod terms;
pub mod trace;
pub mod verdict;

#[cfg(test)]
mod tests;

pub use client::{Asker, Client, ClientError};
pub use journal::row_message;
pub use peer::{Peer, Role, account_names, user_name_of};
pub use server::{CONNECTIONS_MAX, Console, ConsoleError};
pub use state::piece;
pub use terms::{PERSON_MAX, no_second};
