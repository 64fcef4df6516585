//! Configuration: layers of TOML files become one validated value before the world is touched.

mod bank;
mod channel;
mod compartment;
mod compile;
mod field;
mod guess;
mod last_good;
pub(crate) mod layers;
mod local;
mod lock_lines;
mod lock_power;
mod metrics;
mod model;
mod network;
mod osdp;
mod place;
mod policy;
mod port;
mod problem;
mod profiles;
mod reader;
mod scanner;
mod source;
mod tree;
mod value;

#[cfg(test)]
mod tests;

use vestibule_core::id::BuildingId;

pub use guess::{Chance, chance, power};
pub use last_good::{COPY, keep_last_good};
pub use layers::Layers;
pub use local::{CLOCK_MARKER, SOCKET, STATE_DIR};
pub use model::Protocol;
pub use network::Files;
pub use problem::{Located, Problem, Problems, Severity, locate, nearest, render};
pub use profiles::{Own, load_models};
pub use source::{Place, Source, SourceKind, Sources, read_bounded};
pub use value::{
    Broker, Cloud, Commands, Configuration, ContactWire, Device, DeviceChannel, Direction, Line, Local,
    Locks, Metrics, Origin, Parity, Port, ReaderPlace, Scanner, ShutWhen, Spoken, Supply, Tls, Wiring,
};

/// What came of reading a configuration.
pub struct Loaded {
    /// The value; `None` where it must not be used.
    pub configuration: Option<Configuration>,
    /// Everything wrong with the files, errors and warnings.
    pub problems: Vec<Problem>,
    /// The files, to show the problems in.
    pub sources: Sources,
}

impl Loaded {
    /// How many problems refuse the configuration.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.problems.iter().filter(|p| p.severity == Severity::Error).count()
    }
}

/// Reads and validates, as `vestibule check` does.
#[must_use]
pub fn load(layers: &Layers) -> Loaded {
    load_with(layers, Files::MustExist)
}

/// Reads and validates with this text in the place of that file, as the strongest layer.
#[must_use]
pub fn load_with_layer(layers: &Layers, path: &std::path::Path, text: &str) -> Loaded {
    let problems = Problems::default();
    let read = layers.read(&problems);
    let others = read.iter().filter(|source| source.path != path).cloned();
    let own = Source { path: path.to_owned(), text: text.to_owned(), kind: SourceKind::Layer };
    let sources: Sources = others.chain(std::iter::once(own)).collect();
    let configuration = compile::compile(&sources, Files::MayBeMissing, &problems);
    Loaded { configuration, problems: problems.into_sorted(), sources }
}

fn load_with(layers: &Layers, files: Files) -> Loaded {
    let problems = Problems::default();
    let sources = layers.read(&problems);
    let configuration = compile::compile(&sources, files, &problems);
    Loaded { configuration, problems: problems.into_sorted(), sources }
}

/// Reads and validates a configuration that is meant for another machine: files that it names may be missing here.
#[must_use]
pub fn load_for_elsewhere(layers: &Layers) -> Loaded {
    load_with(layers, Files::MayBeMissing)
}

/// Reads and validates while this machine is installed: keys and certificates may be enrolled later.
#[must_use]
pub fn load_for_installation(layers: &Layers) -> Loaded {
    load_with(layers, Files::MayBeAwaited)
}

/// Reads and validates for a start: where the files are bad, the last good configuration takes their place. At a first
/// start there is none; a certificate that is not enrolled yet then keeps the networks away, and no door shut.
#[must_use]
pub fn load_for_start(layers: &Layers) -> Loaded {
    let mut loaded = load(layers);
    if loaded.configuration.is_none() {
        let state_dir = last_good::peek(&loaded.sources, "storage", "directory", STATE_DIR);
        loaded.configuration = last_good::load_last_good(&state_dir, loaded.errors())
            .or_else(|| compile::compile(&loaded.sources, Files::MayBeMissing, &Problems::default()));
    }
    loaded
}

/// The console's socket, as far as the files can be read.
#[must_use]
pub fn peek_socket(layers: &Layers) -> std::path::PathBuf {
    last_good::peek(&layers.read(&Problems::default()), "console", "socket", SOCKET)
}

/// The state folder, as far as the files can be read.
#[must_use]
pub fn peek_state_dir(layers: &Layers) -> std::path::PathBuf {
    last_good::peek(&layers.read(&Problems::default()), "storage", "directory", STATE_DIR)
}

/// The building's id, as far as the files can be read.
#[must_use]
pub fn peek_building(layers: &Layers) -> Option<String> {
    let sources = layers.read(&Problems::default());
    last_good::peek_text(&sources, "building", "id").map(|(_, text)| text)
}

/// What `vestibule broker` starts with.
pub struct BrokerStart {
    /// Whose broker it is.
    pub building: BuildingId,
    /// `[broker]`.
    pub broker: Broker,
    /// `[metrics]`, as far as it is good.
    pub metrics: Metrics,
    /// `[log] filter`, or the usual one where that section is bad.
    pub log: String,
}

/// Reads what the broker needs; problems of other sections do not matter to it.
///
/// # Errors
/// Everything wrong with `[building]` and `[broker]`, with the files to show it in.
pub fn load_broker(layers: &Layers) -> Result<BrokerStart, (Vec<Problem>, Sources)> {
    let problems = Problems::default();
    let sources = layers.read(&problems);
    match compile::compile_broker(&sources, &problems) {
        Some(settings) => Ok(settings),
        None => Err((problems.into_sorted(), sources)),
    }
}

/// Validates one text as if it were a file at this path; for tests and tools.
#[must_use]
pub fn load_text(path: &str, text: &str) -> Loaded {
    let problems = Problems::default();
    let sources = Sources::from([Source { path: path.into(), text: text.to_owned(), ..Source::default() }]);
    let configuration = compile::compile(&sources, Files::MustExist, &problems);
    Loaded { configuration, problems: problems.into_sorted(), sources }
}
