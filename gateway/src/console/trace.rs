//! What is on a line, over the socket: the frames that the line kept, and those to come. A reader that is slower than the
//! line misses frames and is told how many; the line waits for nobody, and does nothing more because somebody listens.

use std::io;
use std::time::Duration;

use device_drivers::trace::{Reading, Record, Tape, words};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, sleep_until};
use vestibule_core::id::LineId;

use super::lines::NoLine;
use super::protocol::Message;
use super::session::Session;
use crate::clock;
use crate::config::Line;

/// Frames sent at once; a connection has other things to hear of between two batches.
const BATCH: usize = 64;
/// Between two looks: what a person takes for at once. A line at 115,200 baud has some ten frames in that time.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Longest that is followed: a forgotten terminal must not hold a connection for ever.
pub const SECONDS_MAX: u64 = 24 * 3_600;

/// Which frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceRequest {
    /// Of which line.
    pub line: String,
    /// So many seconds from now on; absent: what the line has kept until now.
    pub seconds: Option<u64>,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Counts from 0 since the line was started.
    pub sequence: u64,
    /// When it was on the line, in microseconds since 1970 by this computer's clock.
    pub at_us: i64,
    /// Whether it is ours.
    pub ours: bool,
    /// What it was, in one word: `sent`, `answer`, `late`, `foreign`, `noise`, ...
    pub kind: String,
    /// Address on the line, where that is known.
    pub address: Option<u8>,
    /// The configured device at that address.
    pub device: Option<String>,
    /// How many bytes it had.
    pub length: usize,
    /// The bytes; none of what may be somebody's code.
    pub bytes: Vec<u8>,
    /// What it says.
    pub meaning: String,
}

/// Sends frames until the time is over or the peer says anything.
///
/// # Errors
/// Only what the socket says.
pub async fn send(session: &mut Session, request: &TraceRequest) -> io::Result<()> {
    let line = LineId::new(&request.line).ok();
    let tape = line.as_ref().and_then(|line| session.shared.telemetry.tape(line));
    let (Some(line), Some(tape)) = (line, tape) else {
        let configuration = &session.shared.configuration;
        let known = configuration.lines.keys().chain(configuration.scanners.keys()).map(LineId::as_str);
        let known: Vec<_> = known.collect();
        let sentence = format!("There is no line {:?}; lines are: {}.", request.line, known.join(", "));
        return session.say(&Message::error("not_found", sentence)).await;
    };
    // A scanner's line has no devices and no frames of boards.
    let line = session.shared.configuration.lines.get(&line).cloned();
    let line = line.as_ref();
    match request.seconds {
        None => {
            drain(session, line, &tape, 0).await?;
        }
        Some(seconds) => follow(session, line, &tape, Duration::from_secs(seconds.min(SECONDS_MAX))).await?,
    }
    session.say(&Message::End).await
}

async fn follow(session: &mut Session, line: Option<&Line>, tape: &Tape, span: Duration) -> io::Result<()> {
    let end = Instant::now() + span;
    let mut next = tape.next();
    while Instant::now() < end {
        next = drain(session, line, tape, next).await?;
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = sleep_until(end) => {}
            line = session.lines.next() => return match line {
                Err(NoLine::Io(error)) => Err(error),
                // Whatever is said now ends the following.
                Ok(_) | Err(NoLine::Ended | NoLine::Malformed) => Ok(()),
            },
        }
    }
    drain(session, line, tape, next).await.map(drop)
}

/// Sends everything from `next` on; where to go on.
async fn drain(session: &mut Session, line: Option<&Line>, tape: &Tape, mut next: u64) -> io::Result<u64> {
    let whole = next == 0;
    loop {
        let Reading { records, missed, next: after } = tape.since(next, BATCH);
        next = after;
        // Whoever asks for what is kept has missed nothing of it.
        if missed > 0 && !whole {
            session.say(&Message::Missed { frames: missed }).await?;
        }
        let last = records.len() < BATCH;
        for record in records {
            session.say(&Message::Frame(Box::new(frame(line, &record)))).await?;
        }
        if last {
            return Ok(next);
        }
    }
}

fn frame(line: Option<&Line>, record: &Record) -> Frame {
    let (wall, mono) = (clock::wall(), device_drivers::port::monotonic_now());
    let ago = i64::try_from(mono.since(record.at).as_micros()).unwrap_or(i64::MAX);
    let mut devices = line.into_iter().flat_map(|line| &line.devices);
    let device = devices.find(|device| Some(device.address) == record.address);
    let device = device.map(|device| device.id.to_string());
    let said = words(line.and_then(|line| line.protocol.boards()).unwrap_or_default(), record);
    let meaning = match (&device, record.address) {
        (Some(device), _) => format!("{said} ({device})"),
        (None, Some(address)) => format!("{said} (address {address}, nobody configured)"),
        (None, None) => said,
    };
    Frame {
        sequence: record.sequence,
        at_us: wall.0.saturating_mul(1_000).saturating_sub(ago),
        ours: record.kind.is_ours(),
        kind: record.kind.word().to_owned(),
        address: record.address,
        device,
        length: record.length,
        bytes: record.bytes.clone(),
        meaning,
    }
}
