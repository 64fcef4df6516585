//! The last frames of each line. Lines of scanners and readers keep lengths only, so that no code can be in here; bytes are
//! numbers, not text, because a dump of digits is what keys look like.

use std::collections::BTreeMap;

use super::part::{LeftOut, Part};
use super::scrub::Scrubber;
use crate::console::trace::Frame;

/// The last frames of each line, or why there are none.
pub type Traces = BTreeMap<String, Result<Vec<Frame>, String>>;

/// Each line as a part.
pub fn parts(traces: &Traces, scrubber: &Scrubber, left_out: &mut Vec<LeftOut>) -> Vec<Part> {
    let mut parts = Vec::new();
    for (line, frames) in traces {
        let name = format!("trace/{line}.json");
        match frames {
            Ok(frames) => parts.push(Part::json(&name, scrubber, frames)),
            Err(why) => left_out.push(LeftOut::new(&name, &scrubber.text(why))),
        }
    }
    parts
}
