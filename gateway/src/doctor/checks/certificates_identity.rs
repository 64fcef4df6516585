//! Whether certificates name this building and the right role: others are refused at every door.

use x509_parser::extensions::GeneralName;

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings, pem};
use crate::enroll::Identity;

/// See the module.
pub const CHECK: Check = Check { id: "certificates.identity", title: "certificates name this building", run };

fn run(facts: &Facts) -> Findings {
    let configuration = facts.configuration()?;
    let building = configuration.site.building.as_str();
    let (mut found, mut looked) = (Vec::new(), 0);
    for end in pem::ends(configuration) {
        let Some(leaf) = pem::chain(facts, &end.tls.certificate)?.into_iter().next() else { continue };
        looked += 1;
        let identity = pem::with(&leaf, |leaf| {
            let names = leaf.subject_alternative_name().ok().flatten()?;
            names.value.general_names.iter().find_map(|name| match name {
                GeneralName::URI(uri) => Identity::from_urn(uri).ok(),
                _ => None,
            })
        });
        let path = end.tls.certificate.display();
        let wrong = match identity.flatten() {
            None => Some(format!("{path} names nobody; it was not made by vestibule enroll")),
            Some(one) if one.building() != building => {
                Some(format!("{path} is of building {}, not of {building}", one.building()))
            }
            Some(one) if one.role() != end.role => {
                Some(format!("{path} has the role {}; {} needs {}", one.role(), end.name, end.role))
            }
            Some(_) => None,
        };
        found.extend(wrong.map(|what| Finding::failure(what, "issue the right one: vestibule enroll")));
    }
    match looked {
        0 => Err(Finding::skipped("there is no certificate to look at")),
        _ => or_fine(found, format!("{looked} certificates name this building and their role")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::{BROKER, Bench};
    use crate::doctor::checks::certificates_expiry::tests::enrolled;

    #[test]
    fn certificate_of_another_role_is_named() {
        let mut bench = enrolled();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let broker = bench.facts.path("/etc/vestibule/tls/broker-local.pem");
        std::fs::copy(broker, bench.facts.path("/etc/vestibule/tls/gateway-gateway.pem")).unwrap();
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Failure);
        assert!(words.contains("has the role broker"), "{words}");
        assert_eq!(Bench::configured(BROKER).standing(CHECK), Standing::Skipped);
    }
}
