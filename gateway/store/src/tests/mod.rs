//! The store against a disk in memory.

mod anchors;
mod away;
mod opening;
mod reload;
mod retention;
mod sample;
mod upgrade;
