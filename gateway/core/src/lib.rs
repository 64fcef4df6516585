//! What the building decides: pure, `no_std`, without clock, bytes, topics, tables or randomness.
//!
//! One function is the product: [`Building::decide`]. Time and entropy are inputs, timers are returned values.
//! The caller applies the decision's changes, commits them, and only then releases its effects and its reply.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod building;
pub mod command;
pub mod compartment;
pub mod effect;
pub mod event;
pub mod id;
pub mod input;
pub mod parcel;
pub mod policy;
pub mod refusal;
pub mod row;
pub mod screen;
pub mod site;
pub mod time;
pub mod unit;
pub mod view;

pub use building::Building;
