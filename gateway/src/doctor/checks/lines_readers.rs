//! Readers whose channel is not up under their own key, and readers' keys that a stolen card gives away.

use crate::doctor::finding::or_fine;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "lines.readers", title: "every reader proves its own key", run };

/// What seals readers' keys where no credential of the unit does.
const SEAL: &str = "reader-seal.key";

fn run(facts: &Facts) -> Findings {
    let snapshot = facts.snapshot()?;
    let mut found: Vec<Finding> = Vec::new();
    for (reader, (what, next)) in
        snapshot.readers.iter().filter_map(|one| Some((one, snapshot.reader_trouble(one)?)))
    {
        let alarm = matches!(reader.state.as_str(), "keyless" | "wrong_key" | "no_channel")
            || reader.tampered == Some(true) && reader.installed;
        found.push(if alarm { Finding::failure(what, next) } else { Finding::warning(what, next) });
    }
    for reader in snapshot.readers.iter().filter(|reader| reader.clear_reads > 0 && reader.installed) {
        let what = format!(
            "{} cards or keys in clear text came beside the channel of reader {}",
            reader.clear_reads, reader.id
        );
        found.push(Finding::warning(what, "somebody may be at its wires; look behind it"));
    }
    let folder = facts.configuration.as_ref().map(|configuration| &configuration.local.state_dir);
    let beside = folder
        .map(|folder| facts.names(folder))
        .transpose()?
        .is_some_and(|names| names.iter().any(|name| name == SEAL));
    if beside && !snapshot.readers.is_empty() {
        found.push(Finding::note(
            "readers' keys are sealed by a file on the same card: whoever steals it has them",
            "where this computer has a TPM: systemd-creds encrypt --name=vestibule-seal - /etc/vestibule/seal.cred, and \
             LoadCredentialEncrypted=vestibule-seal:/etc/vestibule/seal.cred in a drop-in of vestibule.service; then forget \
             and install each reader",
        ));
    }
    or_fine(found, format!("{} readers prove their own keys", snapshot.readers.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::snapshot::Reader;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn reader_is_told_when_it_comes_without_its_key_or_somebody_is_at_its_wires() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let reader =
            Reader { id: "room".into(), state: "secure".into(), installed: true, ..Reader::default() };
        bench.daemon().readers = vec![reader];
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().readers[0].clear_reads = 3;
        assert!(bench.ask(CHECK).1.contains("3 cards or keys in clear text"));
        bench.daemon().readers[0].state = "keyless".into();
        let (standing, words) = bench.ask(CHECK);
        assert_eq!(standing, Standing::Failure);
        assert!(words.contains("WITHOUT ITS KEY"), "{words}");
    }
}
