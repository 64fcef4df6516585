//! Whether every certificate and authority that is named is there and is one.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings, pem};

/// See the module.
pub const CHECK: Check =
    Check { id: "certificates.present", title: "every certificate that is named is there", run };

fn run(facts: &Facts) -> Findings {
    let files = pem::files(facts.configuration()?);
    if files.is_empty() {
        return Err(Finding::skipped("neither a broker nor a cloud is configured"));
    }
    let mut found = Vec::new();
    for (name, path) in &files {
        if facts.metadata(path)?.is_none() {
            let what = format!("the certificate of {name} is missing: {}", path.display());
            found.push(Finding::failure(
                what,
                "vestibule enroll; doors are served without it, the networks are not",
            ));
        } else if pem::chain(facts, path)?.iter().all(|one| pem::with(one, |_| ()).is_none()) {
            let what = format!("{} holds no certificate for {name}", path.display());
            found.push(Finding::failure(what, "vestibule enroll --replace"));
        }
    }
    or_fine(found, format!("{} certificate files are there", files.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::{BROKER, Bench};
    use crate::doctor::checks::certificates_expiry::tests::enrolled;

    #[test]
    fn certificate_that_is_missing_or_none_is_named() {
        assert_eq!(enrolled().standing(CHECK), Standing::Fine);
        let mut bench = enrolled();
        bench.file("/etc/vestibule/tls/ca.pem", "nothing");
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Failure);
        assert!(words.contains("holds no certificate for the authority"), "{words}");
        assert_eq!(Bench::configured(BROKER).standing(CHECK), Standing::Failure);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
    }
}
