//! The building and its processes as OpenMetrics, for a collector on this machine: `[metrics] listen`, and
//! `vestibule metrics` for whoever has no port to spare. Base units; labels are ids of the configuration and words of
//! closed lists, so that the number of series is bounded by the configuration.

mod broker;
mod building;
mod families;
mod field;
mod process;
mod readers;
mod scanners;
mod serve;

#[cfg(test)]
mod tests;

pub use serve::{ServeError, bind, serve};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::broker::Metrics;
use crate::console::snapshot::Snapshot;

/// The media type of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything about the building, from whichever process has its snapshot.
#[must_use]
pub fn building_text(snapshot: Snapshot) -> String {
    text([Box::new(building::Building(snapshot)) as Box<dyn Collector>])
}

/// Everything about the building and the process that is asked.
#[must_use]
pub fn daemon_text(snapshot: Snapshot) -> String {
    text([Box::new(building::Building(snapshot)) as Box<dyn Collector>, Box::new(process::Process::read())])
}

/// Everything the broker counts, and about its process.
#[must_use]
pub fn broker_text(metrics: &Metrics) -> String {
    text([Box::new(broker::Broker::read(metrics)) as Box<dyn Collector>, Box::new(process::Process::read())])
}

fn text(collectors: impl IntoIterator<Item = Box<dyn Collector>>) -> String {
    let mut registry = Registry::default();
    collectors.into_iter().for_each(|collector| registry.register_collector(collector));
    let mut text = String::new();
    // Writing to a string cannot fail; a collector that did would leave the text without its end, which readers refuse.
    if encode(&mut text, &registry).is_err() {
        tracing::error!("metrics were not written");
    }
    text
}
