//! `[broker]` and `[cloud]`: addresses and the files of each TLS end.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;

use vestibule_contract::notice::NotifierKey;

use super::problem::{Problem, Problems};
use super::reader::{Reader, Spot};
use super::source::Source;
use super::value::{Broker, Cloud, Tls};

/// MQTT over TLS, as registered.
pub const MQTTS_PORT: u16 = 8883;

/// Whether files that are named must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// A missing file refuses the configuration: what `check` and a normal start want.
    MustExist,
    /// A missing file is a warning: the last good configuration must run whatever has gone since.
    MayBeMissing,
    /// A key or certificate that is not there is a note: this machine's installation, before it is enrolled.
    MayBeAwaited,
}

/// What is needed to check a path.
#[derive(Clone, Copy)]
pub struct Paths<'a> {
    /// The files of the configuration; relative paths start at the folder of the file that names them.
    pub sources: &'a [Source],
    /// Whether named files must be there.
    pub files: Files,
}

impl Paths<'_> {
    /// A path made absolute.
    pub fn resolve(&self, text: &Spot<&str>) -> PathBuf {
        self.sources
            .get(text.place.source)
            .map_or_else(|| PathBuf::from(text.value), |s| s.resolve(text.value))
    }

    /// A path made absolute whose file must be there. A folder closed to us is no problem: broker and daemon have different users.
    pub fn existing(&self, text: &Spot<&str>, problems: &Problems) -> PathBuf {
        self.looked_at(text, problems, None)
    }

    /// The same for what enrolling brings.
    pub fn enrolled(&self, text: &Spot<&str>, problems: &Problems) -> PathBuf {
        self.looked_at(text, problems, Some("is not enrolled yet"))
    }

    /// `awaited` is what a file is called that may come later.
    fn looked_at(&self, text: &Spot<&str>, problems: &Problems, awaited: Option<&str>) -> PathBuf {
        let path = self.resolve(text);
        if let (Files::MayBeAwaited, Some(awaited), Ok(false)) = (self.files, awaited, path.try_exists()) {
            problems.add(Problem::note(Some(text.place), format!("{} {awaited}", path.display())));
            return path;
        }
        let fault = match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => None,
            Ok(_) => Some("is not a file".to_owned()),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => None,
            Err(error) => Some(format!("cannot be read: {error}")),
        };
        if let Some(fault) = fault {
            let message = format!("{} {fault}", path.display());
            problems.add(match self.files {
                Files::MustExist | Files::MayBeAwaited => Problem::error(Some(text.place), message),
                Files::MayBeMissing => Problem::warning(Some(text.place), message),
            });
        }
        path
    }
}

/// Reads `[broker]`.
pub fn read_broker(root: &mut Reader<'_>, paths: Paths<'_>) -> Option<Broker> {
    let mut reader = root.table("broker")?;
    "[broker]".clone_into(&mut reader.what);
    let listen = reader
        .required_text("listen", "listen = \"0.0.0.0:8883\"")
        .and_then(|text| reader.parse(text, listen_address));
    let fallback = listen.as_ref().map_or(MQTTS_PORT, |l| l.value.port());
    let connect = reader.text("connect").map(|text| reader.parse(text, |t| host_and_port(t, fallback)));
    let server = read_tls(&mut reader, ["certificate", "key"], paths);
    let client = read_tls(&mut reader, ["client_certificate", "client_key"], paths);
    let problems = reader.problems;
    let roles = reader.text("roles").map(|text| paths.existing(&text, problems));
    let revoked = reader.text("revoked").map(|text| paths.existing(&text, problems));
    reader.finish();
    let (host, port) = match connect {
        Some(connect) => connect?.value,
        None => ("localhost".to_owned(), fallback),
    };
    Some(Broker { listen: listen?.value, server: server?, host, port, client: client?, revoked, roles })
}

/// Reads `[cloud]`.
pub fn read_cloud(root: &mut Reader<'_>, paths: Paths<'_>) -> Option<Cloud> {
    let mut reader = root.table("cloud")?;
    "[cloud]".clone_into(&mut reader.what);
    let url = reader.required_text("url", "url = \"mqtts://mqtt.example.com:8883\"");
    let url = url.and_then(|text| reader.parse(text, cloud_url));
    let client = read_tls(&mut reader, ["certificate", "key"], paths);
    let help = "the notifier's X25519 public key in 64 hexadecimal digits; notices are sealed to it";
    let key = reader.required_text("notifier_key", help).and_then(|text| reader.parse(text, notifier_key));
    reader.finish();
    let (host, port) = url?.value;
    Some(Cloud { host, port, client: client?, notifier_key: key?.value })
}

fn read_tls(reader: &mut Reader<'_>, [certificate, key]: [&'static str; 2], paths: Paths<'_>) -> Option<Tls> {
    const HELP: &str = "a PEM file; `vestibule enroll --building-ca` makes a building's own";
    let problems = reader.problems;
    let mut file = |name| reader.required_text(name, HELP).map(|text| paths.enrolled(&text, problems));
    let (ca, certificate, key) = (file("ca"), file(certificate), file(key));
    Some(Tls { ca: ca?, certificate: certificate?, key: key? })
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| "write an address and a port, e.g. 0.0.0.0:8883 or [::]:8883".to_owned())?;
    match address.port() {
        0 => Err("port 0 cannot be connected to".to_owned()),
        _ => Ok(address),
    }
}

fn cloud_url(text: &str) -> Result<(String, u16), String> {
    match text.split_once("://") {
        Some(("mqtts" | "ssl", rest)) => host_and_port(rest.trim_end_matches('/'), MQTTS_PORT),
        Some(("mqtt" | "tcp", _)) => Err("the cloud is only reached over TLS: mqtts://host:8883".to_owned()),
        _ => Err("write mqtts://host:8883".to_owned()),
    }
}

/// Reads `host`, `host:port` or `[v6]:port`.
fn host_and_port(text: &str, default: u16) -> Result<(String, u16), String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => (text, None),
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let port = match port.map(str::parse::<u16>) {
        None => default,
        Some(Ok(port)) if port > 0 => port,
        Some(_) => return Err("the port must be 1 to 65535".to_owned()),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if host.is_empty() || !host.chars().all(plain) {
        return Err("that is not a host name".to_owned());
    }
    Ok((host.to_owned(), port))
}

fn notifier_key(text: &str) -> Result<[u8; 32], String> {
    NotifierKey::parse(text).map(|key| key.to_bytes()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_url_is_refused_when_it_is_not_tls() {
        assert_eq!(cloud_url("mqtts://a.example"), Ok(("a.example".into(), 8883)));
        assert_eq!(cloud_url("mqtts://a.example:443/"), Ok(("a.example".into(), 443)));
        assert_eq!(cloud_url("mqtts://[::1]:1884"), Ok(("::1".into(), 1884)));
        assert!(cloud_url("mqtt://a.example").unwrap_err().contains("TLS"));
        for bad in ["a.example", "mqtts://", "mqtts://a b", "mqtts://a:0", "mqtts://a:70000", "http://x"] {
            assert!(cloud_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn notifier_key_is_refused_when_short_or_odd() {
        assert!(notifier_key(&"ab".repeat(32)).is_ok());
        assert!(notifier_key(&"ab".repeat(31)).is_err());
        assert!(notifier_key(&"zz".repeat(32)).is_err());
    }
}
