//! Bus and uplink against our own broker, and the uplink against a real Mosquitto with mutual TLS: order, cursor, restarts of either side, stalls, sizes, commands.

// Clippy knows tests by their attribute; helpers of a test binary have none.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod cloud;
mod house;
mod observer;
mod own;
mod relay;

mod commands;
mod journal;
mod state;
