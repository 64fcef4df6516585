//! The shell around the core: one owner of the building, one commit a step, and the only seam to it.
//!
//! Law of use: everything that happens is an [`Input`](vestibule_core::input::Input) handed to
//! [`EngineHandle::submit`]; everything that is asked of the world leaves as an unlock order to the field, a
//! screen to an attached terminal, or an [`Outgoing`] to bus, uplink and console. Readers look at [`Published`]
//! and never enter the loop.

mod boot;
mod entropy;
mod handle;
mod held;
mod lanes;
mod outgoing;
mod published;
mod released;
mod riders;
mod seam;
mod step;
mod terminals;
mod thread;
mod upkeep;

#[cfg(test)]
mod tests;

pub use boot::{Boot, Opened, boot, boot_on};
pub use entropy::EntropySource;
pub use handle::{EngineHandle, SealedNotice};
pub use lanes::{Batch, EngineFull, Lane, NoticeRequest};
pub use outgoing::{OUTGOING_MAX, Outgoing};
pub use published::{Counters, Head, Published};
pub use released::{Released, ViewChange, Witness};
pub use seam::Seam;
pub use step::{Engine, Parts};
pub use terminals::{AttachError, Attachment};
pub use thread::{Actuator, Runner};
pub use upkeep::Keep;
pub use vestibule_store::{JournalRow, Reader};
