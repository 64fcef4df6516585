//! Whether every key belongs to its certificate.

use std::sync::Arc;

use rustls::crypto::ring::sign::any_supported_type;
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings, pem};

/// See the module.
pub const CHECK: Check = Check { id: "certificates.key", title: "every key belongs to its certificate", run };

fn run(facts: &Facts) -> Findings {
    let ends = pem::ends(facts.configuration()?);
    let (mut found, mut looked) = (Vec::new(), 0);
    for end in &ends {
        let chain = pem::chain(facts, &end.tls.certificate)?;
        let Some(text) = facts.text(&end.tls.key)?.map(Zeroizing::new) else {
            let what = format!("the key of {} is missing: {}", end.name, end.tls.key.display());
            found.push(Finding::failure(what, "vestibule enroll; a lost key cannot be brought back"));
            continue;
        };
        looked += 1;
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).ok();
        let matches = key.and_then(|key| {
            let pair = CertifiedKey { cert: chain, key: any_supported_type(&key).ok()?, ocsp: None };
            Arc::new(pair).keys_match().ok()
        });
        if matches.is_none() {
            let what = format!("{} is not the key of {}", end.tls.key.display(), end.name);
            found.push(Finding::failure(what, "issue both again: vestibule enroll --replace"));
        }
    }
    match (looked, found.is_empty()) {
        (0, true) => Err(Finding::skipped("neither a broker nor a cloud is configured")),
        _ => or_fine(found, format!("{looked} keys fit their certificates")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;
    use crate::doctor::checks::certificates_expiry::tests::enrolled;

    #[test]
    fn key_of_another_certificate_or_no_key_is_named() {
        let mut bench = enrolled();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let other = bench.facts.path("/etc/vestibule/tls/broker-local.key");
        std::fs::copy(other, bench.facts.path("/etc/vestibule/tls/gateway-gateway.key")).unwrap();
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Failure);
        assert!(words.contains("not the key of the daemon"), "{words}");
        std::fs::remove_file(bench.facts.path("/etc/vestibule/tls/gateway-gateway.key")).unwrap();
        assert!(bench.ask(CHECK).1.contains("is missing"));
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
