//! Wire formats: one codec a format, from bytes to a checked view and back.
//!
//! The line master knows only what is here: a [`Protocol`] cuts bytes into frames, a [`Request`] is what is asked and what
//! answers it, a [`View`] is a frame that was heard. Adding a format is a codec with its facts, and a
//! variant and its line in [`Protocol`], [`Request`] and [`View`].

/// `$call` with `$part` for what `$whole`, a [`Request`] or a [`View`], is in its own format. Named alike in both.
macro_rules! in_its_format {
    ($whole:expr, $part:ident => $call:expr) => {
        match $whole {
            Self::Modbus($part) => $call,
            Self::KerongCu16($part) => $call,
            Self::KerongCu48($part) => $call,
            Self::Lock8a($part) => $call,
            Self::Winnsen($part) => $call,
            Self::Wkly($part) => $call,
        }
    };
}

mod bytes;
pub mod crc;
mod facts;
pub mod head;
pub mod kerong_cu16;
pub mod kerong_cu48;
pub mod lock;
pub mod lock_8a;
pub mod modbus_rtu;
pub mod modbus_view;
mod protocol;
mod request;
pub mod sum;
mod view;
pub mod winnsen;
pub mod wkly;

pub use bytes::{FrameBytes, MAX_REQUEST_BYTES};
pub use facts::{ANSWER_MS, Opening};
pub use head::Head;
pub use protocol::Protocol;
pub use request::{Envelope, Request, Verdict};
pub use view::View;
