//! The parcel gateway of one apartment building: the shell around the pure core.

pub mod backup;
pub mod broker;
pub mod bundle;
pub mod bus;
pub mod cli;
pub mod clock;
pub mod commission;
pub mod config;
pub mod console;
pub mod decommission;
pub mod doctor;
pub mod durable;
pub mod engine;
pub mod enroll;
pub mod field;
pub mod health;
pub mod log;
pub mod metrics;
pub mod mqtt;
pub mod readers;
pub mod run;
pub mod supervise;
pub mod telemetry;
pub mod uplink;
pub mod watchdog;
pub mod wiring;
