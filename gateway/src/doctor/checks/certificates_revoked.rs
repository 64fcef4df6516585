//! Whether the broker has the list of revoked certificates, and the newest one.

use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use crate::doctor::finding::{one, or_fine};
use crate::doctor::{Check, Facts, Finding, Findings, pem};

/// See the module.
pub const CHECK: Check =
    Check { id: "certificates.revoked", title: "the list of revoked certificates is in force", run };

/// Where the authority keeps its list.
const AUTHORITYS: &str = "/etc/vestibule/authority/revoked.pem";

fn run(facts: &Facts) -> Findings {
    let broker = facts.configuration()?.broker.as_ref();
    let broker = broker.ok_or_else(|| Finding::skipped("there is no broker"))?;
    let Some(path) = &broker.revoked else {
        let what = "the broker is given no list of revoked certificates: a lost phone stays a key";
        return one(Finding::note(what, format!("copy {AUTHORITYS} and name it: [broker] revoked = \"…\"")));
    };
    let Some(text) = facts.text(path)? else {
        let what = format!("the list of revoked certificates is missing: {}", path.display());
        return one(Finding::failure(what, format!("install -m 644 {AUTHORITYS} {}", path.display())));
    };
    let Some((serials, until)) = read(&text) else {
        let what = format!("{} is no list of revoked certificates", path.display());
        return one(Finding::failure(what, format!("install -m 644 {AUTHORITYS} {}", path.display())));
    };
    let mut found = Vec::new();
    if until.is_some_and(|until| until.saturating_mul(1_000) < facts.now.0) {
        let next = "vestibule enroll --revoke makes a new one";
        found.push(Finding::warning("the list of revoked certificates is past its end", next));
    }
    for (name, file) in pem::files(facts.configuration()?) {
        let ours = pem::chain(facts, &file)?;
        let revoked =
            |der: &_| pem::with(der, |one| serials.contains(&one.raw_serial().to_vec())).unwrap_or(false);
        if ours.iter().any(revoked) {
            let what = format!("the certificate of {name} is revoked: {}", file.display());
            found.push(Finding::failure(what, "issue a new one: vestibule enroll --replace"));
        }
    }
    // Only root sees the authority's own list; to others there is none.
    if let Ok(Some(newer)) = facts.text(AUTHORITYS)
        && newer != text
    {
        let next = format!("install -m 644 {AUTHORITYS} {}", path.display());
        found.push(Finding::warning("the authority's list is not the one that the broker has", next));
    }
    or_fine(found, format!("{} certificates are revoked; none of ours", serials.len()))
}

/// Serial numbers, and the end of the list in seconds since 1970.
fn read(text: &str) -> Option<(Vec<Vec<u8>>, Option<i64>)> {
    let (_, pem) = parse_x509_pem(text.as_bytes()).ok()?;
    let (_, list) = CertificateRevocationList::from_der(&pem.contents).ok()?;
    let serials = list.iter_revoked_certificates().map(|revoked| revoked.raw_serial().to_vec());
    Some((serials.collect(), list.next_update().map(|at| at.timestamp())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::{BROKER, Bench};
    use crate::doctor::checks::certificates_expiry::tests::enrolled;
    use crate::enroll::BuildingCa;

    fn with_list() -> Bench {
        let mut bench = enrolled();
        let path = "/etc/vestibule/tls/revoked.pem";
        std::fs::copy(bench.facts.path(AUTHORITYS), bench.facts.path(path)).unwrap();
        let broker = bench.facts.configuration.as_mut().unwrap().broker.as_mut().unwrap();
        broker.revoked = Some(path.into());
        bench
    }

    #[test]
    fn list_is_absent_fresh_old_or_names_ourselves() {
        assert_eq!(enrolled().standing(CHECK), Standing::Note);
        let mut bench = with_list();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let ca = BuildingCa::open(&bench.facts.path("/etc/vestibule/authority")).unwrap();
        let own = bench.facts.path("/etc/vestibule/tls/gateway-gateway.pem");
        ca.revoke(&bench.facts.path("/etc/vestibule/authority"), &[&own]).unwrap();
        assert_eq!(bench.standing(CHECK), Standing::Warning, "the broker has the old list");
        std::fs::copy(bench.facts.path(AUTHORITYS), bench.facts.path("/etc/vestibule/tls/revoked.pem"))
            .unwrap();
        assert_eq!(bench.standing(CHECK), Standing::Failure, "it names the daemon itself");
        bench.file("/etc/vestibule/tls/revoked.pem", "cut");
        assert_eq!(bench.standing(CHECK), Standing::Failure);
        assert_eq!(Bench::configured("").standing(CHECK), Standing::Skipped);
        assert_eq!(Bench::configured(BROKER).standing(CHECK), Standing::Note);
    }
}
