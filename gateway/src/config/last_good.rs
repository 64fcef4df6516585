//! The copy of the files of the last good start: a building never stays shut because of a slip in a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compile::compile;
use super::network::Files;
use super::problem::Problems;
use super::reader::Reader;
use super::source::{FILE_BYTES_MAX, Place, Source, Sources};
use super::tree;
use super::value::{Configuration, Origin};
use crate::durable;

/// Name of the copy in the state folder.
pub const COPY: &str = "last-good-configuration.json";
/// Largest copy in bytes: far above any building, far below what harms a start.
const COPY_MAX: u64 = FILE_BYTES_MAX * 16;

/// Keeps a copy of a configuration's files in its state folder. Call it once field and store are open.
///
/// # Errors
/// The first I/O error; the older copy is then still whole.
pub fn keep_last_good(configuration: &Configuration) -> io::Result<()> {
    let dir = &configuration.local.state_dir;
    let text = serde_json::to_vec(&configuration.sources[..])?;
    if read_copy(&dir.join(COPY)).is_ok_and(|kept| kept == *configuration.sources) {
        return Ok(()); // The same again: spare the flash.
    }
    Ok(durable::replace(&dir.join(COPY), durable::PUBLIC, &text)?)
}

/// The last good configuration of a state folder, if there is one and it still compiles.
pub fn load_last_good(state_dir: &Path, problems_now: usize) -> Option<Configuration> {
    let kept: Sources = Arc::from(read_copy(&state_dir.join(COPY)).ok()?);
    let problems = Problems::default();
    let configuration = compile(&kept, Files::MayBeMissing, &problems)?;
    Some(Configuration { origin: Origin::LastGood { problems: problems_now }, ..configuration })
}

fn read_copy(path: &Path) -> io::Result<Vec<Source>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(COPY_MAX).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// A path as far as it can be read from files that may be bad elsewhere: the state folder, the socket.
pub fn peek(sources: &[Source], section: &'static str, key: &'static str, default: &str) -> PathBuf {
    match peek_text(sources, section, key) {
        Some((source, text)) => source.resolve(&text),
        None => PathBuf::from(default),
    }
}

/// A text as far as it can be read from files that may be bad elsewhere, and the strongest file that gives it.
pub fn peek_text<'a>(
    sources: &'a [Source],
    section: &'static str,
    key: &'static str,
) -> Option<(&'a Source, String)> {
    let problems = Problems::default();
    let mut found = None;
    for (index, source) in sources.iter().enumerate() {
        let table = tree::parse(index, source, &problems);
        let mut root = Reader::new(&table, Place { source: index, start: 0, end: 0 }, "", &problems);
        if let Some(mut section) = root.table(section)
            && let Some(text) = section.text(key)
        {
            found = Some((source, text.value.to_owned()));
        }
    }
    found
}
