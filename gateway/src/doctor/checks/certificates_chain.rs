//! Whether the building's certificates come from the authority that the other side trusts.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings, pem};

/// See the module.
pub const CHECK: Check =
    Check { id: "certificates.chain", title: "certificates come from the authority beside them", run };

fn run(facts: &Facts) -> Findings {
    let ends = pem::ends(facts.configuration()?);
    let mut looked = 0;
    let mut found = Vec::new();
    for end in ends.iter().filter(|end| end.own_authority) {
        let authorities = pem::chain(facts, &end.tls.ca)?;
        let chain = pem::chain(facts, &end.tls.certificate)?;
        let (Some(leaf), false) = (chain.first(), authorities.is_empty()) else { continue };
        looked += 1;
        let mut issuers = authorities.iter().chain(chain.iter().skip(1));
        let signed = |issuer: &rustls_pki_types::CertificateDer<'_>| {
            let by = |ca: &x509_parser::prelude::X509Certificate<'_>| {
                pem::with(leaf, |leaf| leaf.verify_signature(Some(ca.public_key())).is_ok())
            };
            pem::with(issuer, by).flatten().unwrap_or(false)
        };
        if !issuers.any(signed) {
            let what = format!(
                "the certificate of {} is of another authority than {}",
                end.name,
                end.tls.ca.display()
            );
            found.push(Finding::failure(what, "issue it again: vestibule enroll --replace"));
        }
    }
    match looked {
        0 => Err(Finding::skipped("there is no certificate of the building's own authority to look at")),
        _ => or_fine(found, "every certificate is signed by the authority beside it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::{BROKER, Bench};
    use crate::doctor::checks::certificates_expiry::tests::enrolled;

    #[test]
    fn certificate_of_another_authority_is_named() {
        let mut bench = enrolled();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let other = std::fs::read_to_string(enrolled().facts.path("/etc/vestibule/tls/ca.pem")).unwrap();
        bench.file("/etc/vestibule/tls/ca.pem", &other);
        assert_eq!(bench.standing(CHECK), Standing::Failure);
        assert_eq!(Bench::configured(BROKER).standing(CHECK), Standing::Skipped);
    }
}
