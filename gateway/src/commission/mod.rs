//! What commissioning leaves behind: what each door taught, the layer made of it, a report to hand over, and the seal.

mod learned;
mod notes;
mod record;
mod report;
mod seal;

pub use learned::{LEARNED_FILE, LearnedError, learned_text, write_learned};
pub use notes::{Note, Notes, NotesError};
pub use record::{ContactRecord, DoorRecord, Ending, WalkHead, faults};
pub use report::{REPORTS, Report, html, markdown};
pub use seal::{
    Break, LastBreak, STATES as SEAL_STATES, Seal, SealError, SealStanding, SealState, Sealed, known,
};
