//! `vestibule journal`: the newest rows, rows as they come, verification, export.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Deserialize;
use vestibule_store::{Folder, Reader, Snapshot, audit};

use super::arguments::{Arguments, Journal, JournalAction};
use super::{Exit, Failure, Out, ask, progress};
use crate::config::{self, Layers};
use crate::console::protocol::{AnchorMessage, JournalRequest, Message, Request};
use crate::console::verdict::{self, AnchorSource, Verdict};
use crate::console::{Client, piece, row_message};

/// Rows shown when nothing else is asked for.
const NEWEST: u64 = 20;
/// Rows read at once from the file.
const PAGE_ROWS: usize = 512;
/// Bytes read at once from the file.
const PAGE_BYTES: usize = 1024 * 1024;

/// Where rows come from: the daemon, or its file while it is stopped.
pub enum Source {
    Daemon(Client),
    File(Reader),
}

/// Runs the command.
///
/// # Errors
/// Neither daemon nor file can be read.
pub fn journal(arguments: &Arguments, journal: &Journal, out: &mut Out) -> Result<Exit, Failure> {
    let mut source = Source::open(arguments)?;
    match &journal.action {
        Some(JournalAction::Verify { anchor }) => verify(source, anchor.clone(), out),
        Some(JournalAction::Export { after, out: file }) => export(source, *after, file.as_deref(), out),
        None => {
            let newest = journal.rows.unwrap_or(NEWEST);
            let after = match journal.after {
                Some(after) => after,
                None => source.head()?.saturating_sub(newest),
            };
            let rows = if journal.follow { None } else { journal.rows };
            let request = JournalRequest { after, rows, follow: journal.follow };
            source.each(request, &mut |sequence, hash, event| show(sequence, hash, event, out))?;
            Ok(Exit::Done)
        }
    }
}

impl Source {
    /// The daemon, or its file while it is stopped.
    ///
    /// # Errors
    /// Neither can be read.
    pub fn open(arguments: &Arguments) -> Result<Self, Failure> {
        let refused = match ask::connect(&ask::socket(arguments)) {
            Ok(client) => return Ok(Self::Daemon(client)),
            Err(refused) => refused,
        };
        let loaded = config::load_for_start(&Layers::from_options(&arguments.config));
        let Some(configuration) = loaded.configuration else { return Err(refused) };
        let place = Folder::new(&configuration.local.state_dir);
        Reader::open(&place, &configuration.site.building).map(Self::File).map_err(|error| Failure {
            words: format!("{}; and its file: {error}", refused.words),
            ..refused
        })
    }

    /// The whole state at one moment.
    ///
    /// # Errors
    /// It cannot be read, or whoever asks may not.
    pub fn snapshot(&mut self) -> Result<Snapshot, Failure> {
        let client = match self {
            Self::File(reader) => return reader.snapshot().map_err(|error| Failure::chain(&error)),
            Self::Daemon(client) => client,
        };
        client.ask(&Request::State).map_err(ask::failure)?;
        let mut bytes = Vec::new();
        loop {
            match client.answer().map_err(ask::failure)? {
                Message::Piece(digits) => {
                    bytes.extend(piece(&digits).ok_or_else(|| Failure::new("the daemon sends no digits"))?);
                }
                Message::End => return Snapshot::from_bytes(&bytes).map_err(|error| Failure::chain(&error)),
                other => return Err(ask::unexpected(&other)),
            }
        }
    }

    fn head(&mut self) -> Result<u64, Failure> {
        match self {
            Self::Daemon(client) => Ok(ask::snapshot(client)?.gateway.journal),
            Self::File(reader) => Ok(reader.head().sequence),
        }
    }

    /// Hands each row's sequence, hash and bytes on, oldest first.
    ///
    /// # Errors
    /// They cannot be read, or what `take` says.
    pub fn each(
        &mut self,
        request: JournalRequest,
        take: &mut dyn FnMut(u64, &str, &str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self {
            Self::Daemon(client) => {
                if request.follow {
                    client.wait_for_ever().map_err(ask::failure)?;
                }
                client.ask(&Request::Journal(request)).map_err(ask::failure)?;
                loop {
                    match client.answer().map_err(ask::failure)? {
                        Message::Row { sequence, hash, event } => take(sequence, &hash, event.get())?,
                        Message::End => return Ok(()),
                        other => return Err(ask::unexpected(&other)),
                    }
                }
            }
            Self::File(_) if request.follow => Err(Failure {
                exit: Exit::Unreachable,
                words: "the daemon is stopped; nothing can be followed".to_owned(),
            }),
            Self::File(reader) => each_of_file(reader, request, take),
        }
    }
}

fn each_of_file(
    reader: &Reader,
    request: JournalRequest,
    take: &mut dyn FnMut(u64, &str, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let JournalRequest { mut after, rows, .. } = request;
    let mut left = rows.unwrap_or(u64::MAX);
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(PAGE_ROWS).min(PAGE_ROWS);
        let page = reader.rows_after(after, most, PAGE_BYTES).map_err(|error| Failure::chain(&error))?;
        if page.is_empty() {
            return Ok(());
        }
        for row in page {
            (after, left) = (row.sequence, left - 1);
            if let Message::Row { sequence, hash, event } = row_message(&row)? {
                take(sequence, &hash, event.get())?;
            }
        }
    }
    Ok(())
}

/// What a person wants to see of a row.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "type")]
    event_type: String,
    time: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    data: serde_json::Value,
}

