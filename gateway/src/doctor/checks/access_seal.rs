//! The seal of commissioning: whether locks were moved past the record, and whether somebody took the seal itself.

use crate::commission::{SealStanding, SealState};
use crate::doctor::finding::one;
use crate::doctor::{Check, Facts, Finding, Findings};

/// See the module.
pub const CHECK: Check = Check { id: "access.seal", title: "the seal of commissioning is whole", run };

fn run(facts: &Facts) -> Findings {
    let standing = match &facts.daemon {
        Ok(snapshot) => snapshot.seal.clone(),
        Err(_) => kept(facts)?,
    };
    let words = standing.words().unwrap_or_default();
    if let Some((what, next)) = standing.attention() {
        return one(match standing.state {
            SealState::Unreadable => Finding::failure(what, next),
            _ => Finding::warning(what, next),
        });
    }
    one(match standing.state {
        SealState::Unknown => Finding::skipped("the daemon has not looked at the seal yet"),
        SealState::None => {
            let what = "this site was never commissioned: nobody has tried which lock opens which door";
            Finding::note(what, "walk every door: sudo vestibule device walk")
        }
        SealState::Broken | SealState::Tampered => {
            let next = "see `vestibule journal` for each seal.broken; a walk of every door mends it";
            Finding::note(format!("the seal is {words}"), next)
        }
        SealState::Whole | SealState::Unreadable => Finding::fine(words),
    })
}

/// With the daemon stopped its files tell; the folder is closed to others than root and the daemon.
fn kept(facts: &Facts) -> Result<SealStanding, Finding> {
    let folder = &facts.configuration()?.local.state_dir;
    let closed = matches!(std::fs::read_dir(facts.path(folder)), Err(why) if why.kind() == std::io::ErrorKind::PermissionDenied);
    if closed {
        return Err(Finding::skipped(format!("{} cannot be read; run as root", folder.display())));
    }
    Ok(SealStanding::of(&facts.path(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commission::{Break, Seal};
    use crate::doctor::Standing;
    use crate::doctor::bench::Bench;

    #[test]
    fn seal_is_read_from_its_files_when_the_daemon_is_stopped() {
        let mut bench = Bench::configured("");
        let folder = bench.facts.configuration.as_ref().unwrap().local.state_dir.clone();
        let folder = bench.facts.path(folder);
        assert_eq!(bench.standing(CHECK), Standing::Note, "never commissioned");
        std::fs::create_dir_all(&folder).unwrap();
        Seal::set(&folder, "os:anna", 1).unwrap();
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        let one = Break::new("os:eve".into(), None, 2, "lock of A3".into());
        Seal::record(&folder, one).unwrap();
        let (how, words) = bench.ask(CHECK);
        assert!(how == Standing::Warning && words.contains("not in the journal yet"), "{words}");
        Seal::of(&folder).unwrap().unwrap().mark_told(&folder).unwrap();
        let (how, words) = bench.ask(CHECK);
        assert!(how == Standing::Note && words.contains("BROKEN, last by os:eve"), "{words}");
        std::fs::write(folder.join("seal.json"), "{").unwrap();
        assert_eq!(bench.standing(CHECK), Standing::Failure);
    }

    #[test]
    fn seal_is_asked_of_the_daemon_while_it_runs() {
        let mut bench = Bench::served("");
        assert_eq!(bench.standing(CHECK), Standing::Fine);
        bench.daemon().seal = SealStanding::default();
        assert_eq!(bench.standing(CHECK), Standing::Skipped, "an older daemon says nothing");
    }
}
