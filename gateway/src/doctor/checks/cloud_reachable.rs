//! Whether the cloud's broker can be reached from here: name, TCP, TLS with our certificate, each told apart.

use crate::doctor::finding::one;
use crate::doctor::handshake::{Reached, knock};
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "cloud.reachable", title: "the cloud's broker can be reached", run };

fn run(facts: &Facts) -> Findings {
    let cloud = facts.configuration()?.cloud.as_ref();
    let cloud = cloud.ok_or_else(|| Finding::skipped("there is no cloud"))?;
    let place = format!("{}:{}", cloud.host, cloud.port);
    one(match knock(facts, &cloud.host, cloud.port, &cloud.client)? {
        Reached::Taken => Finding::fine(format!("{place} takes our certificate")),
        Reached::NoAddress(why) => Finding::warning(
            format!("the name {} does not resolve: {why}", cloud.host),
            "is the internet there? check the router and its name server: resolvectl query",
        ),
        Reached::NoConnection(why) => Finding::warning(
            format!("nobody takes the connection: {why}"),
            format!("does a firewall stop port {}? ask the cloud's operator whether it is up", cloud.port),
        ),
        Reached::NoTls(why) => Finding::warning(
            format!("{place} and we do not agree on TLS: {why}"),
            "is our certificate known there, and is [cloud] ca its authority? a proxy that opens TLS looks like this",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;
    use crate::doctor::checks::certificates_expiry::tests::enrolled;
    use crate::doctor::checks::cloud_connected::tests::CLOUD;

    #[test]
    fn cloud_is_away_unprepared_or_not_configured() {
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
        assert_eq!(Bench::configured(CLOUD).standing(CHECK), Standing::Skipped, "without certificates");
        let mut bench = enrolled();
        let configuration = bench.facts.configuration.as_mut().unwrap();
        let client = configuration.broker.as_ref().unwrap().client.clone();
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cloud =
            crate::config::Cloud { host: "127.0.0.1".into(), port: closed, client, notifier_key: [9; 32] };
        configuration.cloud = Some(cloud);
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Warning);
        assert!(words.contains("nobody takes the connection"), "{words}");
    }
}
