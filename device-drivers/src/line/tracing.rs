//! What the line leaves on its tape.

use crate::line::exchange::Ending;
use crate::line::master::Line;
use crate::line::receiver::Heard;
use crate::time::Monotonic;
use crate::trace::{Kind, Tape};

/// Noise of a line that babbles is noted in pieces of this many bytes.
const NOISE_PIECE: usize = 64;

impl Line {
    /// The line's last frames, for whoever wants to look.
    #[must_use]
    pub fn tape(&self) -> Tape {
        self.tape.clone()
    }

    /// Notes a frame; noise before it comes first.
    pub(super) fn trace(&mut self, at: Monotonic, kind: Kind, address: Option<u8>, bytes: &[u8]) {
        self.trace_noise(1, at);
        self.tape.note(at, kind, address, bytes);
    }

    /// Notes a frame that was heard.
    pub(super) fn trace_heard(&mut self, kind: Kind, heard: &Heard, at: Monotonic) {
        let address = heard.view().map(|view| view.address());
        self.trace(at, kind, address, &heard.bytes);
    }

    /// Notes that a slave's answer did not come, or came in pieces that made none.
    pub(super) fn trace_given_up(&mut self, address: u8, ending: &Ending, at: Monotonic) {
        self.trace_noise(1, at);
        if *ending == Ending::Silent {
            self.tape.note(at, Kind::Silence, Some(address), &[]);
        }
    }

    /// Notes the noise of a line that is never silent, once there is enough of it.
    pub(super) fn trace_babble(&mut self, at: Monotonic) {
        self.trace_noise(NOISE_PIECE, at);
    }

    fn trace_noise(&mut self, least: usize, at: Monotonic) {
        if let Some(noise) = self.receiver.take_noise(least) {
            self.tape.note(at, Kind::Noise, None, &noise);
        }
    }
}
