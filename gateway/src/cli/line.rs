//! `vestibule line trace`: what is on a line, decoded, as it comes.

use std::path::Path;

use serde::Serialize;

use super::arguments::{Line, LineAction, Trace};
use super::{Exit, Failure, Out, ask};
use crate::console::Client;
use crate::console::protocol::{Message, Request};
use crate::console::trace::{Frame, SECONDS_MAX, TraceRequest};

/// A frame as programs read it: bytes in hexadecimal digits.
#[derive(Serialize)]
struct Shown<'a> {
    sequence: u64,
    at_us: i64,
    direction: &'static str,
    kind: &'a str,
    address: Option<u8>,
    device: Option<&'a str>,
    length: usize,
    hex: String,
    meaning: &'a str,
}

/// Runs the command.
///
/// # Errors
/// The daemon cannot be reached, or has no such line.
pub fn line(socket: &Path, line: &Line, out: &mut Out) -> Result<Exit, Failure> {
    let LineAction::Trace(trace) = &line.action;
    let mut client = ask::connect(socket)?;
    let seconds = if trace.kept { None } else { Some(trace.seconds.unwrap_or(SECONDS_MAX)) };
    if seconds.is_some() {
        client.wait_for_ever().map_err(ask::failure)?;
    }
    let request = TraceRequest { line: trace.line.clone(), seconds };
    each(&mut client, request, &mut |heard| match heard {
        Heard::Frame(frame) => show(trace, &frame, out),
        Heard::Missed(frames) if out.json => Ok(out.value(&serde_json::json!({ "missed": frames }))?),
        Heard::Missed(frames) => Ok(out.line(format!("... {frames} frames were missed: too slow a reader"))?),
    })?;
    Ok(Exit::Done)
}

/// What a trace brings.
pub enum Heard {
    /// A frame.
    Frame(Box<Frame>),
    /// So many were lost before the next one.
    Missed(u64),
}

/// Hands on what the daemon says of a line until it ends.
///
/// # Errors
/// The daemon hung up or has no such line, or what `take` says.
pub fn each(
    client: &mut Client,
    request: TraceRequest,
    take: &mut dyn FnMut(Heard) -> Result<(), Failure>,
) -> Result<(), Failure> {
    client.ask(&Request::Trace(request)).map_err(ask::failure)?;
    loop {
        match client.answer().map_err(ask::failure)? {
            Message::Frame(frame) => take(Heard::Frame(frame))?,
            Message::Missed { frames } => take(Heard::Missed(frames))?,
            Message::End => return Ok(()),
            other => return Err(ask::unexpected(&other)),
        }
    }
}

fn show(trace: &Trace, frame: &Frame, out: &mut Out) -> Result<(), Failure> {
    let shown = |filter: &super::arguments::Filter| {
        filter.takes(frame.device.as_deref(), frame.address, &frame.bytes)
    };
    if !trace.filter.as_ref().is_none_or(shown) {
        return Ok(());
    }
    let direction = if frame.ours { "out" } else { "in" };
    let hex = frame.bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ");
    if out.json {
        let Frame { sequence, at_us, kind, address, device, length, meaning, .. } = frame;
        let (sequence, at_us, address, length) = (*sequence, *at_us, *address, *length);
        let device = device.as_deref();
        return Ok(out.value(&Shown {
            sequence,
            at_us,
            direction,
            kind,
            address,
            device,
            length,
            hex,
            meaning,
        })?);
    }
    let time = jiff::Timestamp::from_microsecond(frame.at_us).unwrap_or_default();
    let time = time.to_zoned(jiff::tz::TimeZone::system());
    let arrow = if frame.ours { "->" } else { "<-" };
    Ok(out.line(format!("{}  {arrow}  {hex:<23}  {}", time.strftime("%H:%M:%S%.6f"), frame.meaning))?)
}
