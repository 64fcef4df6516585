//! What the world is asked to do once a decision is recorded.

use alloc::string::String;

use crate::command::{CommandKey, Outcome};
use crate::id::{CompartmentId, DeviceId, LineId, NoticeId, ProbeId, TerminalId, UnlockId};
use crate::screen::Screen;
use crate::site::PhysicalLock;
use crate::time::{Millis, Mono};

/// One effect. Released after the commit, or in degraded mode if [`Effect::allowed_when_degraded`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Pulse one lock once, and watch its door.
    Unlock(Unlock),
    /// Take back a pulse that has not left yet. Its report says what came of it.
    Withdraw(Withdrawal),
    /// Show a screen at a terminal.
    Show {
        /// Where.
        terminal: TerminalId,
        /// What.
        screen: Screen,
    },
    /// A thing's public state changed; bus and uplink render it from the view.
    Changed(Thing),
    /// A notice waits to be sealed and sent.
    Notice(NoticeId),
    /// The notice was acknowledged and is erased.
    NoticeErased(NoticeId),
    /// Answer a command.
    Reply {
        /// Which.
        key: CommandKey,
        /// What.
        outcome: Outcome,
    },
    /// Publish all state again, then answer this command with `resync`'s end marker, on the same connection in order.
    Resync {
        /// Which command asked.
        key: CommandKey,
        /// The end marker's content.
        outcome: Outcome,
    },
}

/// An order to open one door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlock {
    /// The intent; at most one pulse ever.
    pub id: UnlockId,
    /// Whose door.
    pub compartment: CompartmentId,
    /// Which output.
    pub lock: PhysicalLock,
    /// Pulse length.
    pub pulse: Millis,
    /// The pulse must not start later.
    pub not_after: Mono,
    /// Who is served; decides what is allowed without a disk.
    pub purpose: Purpose,
}

/// A pulse to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The intent.
    pub id: UnlockId,
    /// The board that it is for.
    pub device: DeviceId,
}

/// Why a door opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A courier puts something in.
    Deposit,
    /// A resident takes something out.
    Pickup,
    /// A staff member on site.
    StaffOnSite,
    /// A staff member over a broker.
    StaffRemote,
}

/// A thing with public state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Thing {
    Gateway,
    Compartment(CompartmentId),
    Door(CompartmentId),
    Probe(ProbeId),
    Device(DeviceId),
    Line(LineId),
    Terminal(TerminalId),
}

impl Thing {
    /// The kind as in topics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Compartment(_) => "compartment",
            Self::Door(_) => "door",
            Self::Probe(_) => "probe",
            Self::Device(_) => "device",
            Self::Line(_) => "line",
            Self::Terminal(_) => "terminal",
        }
    }

    /// The id as in topics; the gateway is `self`.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Gateway => "self".into(),
            Self::Compartment(id) | Self::Door(id) => id.as_str().into(),
            Self::Probe(id) => id.as_str().into(),
            Self::Device(id) => id.as_str().into(),
            Self::Line(id) => id.as_str().into(),
            Self::Terminal(id) => id.as_str().into(),
        }
    }
}

impl Effect {
    /// Whether the effect may be released while rows cannot be made durable: pickups and staff on site yes, deposits and remote unlocks no.
    #[must_use]
    pub const fn allowed_when_degraded(&self) -> bool {
        match self {
            Self::Unlock(unlock) => matches!(unlock.purpose, Purpose::Pickup | Purpose::StaffOnSite),
            Self::Notice(_) => false,
            Self::Withdraw(_)
            | Self::Show { .. }
            | Self::Changed(_)
            | Self::NoticeErased(_)
            | Self::Reply { .. }
            | Self::Resync { .. } => true,
        }
    }
}
