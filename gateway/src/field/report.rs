//! What the tech reads of a line in the journal of the system: every word a line thread can say, in one place.

use device_drivers::device::profile::{FlagName, FlagRole};
use device_drivers::signal::{DeviceState, LineTrouble, PortState, Sign, Signal};
use tracing::{info, warn};
use vestibule_core::id::{DeviceId, LineId};

use crate::telemetry::{FirstHeard, Telemetry};

/// Logs what a person must look at. Reads, outcomes and totals are not logged one by one.
pub(super) fn log(line: &LineId, port: &str, signal: &Signal) {
    match signal {
        Signal::Device { device, state, .. } => match state {
            DeviceState::Online => info!(%line, %device, "board answers and is set up"),
            DeviceState::Down => {
                warn!(%line, %device, "board does not answer; check its power, address and cable");
            }
            DeviceState::SetUpFailed { step } => {
                warn!(%line, %device, step, "board answers, but its set-up cannot be verified; it gets no orders");
            }
        },
        Signal::Sign { device, sign, .. } => sign_of(line, device, sign),
        Signal::Port { state, .. } => of_port(line, port, state),
        Signal::Line { trouble, .. } => match trouble {
            LineTrouble::ForeignFrames { address, function, count } => {
                warn!(%line, address, function, count, "frames nobody here asked for; is another master on the line, or somebody who repeats answers?");
            }
            LineTrouble::Babbling => warn!(%line, "line is never silent; something babbles"),
            LineTrouble::LocalEcho => info!(%line, "adapter gives our own bytes back; they are told apart"),
        },
        Signal::Inputs { .. }
        | Signal::Probe { .. }
        | Signal::Flag { .. }
        | Signal::Ended { .. }
        | Signal::DeviceCounters { .. }
        | Signal::LineCounters { .. } => {}
    }
}

/// A flag of a controller changed, or was heard for the first time.
pub(super) fn flag(
    line: &LineId,
    device: &DeviceId,
    flag: &FlagName,
    role: FlagRole,
    raised: bool,
    first: FirstHeard,
) {
    match (role, raised, first) {
        (FlagRole::Alarm, true, _) => warn!(%line, %device, %flag, "controller raises an alarm"),
        (_, true, _) => info!(%line, %device, %flag, "controller says that it is so"),
        (_, false, FirstHeard::No) => info!(%line, %device, %flag, "controller says that it is over"),
        (_, false, FirstHeard::Yes) => {}
    }
}

/// Keeps how a port is, for whoever asks later.
pub(super) fn keep(telemetry: &Telemetry, line: &LineId, state: &PortState) {
    match state {
        PortState::Open => telemetry.port_opened(line),
        PortState::Unplugged => {
            telemetry.port_closed(line, "it is gone: unplugged, or the serial server hung up".to_owned())
        }
        PortState::Lent => telemetry.port_closed(line, "it is being commissioned".to_owned()),
        PortState::OpenFailed { step, kind } => {
            telemetry.port_closed(line, format!("cannot {step}: {kind}"));
        }
        PortState::SlowAdapter { .. } => {}
    }
}

/// Logs and keeps how a port is.
pub(crate) fn port_log(telemetry: &Telemetry, line: &LineId, port: &str, state: &PortState) {
    of_port(line, port, state);
    keep(telemetry, line, state);
}

fn sign_of(line: &LineId, device: &device_drivers::id::DeviceId, sign: &Sign) {
    match sign {
        Sign::OutputsOn { outputs } => {
            warn!(%line, %device, ?outputs, "outputs were on that nobody ordered; all were switched off");
        }
        Sign::DoubledAddress => {
            warn!(%line, %device, "bursts of damaged frames; do two boards have this address?");
        }
        Sign::NotThere { asked, in_parts: true } => {
            info!(%line, %device, %asked, "device has not all of this; what there is of it is asked for in parts");
        }
        Sign::NotThere { asked, in_parts: false } => {
            warn!(%line, %device, %asked, "device has no such register; is it the model and firmware that its profile is for?");
        }
    }
}

/// Logs how a port is.
pub(super) fn of_port(line: &LineId, port: &str, state: &PortState) {
    match state {
        PortState::Open => info!(%line, "port is open"),
        PortState::Unplugged => warn!(%line, "port is gone; it is opened again when it is back"),
        PortState::Lent => info!(%line, "line is being commissioned; its boards are out of service"),
        PortState::OpenFailed { step, kind } => {
            warn!(%line, port, step, %kind, "port cannot be opened; trying again")
        }
        PortState::SlowAdapter { latency } => {
            warn!(%line, ?latency, "adapter holds bytes back; set its latency timer to 1 ms");
        }
    }
}
