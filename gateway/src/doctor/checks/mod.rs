//! Every check, one a file, in the order in which they are told.

mod access_groups;
mod access_key;
mod access_seal;
mod broker_connected;
mod broker_reachable;
mod certificates_chain;
mod certificates_expiry;
mod certificates_identity;
mod certificates_key;
mod certificates_present;
mod certificates_private;
mod certificates_revoked;
mod clock_floor;
mod clock_hardware;
mod clock_source;
mod clock_synchronised;
mod clock_zone;
mod cloud_backlog;
mod cloud_connected;
mod cloud_reachable;
mod configuration_backup;
mod configuration_drift;
mod configuration_good;
mod configuration_strays;
mod database_anchor;
mod database_commit;
mod database_damaged;
mod database_opens;
mod database_size;
mod disk_errors;
mod disk_inodes;
mod disk_mount;
mod disk_space;
mod disk_swap;
mod disk_wear;
mod disk_writes;
mod doors_contacts;
mod doors_open;
mod doors_probes;
mod doors_service;
mod lines_autosuspend;
mod lines_console;
mod lines_device;
mod lines_latency;
mod lines_modem;
mod lines_path;
mod lines_port;
mod lines_quality;
mod lines_readers;
mod lines_replugged;
mod lines_scanners;
mod lines_shared;
mod lines_silent;
mod memory_files;
mod memory_kills;
mod memory_share;
mod power_temperature;
mod power_unclean;
mod power_voltage;
mod power_watchdog;
mod service_package;
mod service_running;
mod service_units;
mod service_version;

use super::Check;

/// All of them.
pub const ALL: &[Check] = &[
    service_running::CHECK,
    service_package::CHECK,
    service_units::CHECK,
    service_version::CHECK,
    configuration_good::CHECK,
    configuration_backup::CHECK,
    configuration_drift::CHECK,
    configuration_strays::CHECK,
    clock_synchronised::CHECK,
    clock_floor::CHECK,
    clock_hardware::CHECK,
    clock_source::CHECK,
    clock_zone::CHECK,
    certificates_present::CHECK,
    certificates_expiry::CHECK,
    certificates_chain::CHECK,
    certificates_identity::CHECK,
    certificates_key::CHECK,
    certificates_private::CHECK,
    certificates_revoked::CHECK,
    disk_space::CHECK,
    disk_errors::CHECK,
    disk_inodes::CHECK,
    disk_mount::CHECK,
    disk_swap::CHECK,
    disk_wear::CHECK,
    disk_writes::CHECK,
    database_opens::CHECK,
    database_anchor::CHECK,
    database_commit::CHECK,
    database_damaged::CHECK,
    database_size::CHECK,
    lines_port::CHECK,
    lines_silent::CHECK,
    lines_device::CHECK,
    lines_autosuspend::CHECK,
    lines_console::CHECK,
    lines_latency::CHECK,
    lines_modem::CHECK,
    lines_path::CHECK,
    lines_quality::CHECK,
    lines_readers::CHECK,
    lines_replugged::CHECK,
    lines_scanners::CHECK,
    lines_shared::CHECK,
    doors_contacts::CHECK,
    doors_open::CHECK,
    doors_probes::CHECK,
    doors_service::CHECK,
    broker_reachable::CHECK,
    broker_connected::CHECK,
    cloud_backlog::CHECK,
    cloud_connected::CHECK,
    cloud_reachable::CHECK,
    power_temperature::CHECK,
    power_unclean::CHECK,
    power_voltage::CHECK,
    power_watchdog::CHECK,
    memory_files::CHECK,
    memory_kills::CHECK,
    memory_share::CHECK,
    access_groups::CHECK,
    access_key::CHECK,
    access_seal::CHECK,
];
