//! Whether the daemon is connected to the cloud's broker.

use crate::cli::table::span;
use crate::console::snapshot::Link;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "cloud.connected", title: "the daemon is connected to the cloud", run };

/// A connection that was made so often in a day breaks all the time.
const A_DAY: u64 = 48;
const DAY: i64 = 86_400_000;

fn run(facts: &Facts) -> Findings {
    let snapshot = facts.snapshot()?;
    let link = snapshot.links.cloud.as_ref();
    let gateway = &snapshot.gateway;
    let mut found =
        vec![judge("the cloud", link, gateway.now, "look at cloud.reachable; nothing is lost meanwhile")?];
    let days = u64::try_from((gateway.now - gateway.started) / DAY).unwrap_or(0) + 1;
    if let Some(link) = link.filter(|link| link.made > days * A_DAY) {
        let what = format!("the connection to the cloud was made {} times in {days} days", link.made);
        found.push(Finding::warning(what, "look at the building's router and its mobile signal"));
    }
    Ok(found)
}

/// What a connection is worth.
///
/// # Errors
/// A skip where it is not configured.
pub fn judge(name: &str, link: Option<&Link>, now: i64, next: &str) -> Result<Finding, Finding> {
    let link = link.ok_or_else(|| Finding::skipped(format!("{name} is not configured")))?;
    let since = link.since.map(|since| format!(" for {}", span(now - since))).unwrap_or_default();
    if link.connected {
        return Ok(Finding::fine(format!("connected to {name}{since}")));
    }
    let reason = link.reason.as_deref().unwrap_or("the first attempt has not ended");
    Ok(Finding::warning(format!("not connected to {name}{since}: {reason}"), next))
}

#[cfg(test)]
pub(in crate::doctor) mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    /// The cloud as an installed building has it.
    pub const CLOUD: &str = r#"
[cloud]
url = "mqtts://mqtt.example.com:8883"
ca = "/etc/vestibule/tls/cloud-ca.pem"
certificate = "/etc/vestibule/tls/cloud.pem"
key = "/etc/vestibule/tls/cloud.key"
notifier_key = "0900000000000000000000000000000000000000000000000000000000000000"
"#;

    #[test]
    fn outage_is_told_with_its_length_and_reason() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let link = bench.daemon().links.cloud.as_mut().unwrap();
        (link.connected, link.reason) = (false, Some("refused".into()));
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Warning);
        assert!(words.starts_with("not connected to the cloud for 1 d: refused"), "{words}");
        let link = bench.daemon().links.cloud.as_mut().unwrap();
        (link.connected, link.made) = (true, 500);
        assert!(bench.ask(CHECK).1.contains("made 500 times"));
        bench.daemon().links.cloud = None;
        assert_eq!(bench.standing(CHECK), Standing::Skipped);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
