//! Enrolment from request to place, and everything that must be refused on the way with nothing changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use tempfile::TempDir;

use super::*;
use crate::config::Tls;

const LIFE: Duration = BuildingCa::LEAF_LIFE;

struct Scene {
    gateway: TempDir,
    authority: TempDir,
    ca: BuildingCa,
}

impl Scene {
    fn new() -> Self {
        let (gateway, authority) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let ca = BuildingCa::create("maple-court", authority.path()).unwrap();
        Self { gateway, authority, ca }
    }

    fn key(&self, file: &str) -> PathBuf {
        self.gateway.path().join(file)
    }

    fn request(&self, role: &str, name: &str) -> Requested {
        let purpose = match role {
            "broker" => Purpose::Server { dns: vec!["localhost".into()], addresses: Vec::new() },
            _ => Purpose::Client,
        };
        let identity = Identity::new("maple-court", role, name).unwrap();
        request(&self.key(&format!("{role}-{name}.key")), &identity, &purpose).unwrap()
    }

    /// Signs as asked and returns the file that is carried back.
    fn signed(&self, requested: &Requested) -> PathBuf {
        let asked = Request::read(&requested.request).unwrap();
        self.signed_as(requested, &asked.identity)
    }

    fn signed_as(&self, requested: &Requested, identity: &Identity) -> PathBuf {
        let asked = Request::read(&requested.request).unwrap();
        assert_eq!(asked.fingerprint, requested.fingerprint, "what both people see");
        let purpose = match asked.dns.is_empty() {
            true => Purpose::Client,
            false => Purpose::Server { dns: asked.dns.clone(), addresses: asked.addresses.clone() },
        };
        self.carried(&self.ca.sign(&asked, identity, &purpose, LIFE).unwrap())
    }

    fn carried(&self, text: &str) -> PathBuf {
        let path = self.authority.path().join("carried.pem");
        fs::write(&path, text).unwrap();
        path
    }

    fn ca_file(&self) -> PathBuf {
        self.authority.path().join("ca.pem")
    }

    fn accept(&self, certificate: &Path) -> Result<Accepted, EnrollError> {
        self.accept_with(certificate, |_| ())
    }

    fn accept_with(
        &self,
        certificate: &Path,
        change: impl FnOnce(&mut Offer<'_>),
    ) -> Result<Accepted, EnrollError> {
        let ca = self.ca_file();
        let mut offer = self.offer(certificate, &ca);
        change(&mut offer);
        accept(&offer)
    }

    fn offer<'a>(&'a self, certificate: &'a Path, ca: &'a Path) -> Offer<'a> {
        Offer {
            certificate,
            ca: Some(ca),
            folder: self.gateway.path(),
            slots: &[],
            building: Some("maple-court"),
            now: UnixTime::now(),
            existing: Existing::Refuse,
        }
    }

    /// Every file of the gateway with its bytes.
    fn picture(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = fs::read_dir(self.gateway.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut all: Vec<_> = files.map(|path| (path.clone(), fs::read(&path).unwrap())).collect();
        all.sort();
        all
    }

    /// The certificate is refused with these words, and nothing is changed.
    fn refused(&self, certificate: &Path, word: &str, change: impl FnOnce(&mut Offer<'_>)) {
        let before = self.picture();
        let error = self.accept_with(certificate, change).unwrap_err();
        let words = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        let words = words.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        assert!(words.contains(word), "{word}: {words}");
        assert!(before == self.picture(), "{word}: something was changed");
    }
}

#[test]
fn certificate_comes_into_place_and_the_key_never_leaves() {
    let scene = Scene::new();
    for (role, name) in [("gateway", "one"), ("broker", "local")] {
        let requested = scene.request(role, name);
        assert_eq!(fs::metadata(&requested.key).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!fs::read_to_string(&requested.request).unwrap().contains("PRIVATE"));
        let accepted = scene.accept(&scene.signed(&requested)).unwrap();
        assert_eq!(accepted.identity.to_string(), format!("{role}/{name}"));
        assert_eq!(accepted.certificate, requested.key.with_extension("pem"));
        assert_eq!(accepted.key, requested.key);
        assert_eq!(fs::read(&accepted.ca).unwrap(), fs::read(scene.ca_file()).unwrap());
    }
}

#[test]
fn key_is_kept_and_the_request_made_again_when_asked_for_twice() {
    let scene = Scene::new();
    let first = scene.request("gateway", "one");
    assert!(!first.kept);
    let key = fs::read(&first.key).unwrap();
    fs::remove_file(&first.request).unwrap();
    let second = scene.request("gateway", "one");
    assert!(second.kept && second.request.exists());
    assert_eq!(fs::read(&second.key).unwrap(), key);
    assert_eq!(first.fingerprint, second.fingerprint);
    fs::write(&first.key, "not a key").unwrap();
    let identity = Identity::new("maple-court", "gateway", "one").unwrap();
    let refused = request(&first.key, &identity, &Purpose::Client);
    assert!(matches!(refused, Err(EnrollError::NotAKey { .. })), "{refused:?}");
    assert_eq!(fs::read(&first.key).unwrap(), b"not a key");
}

#[test]
fn request_is_refused_when_it_is_changed_or_something_else() {
    let scene = Scene::new();
    let requested = scene.request("gateway", "one");
    let pem = fs::read_to_string(&requested.request).unwrap();
    let mut der = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1.contents;
    let at = der.windows(3).position(|bytes| bytes == b"one").unwrap();
    der[at..at + 3].copy_from_slice(b"two");
    let text = base64(&der);
    let changed = format!("-----BEGIN CERTIFICATE REQUEST-----\n{text}\n-----END CERTIFICATE REQUEST-----\n");
    let key = fs::read_to_string(&requested.key).unwrap();
    let cases = [
        (changed, "signature"),
        (format!("{pem}{key}"), "private key"),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n".into(),
            "no request",
        ),
        ("hello".into(), "no request"),
        (scene.ca.certificate_pem().into(), "no request"),
        ("x".repeat(2 * 1024 * 1024), "larger"),
    ];
    for (text, word) in cases {
        let path = scene.carried(&text);
        let Err(error) = Request::read(&path) else { panic!("{word}: taken") };
        let words = format!("{error}: {:?}", std::error::Error::source(&error).map(ToString::to_string));
        assert!(words.contains(word), "{word}: {words}");
    }
}

