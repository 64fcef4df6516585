//! Writing metric families: a name, a help, a type, and samples with their labels.

use std::fmt;

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

/// What a family is called and what it says. The unit is appended to the name, `_total` to a counter's.
#[derive(Clone, Copy)]
pub(super) struct Family<'a> {
    pub(super) name: &'a str,
    pub(super) help: &'a str,
    pub(super) unit: Option<&'a Unit>,
}

/// A family without a unit: a number of things, or yes and no.
pub(super) const fn plain<'a>(name: &'a str, help: &'a str) -> Family<'a> {
    Family { name, help, unit: None }
}

/// A family in seconds.
pub(super) const fn seconds<'a>(name: &'a str, help: &'a str) -> Family<'a> {
    Family { name, help, unit: Some(&Unit::Seconds) }
}

/// A family in bytes.
pub(super) const fn bytes<'a>(name: &'a str, help: &'a str) -> Family<'a> {
    Family { name, help, unit: Some(&Unit::Bytes) }
}

/// Families, one after the other.
pub(super) struct Families<'a>(pub(super) DescriptorEncoder<'a>);

impl Families<'_> {
    /// One number that goes up and down.
    pub(super) fn gauge(&mut self, family: Family<'_>, value: impl EncodeGaugeValue) -> fmt::Result {
        let Family { name, help, unit } = family;
        self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?.encode_gauge(&value)
    }

    /// One number that only grows.
    pub(super) fn counter(&mut self, family: Family<'_>, value: impl EncodeCounterValue) -> fmt::Result {
        let Family { name, help, unit } = family;
        let mut metric = self.0.encode_descriptor(name, help, unit, MetricType::Counter)?;
        metric.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    /// Facts that are labels.
    pub(super) fn info(&mut self, family: Family<'_>, labels: &impl EncodeLabelSet) -> fmt::Result {
        self.0.encode_descriptor(family.name, family.help, None, MetricType::Info)?.encode_info(labels)
    }

    /// Numbers that go up and down, each with its labels.
    pub(super) fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        family: Family<'_>,
        samples: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let Family { name, help, unit } = family;
        let mut metric = self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (labels, value) in samples {
            metric.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// Numbers that only grow, each with its labels.
    pub(super) fn counters<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        family: Family<'_>,
        samples: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let Family { name, help, unit } = family;
        let mut metric = self.0.encode_descriptor(name, help, unit, MetricType::Counter)?;
        for (labels, value) in samples {
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        Ok(())
    }
}

/// One of a closed list of words is true; a series for each, so that a graph shows the change.
pub(super) fn states<'a>(
    words: &'static [&'static str],
    now: Option<&'a str>,
) -> impl Iterator<Item = (&'static str, i64)> + 'a {
    words.iter().map(move |word| (*word, i64::from(now == Some(*word))))
}
