//! What the broker counts.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::families::{Families, plain};
use crate::broker::Metrics;

/// The counters at one moment.
#[derive(Debug)]
pub(super) struct Broker(Vec<(String, &'static str, u64)>);

impl Broker {
    /// Reads every counter once.
    pub(super) fn read(metrics: &Metrics) -> Self {
        let all = metrics.each().into_iter();
        Self(
            all.map(|(name, help, value)| (format!("vestibule_broker_{name}"), help.trim(), value)).collect(),
        )
    }
}

impl Collector for Broker {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(encoder);
        self.0.iter().try_for_each(|(name, help, value)| families.counter(plain(name, help), *value))
    }
}