/// Base64 as PEM has it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for (index, chunk) in bytes.chunks(3).enumerate() {
        if index > 0 && index % 16 == 0 {
            text.push('\n');
        }
        let word =
            chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let index = usize::try_from(word >> (18 - 6 * digit) & 63).unwrap();
            text.push(if digit <= chunk.len() { char::from(DIGITS[index]) } else { '=' });
        }
    }
    text
}

#[test]
fn request_for_another_building_is_not_signed() {
    let scene = Scene::new();
    let identity = Identity::new("elm-street", "gateway", "one").unwrap();
    let requested = request(&scene.key("gateway-one.key"), &identity, &Purpose::Client).unwrap();
    let asked = Request::read(&requested.request).unwrap();
    let refused = scene.ca.sign(&asked, &asked.identity, &Purpose::Client, LIFE);
    assert!(matches!(refused, Err(EnrollError::OtherBuilding { .. })), "{refused:?}");
}

#[test]
fn certificate_is_refused_and_nothing_changed_when_it_does_not_belong_here() {
    let scene = Scene::new();
    let requested = scene.request("gateway", "one");
    let good = fs::read_to_string(scene.signed(&requested)).unwrap();
    scene.accept(&scene.carried(&good)).unwrap();

    let staff = Identity::new("maple-court", "staff", "one").unwrap();
    scene.refused(&scene.signed_as(&requested, &staff), "for the role staff", |_| ());
    scene.refused(&scene.carried(&good), "for building maple-court", |offer| {
        offer.building = Some("elm-street")
    });
    let stranger = scene.ca.issue("gateway", "one", &Purpose::Client, LIFE).unwrap();
    scene.refused(&scene.carried(&stranger.certificate_pem), "no key", |_| ());
    let both = format!("{good}{}", stranger.key_pem);
    scene.refused(&scene.carried(&both), "private key", |_| ());
    for (text, word) in [("", "no certificate"), ("hello", "no certificate"), (&good[..200], "PEM")] {
        scene.refused(&scene.carried(text), word, |_| ());
    }
    scene.refused(&scene.carried(&"x".repeat(2 * 1024 * 1024)), "larger", |_| ());
    let years = |years: u64| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        UnixTime::since_unix_epoch(since + Duration::from_secs(years * 365 * 24 * 3600))
    };
    scene.refused(&scene.carried(&good), "expired", |offer| offer.now = years(3));
    let past = UnixTime::since_unix_epoch(Duration::from_secs(60));
    scene.refused(&scene.carried(&good), "clock", |offer| offer.now = past);
}

#[test]
fn certificate_of_another_authority_is_refused() {
    let (scene, other) = (Scene::new(), Scene::new());
    let requested = scene.request("gateway", "one");
    scene.accept(&scene.signed(&requested)).unwrap();
    let asked = Request::read(&requested.request).unwrap();
    let twin = other.ca.sign(&asked, &asked.identity, &Purpose::Client, LIFE).unwrap();
    scene.refused(&scene.carried(&twin), "another authority", |_| ());
    let other_ca = other.ca_file();
    let carried = scene.carried(&twin);
    let before = scene.picture();
    let kept = accept(&scene.offer(&carried, &other_ca));
    assert!(matches!(kept, Err(EnrollError::Exists(_))), "{kept:?}");
    assert!(before == scene.picture());
}

#[test]
fn files_that_the_configuration_names_are_used_where_there_is_one() {
    let scene = Scene::new();
    let files = Tls {
        ca: scene.key("authority.pem"),
        certificate: scene.key("client.crt"),
        key: scene.key("gateway.key"),
    };
    let identity = Identity::new("maple-court", "gateway", "gateway").unwrap();
    let slot = Slot { files, identity, purpose: Purpose::Client, authority: Authority::Building };
    assert_eq!(slot.state(), State::Empty);
    let requested = slot.request().unwrap();
    assert_eq!(slot.state(), State::Requested);
    let certificate = scene.signed(&requested);
    let slots = [slot];
    let accepted = scene.accept_with(&certificate, |offer| {
        offer.building = None;
    });
    assert_eq!(accepted.unwrap().certificate, scene.key("gateway.pem"), "without the slot: beside the key");
    let ca = scene.ca_file();
    let offer = Offer { slots: &slots, ..scene.offer(&certificate, &ca) };
    let accepted = accept(&offer).unwrap();
    assert_eq!((accepted.certificate, accepted.ca), (scene.key("client.crt"), scene.key("authority.pem")));
    assert_eq!(slots[0].state(), State::Enrolled);
}
