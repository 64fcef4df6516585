//! What must hold of the broker's packet path whatever bytes a client sends: the fuzz target and an ordinary test ask here.

mod inner;
mod mqtt;
mod rights;
mod walk;

pub use walk::check;
