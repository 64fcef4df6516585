//! `vestibule device scan` and its siblings: a person at a line that is theirs for a while.

mod address;
mod boards;
mod doors;
mod events;
mod identify;
mod lesson;
mod outcome;
mod permit;
mod person;
mod place;
mod scan;
mod test;
mod walk;
mod wire;

pub use address::address;
pub use identify::identify;
pub use scan::scan;
pub use test::test;
pub use walk::walk;
