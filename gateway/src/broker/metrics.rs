//! What the broker counts. Every refusal and every cut has a counter, so that a quiet log is not a blind one.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident),+ $(,)?) => {
        /// One closed list of counters, from the start of the process.
        #[derive(Debug, Default)]
        pub struct Metrics {
            $($(#[doc = $doc])+ pub $name: Counter,)+
        }

        impl Metrics {
            /// Every counter: its name, what it counts, and how far it is.
            #[must_use]
            pub fn each(&self) -> Vec<(&'static str, &'static str, u64)> {
                vec![$((stringify!($name), concat!($($doc),+), self.$name.get())),+]
            }
        }

        impl fmt::Display for Metrics {
            /// Every counter that is not zero, as `name=value`.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut separator = "";
                for (name, count) in [$((stringify!($name), self.$name.get())),+] {
                    if count > 0 {
                        write!(f, "{separator}{name}={count}")?;
                        separator = " ";
                    }
                }
                Ok(())
            }
        }
    };
}

counters! {
    /// Sockets accepted.
    accepted,
    /// Sockets that made room for newer ones before they were known, or found no room.
    pending_dropped,
    /// Sockets that took too long to become known.
    admission_timed_out,
    /// TLS handshakes failed: no certificate, another authority, an old version, no TLS at all.
    tls_refused,
    /// First packets that were no CONNECT of a version offered.
    not_mqtt,
    /// CONNECTs refused.
    connect_refused,
    /// Connections let in.
    connected,
    /// Connections ended by a newer one of the same client id.
    taken_over,
    /// Messages refused by the ACL or a limit.
    publish_refused,
    /// Filters refused by the ACL or a limit.
    subscribe_refused,
    /// Connections ended for a packet that breaks MQTT's or our rules.
    protocol_ended,
    /// Connections silent for one and a half keep-alives.
    keep_alive_ended,
    /// Connections that took no byte, or left a message unacknowledged, for too long.
    slow_reader_ended,
    /// Connections whose certificate expired or was revoked meanwhile.
    distrusted_ended,
    /// Times that new certificates or a new revocation list came into force.
    trust_renewed,
    /// Looks at replaced certificates that could not be used.
    trust_refused,
    /// Pauses in reading from clients above their rate.
    throttled,
    /// Pauses in reading from clients whose commands were not acknowledged yet.
    out_of_credit,
    /// Pauses in reading from clients because all together were above the total rate.
    total_throttled,
    /// Wills that could not be published in time.
    wills_lost,
    /// Messages too large for the client they were for.
    oversize_dropped,
    /// Wills published.
    wills_published,
    /// Links that rumqttd ended or that failed.
    backend_lost,
    /// Links that did not end in time; their slots are not used again.
    backend_stuck,
    /// Connection tasks that panicked.
    panicked,
    /// Heartbeats through rumqttd and back.
    heartbeats,
}

impl Metrics {
    /// Counts a will that was due.
    pub(super) fn will_ended(&self, published: bool) {
        let counter = if published { &self.wills_published } else { &self.wills_lost };
        counter.add();
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The number now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
