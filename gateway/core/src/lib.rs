//! What the building decides: pure, `no_std`, without clock, bytes, topics, tables or randomness.
//!
//! One function is the product: [`Building::decide`]. Time and entropy are inputs, timers are returned values.
//! The caller applies the decision's changes, commits them, and only then releases its effects and its reply.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod accept;
mod access;
mod allocation;
pub mod building;
mod code;
pub mod command;
#[cfg(test)]
mod command_tests;
pub mod compartment;
mod contradiction;
#[cfg(test)]
mod contradiction_tests;
mod courier;
mod cut;
#[cfg(test)]
mod day_tests;
mod deposit;
mod deposit_acts;
mod deposit_moves;
mod door_watch;
mod draft;
pub mod effect;
mod errand;
pub mod event;
#[cfg(test)]
mod exception_tests;
mod expected;
mod fact;
#[cfg(test)]
mod fault_tests;
mod field;
mod gateway;
#[cfg(test)]
mod grid_tests;
mod guess;
#[cfg(test)]
mod guess_tests;
pub mod id;
pub mod input;
pub mod limits;
#[cfg(test)]
mod lock_tests;
mod misses;
mod nonce;
#[cfg(test)]
mod occupancy_tests;
mod pace;
pub mod parcel;
mod pickup;
mod pickup_acts;
pub mod policy;
pub mod reader;
pub mod refusal;
mod rewind;
mod round;
#[cfg(test)]
mod round_tests;
pub mod row;
#[cfg(test)]
mod scene;
pub mod screen;
mod session;
mod sheet;
pub mod site;
mod snapshot;
mod staff;
mod start;
mod state;
mod sweep;
pub mod time;
mod timer;
pub mod unit;
mod unlock;
mod usage;
pub mod view;

pub use code::check_digit;
pub use pace::unit_tries_a_day;

pub use building::Building;
