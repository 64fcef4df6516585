//! Shared fixtures of the whole-system tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a fixture ends a test by panicking"
)]

pub mod corpus;
pub mod figure;
pub mod frames;
pub mod front_door;
pub mod house;
pub mod mbap;
pub mod mosquitto;
pub mod people;
pub mod profile;
pub mod program;
pub mod readers;
pub mod scanner;
pub mod served;
pub mod wire;
