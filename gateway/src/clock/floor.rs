//! What time certificates are judged at: a gateway without a battery starts in 1970, where none is valid yet.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use vestibule_core::time::Timestamp;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The wall clock, unless it reads earlier than our own certificate was made: then it is wrong for certain, and the
/// newest time on record stands in, so that a building without a time source still has its bus and its cloud.
#[derive(Debug)]
pub struct FlooredClock {
    own: Validity,
    /// The newest time on record, in seconds since 1970; 0 where there is no record.
    recorded: u64,
}

/// When our own certificate is valid, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Validity {
    from: u64,
    until: u64,
}

impl FlooredClock {
    /// For the side of a connection that shows this chain; `recorded` is the newest time on record, where there is one.
    #[must_use]
    pub fn new(chain: &[CertificateDer<'_>], recorded: Option<Timestamp>) -> Self {
        Self { own: validity(chain), recorded: recorded.map_or(0, |at| seconds(at.0.div_euclid(1_000))) }
    }

    /// A clock that may be right is not overruled: a record from a wrong future must not end all certificates. For the
    /// same reason our own is valid at whatever stands in.
    fn judged(&self, now: u64) -> u64 {
        let Validity { from, until } = self.own;
        if now >= from { now } else { self.recorded.min(until).max(from) }
    }
}

impl TimeProvider for FlooredClock {
    fn current_time(&self) -> Option<UnixTime> {
        let judged = self.judged(UnixTime::now().as_secs());
        Some(UnixTime::since_unix_epoch(Duration::from_secs(judged)))
    }
}

/// The first certificate's; any time where it cannot be read.
fn validity(chain: &[CertificateDer<'_>]) -> Validity {
    let parsed = chain.first().and_then(|leaf| X509Certificate::from_der(leaf).ok());
    parsed.map_or(Validity { from: 0, until: u64::MAX }, |(_, leaf)| Validity {
        from: seconds(leaf.validity().not_before.timestamp()),
        until: seconds(leaf.validity().not_after.timestamp()),
    })
}

fn seconds(since_1970: i64) -> u64 {
    u64::try_from(since_1970).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(now: u64, recorded: u64) -> u64 {
        FlooredClock { own: Validity { from: 1_000, until: 2_000 }, recorded }.judged(now)
    }

    #[test]
    fn clock_is_believed_when_our_certificate_exists_by_it() {
        assert_eq!(judged(1_000, 1_500), 1_000);
        assert_eq!(judged(1_600, 9_000), 1_600, "a record from a wrong future ends nothing");
        assert_eq!(judged(2_500, 0), 2_500, "what has expired stays expired");
    }

    #[test]
    fn record_stands_in_when_the_clock_reads_before_our_certificate_was_made() {
        assert_eq!(judged(10, 1_500), 1_500);
        assert_eq!(judged(10, 0), 1_000, "without a record: when the certificate was made");
        assert_eq!(judged(10, 9_000), 2_000, "our own certificate is valid at what stands in");
    }
}
