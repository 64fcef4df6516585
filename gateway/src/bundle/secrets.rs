//! The secrets of this machine, as far as we may read them: what no bundle may hold, in any form.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use super::forms::{forms, stands_in};
use crate::doctor::Facts;

/// Largest key file in bytes.
const KEY_MAX: u64 = 64 * 1024;
/// Shortest secret that is looked for: shorter ones stand in anything.
const LEAST: usize = 8;
/// Where keys lie besides where the configuration says.
const FOLDERS: [&str; 3] = ["/etc/vestibule/tls", "/etc/vestibule/authority", "/etc/vestibule"];
/// What names of secrets contain, in files and in the environment.
const SMELLS: [&str; 6] = ["password", "passwd", "passphrase", "secret", "token", "credential"];

/// One secret, by what it is; it has no text of its own.
struct Secret {
    what: String,
    forms: Vec<Zeroizing<Vec<u8>>>,
}

/// All that are known.
#[derive(Default)]
pub struct Secrets {
    all: Vec<Secret>,
    /// Files that may hold secrets and that we may not read.
    pub unread: Vec<PathBuf>,
}

impl Secrets {
    /// Reads them from where they lie.
    #[must_use]
    pub fn of_machine(facts: &Facts) -> Self {
        let mut secrets = Self::default();
        for path in key_files(facts) {
            match read(&facts.path(&path)) {
                Ok(bytes) => secrets.add_key(&path, &bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => secrets.unread.push(path),
            }
        }
        let sources = facts.configuration.iter().flat_map(|configuration| configuration.sources.iter());
        for source in sources {
            if let Ok(table) = source.text.parse::<toml::Table>() {
                secrets.add_values(&toml::Value::Table(table), "");
            }
        }
        for (name, value) in std::env::vars() {
            if smells(&name) {
                secrets.add(format!("environment variable {name}"), value.as_bytes());
            }
        }
        secrets
    }

    /// Adds one.
    pub fn add(&mut self, what: String, bytes: &[u8]) {
        if bytes.len() >= LEAST {
            self.all.push(Secret { what, forms: forms(bytes) });
        }
    }

    /// A key file: all of it, and its parts, because a part of a key is enough.
    fn add_key(&mut self, path: &Path, bytes: &[u8]) {
        let what = path.display().to_string();
        self.add(what.clone(), bytes);
        for line in String::from_utf8_lossy(bytes).lines().filter(|line| !line.starts_with("-----")) {
            self.add(what.clone(), line.trim().as_bytes());
        }
        let Ok(key) = PrivateKeyDer::from_pem_slice(bytes) else { return };
        let der = key.secret_der();
        self.add(what.clone(), der);
        // The number itself: an octet string of 32 bytes, in P-256 and Ed25519 alike.
        for (at, _) in der.windows(2).enumerate().filter(|(_, head)| *head == [0x04, 0x20]) {
            if let Some(number) = der.get(at + 2..at + 34) {
                self.add(what.clone(), number);
            }
        }
    }

    /// Values whose names say that they are secret; the configuration has none, but people write things.
    fn add_values(&mut self, value: &toml::Value, key: &str) {
        match value {
            toml::Value::Table(table) => table.iter().for_each(|(key, value)| self.add_values(value, key)),
            toml::Value::Array(values) => values.iter().for_each(|value| self.add_values(value, key)),
            toml::Value::String(text) if smells(key) => {
                self.add(format!("configuration value {key}"), text.as_bytes());
            }
            _ => {}
        }
    }

    /// The text without any known secret.
    #[must_use]
    pub fn removed_from(&self, text: &str) -> String {
        let texts = self.all.iter().flat_map(|secret| &secret.forms);
        let mut clean = text.to_owned();
        for form in texts.filter_map(|form| std::str::from_utf8(form).ok()) {
            if clean.contains(form) {
                clean = clean.replace(form, super::scrub::REMOVED);
            }
        }
        clean
    }

    /// What stands in these bytes, if anything does: the name of the secret, never the secret.
    #[must_use]
    pub fn found_in(&self, bytes: &[u8]) -> Option<&str> {
        self.all.iter().find(|secret| stands_in(&secret.forms, bytes)).map(|secret| secret.what.as_str())
    }

    /// How many forms are looked for.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all.len()
    }
}

fn smells(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SMELLS.iter().any(|word| name.contains(word))
}

/// Every file that is a key by its place or its name.
fn key_files(facts: &Facts) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    let mut folders: BTreeSet<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    if let Some(configuration) = &facts.configuration {
        let broker = configuration.broker.iter().flat_map(|one| [&one.server.key, &one.client.key]);
        let keys = broker.chain(configuration.cloud.iter().map(|one| &one.client.key));
        for key in keys {
            folders.extend(key.parent().map(Path::to_owned));
            files.insert(key.clone());
        }
        folders.insert(configuration.local.state_dir.clone());
    }
    for folder in folders {
        for name in facts.names(&folder).unwrap_or_default() {
            if name.ends_with(".key") || name.contains(".key.") {
                files.insert(folder.join(name));
            }
        }
    }
    files
}

fn read(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)?.take(KEY_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}
