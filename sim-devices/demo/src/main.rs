//! `cargo demo`: builds everything and runs one simulated building end to end.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use sim_devices::{Act, Baud, Person, ServedBy};
use vestibule_contract::notice::NotifierSecret;
use vestibule_demo::cloud::{Notifier, Office};
use vestibule_demo::house::{House, HouseError, HouseSpec, TERMINAL, free_port};
use vestibule_demo::story::{CARRIER, Story, UNITS};
use vestibule_demo::summary;
use vestibule_demo::timeline::{Timeline, Who};
use vestibule_demo::watcher::Watcher;

/// Runs a simulated building: lock board, door contacts and a probe on a serial line with true wire timing, the real
/// daemon, its broker, and a second broker that stands in for the cloud. Shows two deposits and a pickup, then how to
/// look around. Ends by itself; with --stay it keeps running and you play courier and resident.
#[derive(Parser)]
#[command(
    name = "cargo demo",
    version,
    after_help = "Everything lives in a temporary folder and ends with the demo."
)]
struct Arguments {
    /// Keep the building running and take a seat at its terminal.
    #[arg(long)]
    stay: bool,
    /// Bits a second on the serial line.
    #[arg(long, default_value = "9600", value_parser = ["9600", "19200", "115200"])]
    baud: String,
    /// Run this `vestibule` instead of building one: an installed one, or a launcher that ends in `exec`.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// How long somebody at a door takes for each thing they do.
const HAND: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let timeline = Arc::new(Timeline::to_stdout());
    match run(&arguments, &timeline) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            timeline.line(&format!("\nThe demo failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, timeline: &Arc<Timeline>) -> Result<(), HouseError> {
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => {
            timeline.head("Building the daemon (once; a few minutes on a small machine)");
            build()?
        }
    };
    let folder = tempfile::Builder::new().prefix("vestibule-demo-").tempdir();
    let failed = |source| HouseError::File {
        operation: "make a temporary folder",
        path: std::env::temp_dir(),
        source,
    };
    let folder = folder.map_err(failed)?;
    let (secret, key) = NotifierSecret::generate(&entropy()?);
    let cloud_port = free_port()?;
    let spec = HouseSpec {
        program,
        folder: folder.path().to_owned(),
        baud: arguments.baud.parse().ok().and_then(Baud::new).unwrap_or(Baud::B9600),
        served_by: ServedBy::TokioModbus,
        seed: 1,
        cloud_port: Some(cloud_port),
        policy: String::new(),
    };
    timeline.head("A building comes up: certificates, a serial line, two brokers, the daemon");
    let mut house = House::build(spec, key.to_bytes())?;
    let _cloud = house.start_cloud(cloud_port)?;
    house.start_broker()?;
    house.start_daemon()?;
    house.wait_boards()?;
    timeline.say(Who::Demo, "the daemon serves the building");
    let outcome = show(arguments, &mut house, cloud_port, secret, timeline);
    if outcome.is_err() {
        let log = house.daemon().map(|daemon| daemon.log()).unwrap_or_default();
        timeline.line(&format!("\nThe daemon's last words:\n{log}"));
    }
    outcome
}

/// The story with its people, the summary, and the stay.
fn show(
    arguments: &Arguments,
    house: &mut House,
    cloud_port: u16,
    secret: NotifierSecret,
    timeline: &Arc<Timeline>,
) -> Result<(), HouseError> {
    let doors = Watcher::of_doors(house.line.subscribe(), house, timeline);
    let mut office = Office::open(house, cloud_port)?;
    let notifier = Notifier::open(house, cloud_port, secret)?;
    let mut story = Story { house, office: &mut office, notifier: &notifier, timeline, measured: Vec::new() };
    story.play()?;
    let measured = story.measured;
    drop(doors);
    summary::print(house, &measured, timeline)?;
    if !arguments.stay {
        return Ok(());
    }
    let _doors = Watcher::of_doors(house.line.subscribe(), house, timeline);
    let _notices = Watcher::of_notices(notifier, timeline);
    stay(house, timeline)
}

/// Builds the daemon in the profile the demo itself was built in; with the same features too (`--workspace`), so that
/// nothing is compiled twice.
fn build() -> Result<PathBuf, HouseError> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.args(["build", "--workspace", "--bin", "vestibule"]).current_dir(&root);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let failed = |source| HouseError::File { operation: "run", path: PathBuf::from(&cargo), source };
    if !command.status().map_err(failed)?.success() {
        return Err(HouseError::Story("the daemon does not build; see above".to_owned()));
    }
    let own = std::env::current_exe().map_err(failed)?;
    Ok(own.with_file_name("vestibule"))
}

fn entropy() -> Result<[u8; 32], HouseError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| HouseError::Story(format!("no randomness: {error}")))?;
    Ok(bytes)
}

/// Keeps running; a person plays courier and resident.
fn stay(house: &House, timeline: &Timeline) -> Result<(), HouseError> {
    timeline
        .head("Your turn: you sit at the terminal; somebody stands at every door, opens it wide and shuts it after a second");
    timeline.line(&format!(
        "As a courier type {}, then one of the units {}, then /ok, then a size. As a resident type the code of a notice; it comes up some seconds after the door is shut.\nEnd with Ctrl-D.",
        CARRIER.1,
        UNITS.join(", ")
    ));
    // Whether something is put in or taken out is yours to imagine.
    let passer_by = Person::new().then(HAND, Act::OpenWide).then(HAND, Act::Shut);
    house.line.with(|sim| sim.plant_mut().stand_at_every_door(&passer_by));
    let socket = house.socket();
    let mut command = Command::new(&house.spec.program);
    command.args(["terminal", TERMINAL]).arg("--socket").arg(&socket);
    let failed = |source| HouseError::File { operation: "run", path: house.spec.program.clone(), source };
    command.status().map(|_| ()).map_err(failed)
}
