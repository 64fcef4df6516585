//! How long every certificate is still good for.

use crate::cli::table::span;
use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings, pem};

/// See the module.
pub const CHECK: Check = Check { id: "certificates.expiry", title: "no certificate is about to expire", run };

const DAY: i64 = 86_400_000;
/// Time to plan a visit.
const SOON: i64 = 30 * DAY;
/// Time to make one.
const NOW_OR_NEVER: i64 = 7 * DAY;
const NEXT: &str =
    "vestibule enroll --replace with the building's authority; brokers take the new one by themselves";

fn run(facts: &Facts) -> Findings {
    let files = pem::files(facts.configuration()?);
    if files.is_empty() {
        return Err(Finding::skipped("neither a broker nor a cloud is configured"));
    }
    let (mut found, mut least) = (Vec::new(), i64::MAX);
    for (name, path) in &files {
        for certificate in pem::chain(facts, path)? {
            let until = pem::with(&certificate, |one| one.validity().not_after.timestamp())
                .unwrap_or(i64::MAX / 1_000);
            let left = until.saturating_mul(1_000) - facts.now.0;
            least = least.min(left);
            let what = |when: &str| format!("the certificate of {name} {when}: {}", path.display());
            if left <= 0 {
                found.push(Finding::failure(what("has expired"), NEXT));
            } else if left < NOW_OR_NEVER {
                found.push(Finding::failure(what(&format!("expires in {}", span(left))), NEXT));
            } else if left < SOON {
                found.push(Finding::warning(what(&format!("expires in {}", span(left))), NEXT));
            }
        }
    }
    or_fine(found, format!("the first one expires in {}", span(least)))
}

#[cfg(test)]
pub(in crate::doctor) mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::{BROKER, Bench};
    use crate::enroll::{BuildingCa, Existing, Purpose};

    /// A machine with a broker whose certificates were made now, by the clock of this machine.
    pub fn enrolled() -> Bench {
        let mut bench = Bench::configured(BROKER);
        let folder = bench.facts.path("/etc/vestibule/tls");
        let authority = bench.facts.path("/etc/vestibule/authority");
        let ca = BuildingCa::create("maple-court", &authority).unwrap();
        let server = Purpose::Server { dns: vec!["localhost".into()], addresses: Vec::new() };
        ca.issue_into(&folder, "broker", "local", &server, Existing::Refuse).unwrap();
        ca.issue_into(&folder, "gateway", "gateway", &Purpose::Client, Existing::Refuse).unwrap();
        ca.revoke(&authority, &[]).unwrap();
        bench.facts.now = crate::clock::wall();
        bench
    }

    #[test]
    fn time_that_is_left_decides() {
        let mut bench = enrolled();
        let now = bench.facts.now.0;
        let mut at = |days: i64| {
            bench.facts.now.0 = now + days * DAY;
            bench.standing(CHECK)
        };
        assert_eq!(at(0), Standing::Fine);
        assert_eq!(at(800), Standing::Warning);
        assert_eq!(at(820), Standing::Failure);
        assert_eq!(at(830), Standing::Failure);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
