//! Configuration files as read: bounded, named, with places in them that a person can find.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Largest file in bytes: a building of 1,000 compartments needs 20 KiB.
pub const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Most files of one configuration: the layers and a generous conf.d.
pub const FILES_MAX: usize = 64;

/// What a file is to a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A layer of it.
    #[default]
    Layer,
    /// A device model of an installer's own.
    Profile,
}

impl SourceKind {
    fn is_layer(&self) -> bool {
        *self == Self::Layer
    }
}

/// One file as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Path it was read from; relative paths inside it start at its folder.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "SourceKind::is_layer")]
    pub kind: SourceKind,
}

/// All files of one configuration, weakest layer first.
pub type Sources = Arc<[Source]>;

/// A stretch of text in one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index of the source.
    pub source: usize,
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// Line and column for people, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LineColumn {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("cannot read {path}: {cause}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Larger than [`FILE_BYTES_MAX`].
    #[error("{path} is larger than {max} bytes; this cannot be a configuration file", max = FILE_BYTES_MAX)]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// Not UTF-8.
    #[error("{path} is not UTF-8 text: the byte at offset {offset} does not fit")]
    NotText {
        /// Which file.
        path: PathBuf,
        /// Where.
        offset: usize,
    },
}

/// Reads a text file of at most `max` bytes.
///
/// # Errors
/// The system refuses, the file is larger, or it is not UTF-8.
pub fn read_bounded(path: &Path, max: u64) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(max.saturating_add(1)).read_to_string(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > max {
        return Err(io::Error::other(format!("{} is larger than {max} bytes", path.display())));
    }
    Ok(text)
}

impl Source {
    /// Reads one file.
    ///
    /// # Errors
    /// [`ReadError`] names the file and what is wrong with it.
    pub fn read(path: &Path, kind: SourceKind) -> Result<Self, ReadError> {
        let io = |cause| ReadError::Io { path: path.to_owned(), cause };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(io)?;
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
            return Err(ReadError::TooLarge { path: path.to_owned() });
        }
        let text = String::from_utf8(bytes).map_err(|e| ReadError::NotText {
            path: path.to_owned(),
            offset: e.utf8_error().valid_up_to(),
        })?;
        Ok(Self { path: path.to_owned(), text, kind })
    }

    /// Line and column of a byte offset.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> LineColumn {
        let before = self.before(offset);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).map_or(0, |line| line.chars().count()) + 1;
        LineColumn { line: before.matches('\n').count() + 1, column }
    }

    /// The whole line around a byte offset, and the offset of its first byte.
    #[must_use]
    pub fn line_around(&self, offset: usize) -> (&str, usize) {
        let start = self.before(offset).rfind('\n').map_or(0, |at| at + 1);
        let rest = self.text.get(start..).unwrap_or("");
        (rest.split('\n').next().unwrap_or("").trim_end_matches('\r'), start)
    }

    /// A path named in this file, made absolute against the file's folder.
    #[must_use]
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or_else(|| Path::new("")).join(path)
    }

    fn before(&self, offset: usize) -> &str {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.get(..end).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_counts_characters_when_text_is_not_ascii() {
        let source = Source {
            path: "/etc/x.toml".into(),
            text: "a = 1\nname = \"Ünï\" # b".into(),
            ..Source::default()
        };
        let at = source.text.find('#').unwrap_or(0);
        assert_eq!(source.line_column(at), LineColumn { line: 2, column: 14 });
        assert_eq!(source.line_around(at).0, "name = \"Ünï\" # b");
        assert_eq!(source.line_column(10_000), LineColumn { line: 2, column: 17 });
    }

    #[test]
    fn file_is_refused_when_it_is_too_large_or_not_text() {
        let dir = tempfile::tempdir().unwrap();
        let big = dir.path().join("big.toml");
        std::fs::write(&big, vec![b'#'; 256 * 1024 + 1]).unwrap();
        assert!(matches!(Source::read(&big, SourceKind::Layer), Err(ReadError::TooLarge { .. })));
        let odd = dir.path().join("odd.toml");
        std::fs::write(&odd, b"a = \"\xff\"").unwrap();
        assert!(matches!(Source::read(&odd, SourceKind::Layer), Err(ReadError::NotText { offset: 5, .. })));
        assert!(matches!(
            Source::read(&dir.path().join("none"), SourceKind::Layer),
            Err(ReadError::Io { .. })
        ));
    }

    #[test]
    fn relative_path_starts_at_the_folder_of_the_file_that_names_it() {
        let source =
            Source { path: "/etc/vestibule/vestibule.toml".into(), text: String::new(), ..Source::default() };
        assert_eq!(source.resolve("tls/ca.pem"), PathBuf::from("/etc/vestibule/tls/ca.pem"));
        assert_eq!(source.resolve("/srv/ca.pem"), PathBuf::from("/srv/ca.pem"));
    }
}
