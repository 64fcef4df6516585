//! The uplink against a real Mosquitto with mutual TLS: order, cursor, restarts of either side, stalls, sizes, commands.

mod cloud;
mod house;
mod observer;
mod relay;

mod commands;
mod journal;
mod state;
