//! A console whose engine is played by the test, and peers of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vestibule_core::building::CodeKey;
use vestibule_core::command::{Answer, CommandRequest, Outcome, Status};
use vestibule_core::input::{Input, KeyState};
use vestibule_core::time::{ClockTrust, Mono, Now, Timestamp};
use vestibule_store::Outlet;
use vestibule_store::memory::Memory;

use crate::config::load_text;
use crate::console::server::Console;
use crate::engine::{Boot, Engine, EntropySource, Keep, Reader, Seam, boot};
use crate::field::Loans;
use crate::readers::Readers;
use crate::telemetry::Telemetry;

/// Far longer than anything here takes; a test that waits so long fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

const SITE: &str = r#"
[building]
id = "maple-court"
name = "Maple Court"
time_zone = "UTC"
support = "+1 312 555 0134"
[[line]]
id = "one"
port = "/dev/nothing"
protocol = "modbus-rtu"
[[device]]
id = "locks"
line = "one"
address = 1
model = "waveshare-relay-8"
[[terminal]]
id = "lobby"
[[bank]]
id = "a"
top_mm = 1000
columns = [["small", "small"]]
labels = "{BANK}{number}"
locks = "locks/1.."
doors = "none"
terminals = ["lobby"]
"#;

/// A console with the test as its engine.
pub(super) struct Bench {
    pub(super) folder: TempDir,
    pub(super) seam: Option<Seam>,
    pub(super) journal: Reader,
    pub(super) telemetry: Telemetry,
    pub(super) stop: Option<oneshot::Sender<()>>,
    pub(super) served: JoinHandle<()>,
}

/// One peer.
pub(super) struct Guest {
    pub(super) reader: BufReader<tokio::net::unix::OwnedReadHalf>,
    pub(super) writer: tokio::net::unix::OwnedWriteHalf,
}

pub(in crate::console) fn configuration(folder: &Path) -> crate::config::Configuration {
    let path = folder.join("vestibule.toml").display().to_string();
    let text = format!("{SITE}[console]\nsocket = \"console.sock\"\n");
    load_text(&path, &text).configuration.expect("a good configuration")
}

/// An engine that has decided nothing yet, on a disk in memory.
pub(super) fn engine(configuration: &crate::config::Configuration) -> Engine {
    let boot_of = Boot {
        site: configuration.site.clone(),
        key: CodeKey([9; 32]),
        key_state: KeyState::Kept,
        entropy: EntropySource::new([1; 32]),
        notifier: None,
        keep: Keep { age: configuration.local.journal_keep, outlet: Outlet::None },
        configuration: configuration.digest,
        version: "0.1.0".into(),
        now: Now { wall: Timestamp(1_790_000_000_000), trust: ClockTrust::Synchronised, mono: Mono(1) },
    };
    boot(Box::new(Memory::default()), boot_of).expect("a disk in memory").0
}

impl Bench {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let configuration = configuration(folder.path());
        let engine = engine(&configuration);
        let terminals = configuration.site.terminals.keys().cloned();
        let (handle, seam) = Seam::new(terminals, engine.published());
        let journal = engine.reader();
        let readers = Readers::none(&handle);
        let (telemetry, loans) = (Telemetry::default(), Loans::default());
        let console =
            Console::bind(configuration, handle, journal.clone(), telemetry.clone(), loans, readers)
                .expect("a free socket");
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(console.serve(async move { drop(stopped.await) }));
        Self { folder, seam: Some(seam), journal, telemetry, stop: Some(stop), served }
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("console.sock")
    }

    pub(super) async fn guest(&self) -> Guest {
        let (reader, writer) = UnixStream::connect(self.socket()).await.expect("it listens").into_split();
        Guest { reader: BufReader::new(reader), writer }
    }

    /// Plays the engine on its own thread, as the real one runs.
    pub(super) async fn engine<T: Send + 'static>(
        &mut self,
        act: impl FnOnce(&Seam) -> T + Send + 'static,
    ) -> T {
        let seam = self.seam.take().expect("one engine at a time");
        let play = tokio::task::spawn_blocking(move || {
            let result = act(&seam);
            (seam, result)
        });
        let (seam, result) = timeout(PATIENCE, play).await.expect("in time").expect("it plays");
        self.seam = Some(seam);
        result
    }

    pub(super) async fn end(mut self) {
        drop(self.stop.take());
        timeout(PATIENCE, self.served).await.expect("it ends in time").expect("it ends well");
    }
}

impl Guest {
    pub(super) async fn say(&mut self, line: &str) {
        self.writer.write_all(format!("{line}\n").as_bytes()).await.expect("it reads");
    }

    pub(super) async fn hear(&mut self) -> Value {
        let mut line = String::new();
        timeout(PATIENCE, self.reader.read_line(&mut line))
            .await
            .expect("an answer in time")
            .expect("an answer");
        serde_json::from_str(&line).unwrap_or(Value::Null)
    }

    pub(super) async fn ask(&mut self, question: &Value) -> Value {
        self.say(&question.to_string()).await;
        self.hear().await
    }

    /// The word of an error.
    pub(super) async fn refused(&mut self) -> String {
        self.hear().await["error"]["word"].as_str().unwrap_or("no error").to_owned()
    }
}

/// The next inputs of the engine until one is a command.
pub(super) fn next_command(seam: &Seam) -> CommandRequest {
    loop {
        for input in seam.take(Some(PATIENCE)).inputs {
            if let Input::Command(request) = input {
                return *request;
            }
        }
    }
}

pub(super) fn outcome(request: &CommandRequest, status: Status) -> Outcome {
    Outcome {
        digest: request.digest,
        status,
        detail: "word".into(),
        sentence: "Sentence.".into(),
        events: vec![7],
        answer: Answer::None,
        keep_until: Timestamp(0),
    }
}
