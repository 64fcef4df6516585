//! Logs: lines for people on a terminal; under systemd each event goes to journald with its fields as key-values.

use std::fmt;
use std::io::IsTerminal;

use log::kv::{self, Key, Source, Value, VisitSource};
use systemd_journal_logger::{JournalLog, connected_to_journal};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Overrides the configured filter for one start.
pub const FILTER_VARIABLE: &str = "VESTIBULE_LOG";
/// Most fields of one event that are handed on: journald takes more, nobody reads more.
const FIELDS_MAX: usize = 32;

/// Checks a filter such as `info` or `vestibule::field=debug`.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check_filter(text: &str) -> Result<String, String> {
    parsed(text).map(|_| text.to_owned())
}

/// By module and level. Filters by a span's fields are not offered: they bring a machine for regular expressions into memory.
fn parsed(text: &str) -> Result<Targets, String> {
    text.parse::<Targets>().map_err(|error| error.to_string())
}

/// Sets logging up for this process, once.
///
/// # Errors
/// A sentence that says what is wrong with the filter or with journald.
pub fn init(configured: &str) -> Result<(), String> {
    let text = std::env::var(FILTER_VARIABLE).unwrap_or_else(|_| configured.to_owned());
    let filter = parsed(&text).map_err(|error| format!("log filter \"{text}\": {error}"))?;
    let filter = filter.with_target(crate::broker::LOG_SILENT, LevelFilter::OFF);
    let registry = tracing_subscriber::registry().with(filter);
    let started = if connected_to_journal() {
        let journal = JournalLog::new().map_err(|error| format!("cannot reach journald: {error}"))?;
        registry.with(Journal(journal)).try_init()
    } else {
        let ansi = std::io::stderr().is_terminal();
        registry
            .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(ansi))
            .try_init()
    };
    started.map_err(|error| error.to_string())
}

/// Hands events to journald.
struct Journal(JournalLog);

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        // A journald that is away must not stop doors; the event is lost as any log line may be.
        drop(fields.with_record(metadata, |record| self.0.journal_send(record)));
    }
}

/// The message and the other fields of one event.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Fields {
    /// The event as a record of the `log` crate, which is what the journal logger takes.
    fn with_record<T>(&self, metadata: &tracing::Metadata<'_>, act: impl FnOnce(&log::Record<'_>) -> T) -> T {
        let level = match *metadata.level() {
            Level::ERROR => log::Level::Error,
            Level::WARN => log::Level::Warn,
            Level::INFO => log::Level::Info,
            Level::DEBUG => log::Level::Debug,
            Level::TRACE => log::Level::Trace,
        };
        act(&log::Record::builder()
            .level(level)
            .target(metadata.target())
            .module_path(metadata.module_path())
            .file(metadata.file())
            .line(metadata.line())
            .key_values(self)
            .args(format_args!("{}", self.message))
            .build())
    }

    fn add(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = text;
        } else if self.others.len() < FIELDS_MAX {
            self.others.push((field.name(), text));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}

impl Source for Fields {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), kv::Error> {
        self.others
            .iter()
            .try_for_each(|(name, text)| visitor.visit_pair(Key::from_str(name), Value::from(text.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what journald would be given.
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut fields = Fields::default();
            event.record(&mut fields);
            let line = fields.with_record(event.metadata(), |record| {
                let device = record.key_values().get(Key::from_str("device")).map(|v| v.to_string());
                let rows = record.key_values().get(Key::from_str("rows")).map(|v| v.to_string());
                format!("{} {} {:?} {:?}", record.level(), record.args(), device, rows)
            });
            self.0.lock().unwrap().push(line);
        }
    }

    #[test]
    fn event_is_handed_on_with_its_fields() {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(Kept(Arc::clone(&kept)));
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(device = %"bank-a", rows = 3_u64, "board is away");
        });
        assert_eq!(*kept.lock().unwrap(), ["WARN board is away Some(\"bank-a\") Some(\"3\")"]);
    }

    #[test]
    fn filter_is_refused_when_it_has_no_meaning() {
        assert!(check_filter("info,vestibule::field=debug").is_ok());
        assert!(check_filter("vestibule=lout").is_err());
    }
}
