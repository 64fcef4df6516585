//! Whether the building's broker answers on its port and takes the daemon's certificate.

use crate::doctor::finding::one;
use crate::doctor::handshake::{Reached, knock};
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "broker.reachable", title: "the building's broker answers", run };

fn run(facts: &Facts) -> Findings {
    let broker = facts.configuration()?.broker.as_ref();
    let broker = broker.ok_or_else(|| Finding::skipped("there is no broker"))?;
    let place = format!("{}:{}", broker.host, broker.port);
    one(match knock(facts, &broker.host, broker.port, &broker.client)? {
        Reached::Taken => Finding::fine(format!("the broker at {place} takes the daemon's certificate")),
        Reached::NoAddress(why) => Finding::failure(
            format!("the broker's name does not resolve: {}: {why}", broker.host),
            "write [broker] connect with a name or address of this computer",
        ),
        Reached::NoConnection(why) => Finding::failure(
            format!("nobody answers as the broker: {why}"),
            "systemctl status vestibule-broker; journalctl -u vestibule-broker",
        ),
        Reached::NoTls(why) => Finding::failure(
            format!("the broker at {place} and the daemon do not agree on TLS: {why}"),
            "look at the checks of certificates; journalctl -u vestibule-broker says what it refuses",
        ),
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::{BROKER, Bench};
    use crate::doctor::checks::certificates_expiry::tests::enrolled;

    #[test]
    fn broker_is_silent_away_or_not_configured() {
        let mut bench = enrolled();
        let listener = TcpListener::bind("localhost:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let broker = bench.facts.configuration.as_mut().unwrap().broker.as_mut().unwrap();
        broker.port = port;
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Failure);
        assert!(words.contains("do not agree on TLS"), "it listens and says nothing: {words}");
        drop(listener);
        assert!(bench.ask(CHECK).1.contains("nobody answers as the broker"));
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
        assert_eq!(Bench::configured(BROKER).standing(CHECK), Standing::Skipped, "without certificates");
    }
}
