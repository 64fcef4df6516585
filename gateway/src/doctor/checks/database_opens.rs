//! Whether the record can be written; with the daemon stopped, whether its file opens and its tail is whole.

use sha2::{Digest as _, Sha256};
use vestibule_contract::words::StorageWord;
use vestibule_store::{DATABASE, Folder, ReadError, Reader};

use crate::config::Configuration;
use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "database.opens", title: "the record is written and whole", run };

/// Newest rows that are read back; `vestibule journal verify` reads all.
const TAIL: usize = 256;
const TAIL_BYTES: usize = 1024 * 1024;

fn run(facts: &Facts) -> Findings {
    let Ok(snapshot) = facts.snapshot() else { return stopped(facts) };
    let gateway = &snapshot.gateway;
    one(match gateway.storage {
        StorageWord::Good => Finding::fine(format!("{} rows are durable", gateway.journal)),
        StorageWord::Degraded => Finding::failure(
            format!("the journal cannot be written; {} rows wait in memory", gateway.waiting_rows),
            "check space and health of the disk (df -h, dmesg); pickups go on, deposits wait",
        ),
    })
}

fn stopped(facts: &Facts) -> Findings {
    let configuration = facts.configuration()?;
    let folder = &configuration.local.state_dir;
    if facts.metadata(folder.join(DATABASE))?.is_none() {
        return one(Finding::note("there is no database yet", "the first start of the daemon makes it"));
    }
    one(match tail(facts, configuration) {
        Ok(rows) => Finding::fine(format!("the database opens; its newest {rows} rows are whole")),
        Err(why) if why.contains("ermission denied") => {
            Finding::skipped("the database cannot be read; run as root")
        }
        Err(why) => Finding::failure(
            why,
            "the next start keeps it aside and begins a new one; keep the old file as evidence",
        ),
    })
}

fn tail(facts: &Facts, configuration: &Configuration) -> Result<usize, String> {
    let place = Folder::new(facts.path(&configuration.local.state_dir));
    let said = |error: ReadError| error.to_string();
    let reader = Reader::open(&place, &configuration.site.building).map_err(said)?;
    let kept = u64::try_from(TAIL).unwrap_or(u64::MAX);
    let after = reader.head().sequence.saturating_sub(kept);
    let rows = reader.rows_after(after, TAIL, TAIL_BYTES).map_err(said)?;
    match rows.iter().find(|row| Sha256::digest(&row.bytes)[..] != row.hash.0) {
        Some(row) => Err(format!("row {} of the journal was changed", row.sequence)),
        None => Ok(rows.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn record_is_judged_by_the_daemon_or_by_its_file() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().gateway.storage = StorageWord::Degraded;
        assert_eq!(bench.standing(CHECK), Standing::Failure);
        let mut stopped = Bench::configured("");
        assert_eq!(stopped.standing(CHECK), Standing::Note);
        stopped.file("/var/lib/vestibule/vestibule.redb", "no database");
        assert_eq!(stopped.standing(CHECK), Standing::Failure);
        assert_eq!(Bench::new().standing(CHECK), Standing::Skipped);
    }
}
