//! The wire: whatever frames come late, twice, cut, from elsewhere or not at all, no wrong door opens.

mod connect;
mod dead_devices;
mod frames;
mod joined;
mod latency;
mod lawful;
mod lockers;
mod mbap;
mod models;
mod ports;
mod replay;
mod witness;
mod work;
mod wrong_door;