fn show(sequence: u64, hash: &str, event: &str, out: &mut Out) -> Result<(), Failure> {
    if out.json {
        let line = format!("{{\"sequence\":{sequence},\"hash\":\"{hash}\",\"event\":{event}}}");
        return Ok(out.line(line)?);
    }
    let words = match serde_json::from_str::<Header>(event) {
        Ok(Header { event_type, time, subject, data }) => {
            format!("{sequence:>8}  {time}  {event_type:<24} {subject:<12} {}", facts(&data))
        }
        Err(error) => format!("{sequence:>8}  cannot be read: {error}"),
    };
    Ok(out.line(words.trim_end())?)
}

/// `name=value` for each plain fact of an event; lists and tables stay JSON.
fn facts(data: &serde_json::Value) -> String {
    let Some(fields) = data.as_object() else { return String::new() };
    let one = |(name, value): (&String, &serde_json::Value)| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(format!("{name}={text}")),
        other => Some(format!("{name}={other}")),
    };
    fields.iter().filter_map(one).collect::<Vec<_>>().join(" ")
}

fn verify(source: Source, anchor: Option<(u64, String)>, out: &mut Out) -> Result<Exit, Failure> {
    let anchor = anchor.map(|(sequence, hash)| AnchorMessage { sequence, hash });
    let verdict = match source {
        Source::Daemon(mut client) => verify_by_daemon(&mut client, anchor, out)?,
        Source::File(reader) => {
            let bar = progress::rows(out, reader.head().sequence);
            let (anchor, source) = match anchor {
                Some(anchor) => (Some(verdict::anchor(&anchor).map_err(Failure::new)?), AnchorSource::Given),
                None => {
                    let remembered = reader.acknowledged().map_err(|error| Failure::chain(&error))?;
                    (remembered, AnchorSource::Remembered)
                }
            };
            let report = audit::verify_watched(&reader, anchor, &mut |done| bar.set_position(done));
            bar.finish_and_clear();
            Verdict::new(&report.map_err(|error| Failure::chain(&error))?, source)
        }
    };
    out.either(&verdict, || verdict.words())?;
    Ok(if verdict.is_good() { Exit::Done } else { Exit::Failed })
}

fn verify_by_daemon(
    client: &mut Client,
    anchor: Option<AnchorMessage>,
    out: &Out,
) -> Result<Verdict, Failure> {
    client.ask(&Request::Verify { anchor }).map_err(ask::failure)?;
    let bar = progress::rows(out, 0);
    let verdict = loop {
        match client.answer().map_err(ask::failure)? {
            Message::Progress { done, of } => {
                bar.set_length(of);
                bar.set_position(done);
            }
            Message::Verdict(verdict) => break verdict,
            other => return Err(ask::unexpected(&other)),
        }
    };
    bar.finish_and_clear();
    Ok(verdict)
}

/// Every row of a file into another one.
///
/// # Errors
/// The one cannot be read, or the other not be written.
pub fn export_file(reader: Reader, to: &Path, out: &mut Out) -> Result<(), Failure> {
    export(Source::File(reader), 0, Some(to), out).map(|_| ())
}

fn export(mut source: Source, after: u64, file: Option<&Path>, out: &mut Out) -> Result<Exit, Failure> {
    let request = JournalRequest { after, rows: None, follow: false };
    let Some(path) = file else {
        source.each(request, &mut |_, _, event| Ok(out.line(event)?))?;
        return Ok(Exit::Done);
    };
    let failed = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
    let mut writer =
        BufWriter::new(OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?);
    let bar = progress::rows(out, source.head()?.saturating_sub(after));
    let mut rows = 0_u64;
    source.each(request, &mut |_, _, event| {
        rows += 1;
        bar.inc(1);
        writeln!(writer, "{event}").map_err(failed)
    })?;
    bar.finish_and_clear();
    let file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    let path = path.display().to_string();
    out.either(&serde_json::json!({ "rows": rows, "file": path }), || {
        format!("{rows} rows written to {path}")
    })?;
    Ok(Exit::Done)
}
