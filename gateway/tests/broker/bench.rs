//! A broker under test with an authority of its own: ours in a thread, or Mosquitto as a process.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::sync::oneshot;
use vestibule::broker::{self, BrokerError, BrokerSettings, Limits, Metrics, RoleTable, TlsFiles, mosquitto};
use vestibule::enroll::{BuildingCa, Existing, Identity, Purpose, WrittenIdentity};

/// The building of every test.
pub const BUILDING: &str = "maple-court";
/// What its topics start with.
pub const PREFIX: &str = "vestibule/v1/maple-court";
/// Bound on every wait of a test; reached only when something is broken.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running broker and the authority its clients need.
pub struct Bench {
    pub address: SocketAddr,
    pub ca: BuildingCa,
    pub metrics: Arc<Metrics>,
    pub dir: TempDir,
    running: Running,
}

enum Running {
    Ours { stop: Option<oneshot::Sender<()>>, thread: Option<JoinHandle<Result<(), BrokerError>>> },
    Mosquitto(Child),
}

impl Bench {
    /// Our broker with its default limits.
    pub fn ours() -> Self {
        Self::ours_with(Limits::default())
    }

    /// Our broker with other limits.
    pub fn ours_with(limits: Limits) -> Self {
        let (dir, ca, server) = authority();
        let revoked = ca.revoke(&dir.path().join("ca"), &[]).expect("an empty list");
        let metrics = Arc::new(Metrics::default());
        let settings = BrokerSettings {
            building: BUILDING.to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: TlsFiles {
                ca: server.ca,
                certificate: server.certificate,
                key: server.key,
                revoked: Some(revoked),
            },
            roles: RoleTable::building().unwrap(),
            limits,
            metrics: Arc::clone(&metrics),
        };
        let (stop, stopped) = oneshot::channel();
        let (ready, address) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let shutdown = async { drop(stopped.await) };
            runtime.block_on(broker::run(settings, shutdown, move |at| ready.send(at).unwrap()))
        });
        let address = address.recv_timeout(PATIENCE).expect("the broker starts");
        Self { address, ca, metrics, dir, running: Running::Ours { stop: Some(stop), thread: Some(thread) } }
    }

    /// Mosquitto with the configuration we keep, for these clients (role, name).
    pub fn mosquitto(clients: &[(&str, &str)]) -> Self {
        Self::start_mosquitto(mosquitto::Place::Building, &RoleTable::building().unwrap(), clients)
    }

    /// Mosquitto as the cloud's broker.
    pub fn mosquitto_cloud(clients: &[(&str, &str)]) -> Self {
        Self::start_mosquitto(mosquitto::Place::Cloud, &RoleTable::cloud().unwrap(), clients)
    }

    fn start_mosquitto(place: mosquitto::Place, roles: &RoleTable, clients: &[(&str, &str)]) -> Self {
        let (dir, ca, server) = authority();
        let acl_path = dir.path().join("acl");
        let clients: Vec<_> =
            clients.iter().map(|(role, name)| Identity::new(BUILDING, role, name).unwrap()).collect();
        std::fs::write(&acl_path, mosquitto::acl(roles, &clients)).unwrap();
        // Mosquitto does not choose a port itself; another process may take the free one first.
        for _ in 0..5 {
            let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
            let files = mosquitto::Files {
                listen: address,
                ca: &server.ca,
                certificate: &server.certificate,
                key: &server.key,
                acl: &acl_path,
                data: dir.path(),
            };
            let mut text = mosquitto::configuration(place, files);
            // Started by root it would change to a user who cannot read the test's files.
            text.push_str("user root\nlog_dest stderr\n");
            let configuration = dir.path().join("mosquitto.conf");
            std::fs::write(&configuration, text).unwrap();
            if let Some(child) = start_mosquitto(&configuration) {
                let metrics = Arc::default();
                return Self { address, ca, metrics, dir, running: Running::Mosquitto(child) };
            }
        }
        panic!("Mosquitto does not start");
    }

    /// A fresh certificate of this building.
    pub fn client(&self, role: &str, name: &str) -> WrittenIdentity {
        self.ca
            .issue_into(self.dir.path(), role, name, &Purpose::Client, Existing::Replace)
            .expect("a certificate")
    }

    /// TLS of a client of this building.
    pub fn tls(&self, role: &str, name: &str) -> Arc<rustls::ClientConfig> {
        tls_of(&self.client(role, name))
    }

    /// Stops our broker and says how it ended.
    pub fn stop(&mut self) -> Result<(), BrokerError> {
        let Running::Ours { stop, thread } = &mut self.running else { panic!("not ours") };
        if let Some(stop) = stop.take() {
            stop.send(()).ok();
        }
        thread.take().expect("stopped once").join().expect("no panic")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Ours { stop, thread } => {
                if let Some(stop) = stop.take() {
                    stop.send(()).ok();
                }
                if let Some(thread) = thread.take() {
                    thread.join().ok();
                }
            }
            Running::Mosquitto(child) => {
                child.kill().ok();
                child.wait().ok();
            }
        }
    }
}

fn authority() -> (TempDir, BuildingCa, WrittenIdentity) {
    let dir = tempfile::tempdir().unwrap();
    let ca = BuildingCa::create(BUILDING, &dir.path().join("ca")).unwrap();
    let purpose =
        Purpose::Server { dns: vec!["localhost".to_owned()], addresses: vec![Ipv4Addr::LOCALHOST.into()] };
    let server = ca.issue_into(dir.path(), "broker", "local", &purpose, Existing::Refuse).unwrap();
    (dir, ca, server)
}

/// Started, and listening by its own word; none if the port was taken.
fn start_mosquitto(configuration: &Path) -> Option<Child> {
    use std::io::{BufRead, BufReader};
    let mut child = Command::new(mosquitto_path())
        .args(["-v", "-c"])
        .arg(configuration)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mosquitto is installed");
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    for line in lines.by_ref() {
        let line = line.unwrap();
        if line.ends_with(" running") {
            // It blocks when nobody reads what it says.
            std::thread::spawn(move || lines.for_each(drop));
            return Some(child);
        }
        assert!(!line.contains("Unknown configuration"), "{line}");
    }
    child.wait().unwrap();
    None
}

fn mosquitto_path() -> PathBuf {
    // Debian puts it where a plain user's PATH does not look.
    let debian = PathBuf::from("/usr/sbin/mosquitto");
    if debian.exists() { debian } else { PathBuf::from("mosquitto") }
}

/// TLS of a client with these files.
pub fn tls_of(files: &WrittenIdentity) -> Arc<rustls::ClientConfig> {
    let chain = CertificateDer::pem_file_iter(&files.certificate).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
    Arc::new(tls_builder(&files.ca).with_client_auth_cert(chain, key).unwrap())
}

/// TLS of a client without a certificate.
pub fn tls_anonymous(ca: &Path) -> Arc<rustls::ClientConfig> {
    Arc::new(tls_builder(ca).with_no_client_auth())
}

fn tls_builder(ca: &Path) -> rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
}
