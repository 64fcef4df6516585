//! The seal under thieves, failing disks and two people at a time.

use vestibule_core::unit::Digest;
use vestibule_store::Head;

use super::*;
use crate::run::Mark;

fn site() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    fs::create_dir(&state).unwrap();
    (folder, state)
}

fn broken(at: i64) -> Break {
    Break::new("os:eve".into(), None, at, "lock of A3".into())
}

fn sealed(state: &Path) {
    Seal::set(state, "os:anna", 1).unwrap();
}

#[test]
fn break_is_known_also_when_one_copy_is_taken_away() {
    for taken in 0..2 {
        let (_folder, state) = site();
        sealed(&state);
        Seal::record(&state, broken(2)).unwrap();
        assert!(!Seal::copy_is_gone(&state).unwrap());
        fs::remove_file(&copies(&state)[taken]).unwrap();
        assert!(Seal::copy_is_gone(&state).unwrap());
        let seal = Seal::of(&state).unwrap().unwrap();
        assert_eq!(seal.untold().cloned().collect::<Vec<_>>(), [broken(2)]);
    }
}

#[test]
fn break_is_known_also_when_an_older_copy_is_put_back() {
    let (_folder, state) = site();
    sealed(&state);
    let before = fs::read(&copies(&state)[0]).unwrap();
    Seal::record(&state, broken(2)).unwrap();
    fs::write(&copies(&state)[0], before).unwrap();
    assert_eq!(Seal::of(&state).unwrap().unwrap().untold().count(), 1);
    Seal::of(&state).unwrap().unwrap().mark_told(&state).unwrap();
    assert_eq!(Seal::of(&state).unwrap().unwrap().untold().count(), 0);
}

#[test]
fn site_that_was_never_commissioned_has_no_seal_to_break() {
    let (_folder, state) = site();
    Seal::record(&state, broken(2)).unwrap();
    assert_eq!(Seal::of(&state).unwrap(), None);
}

#[test]
fn copy_that_cannot_be_read_is_not_taken_for_no_seal() {
    let huge = vec![b' '; usize::try_from(BYTES_MAX).unwrap() + 1];
    for bad in [&b"{"[..], b"", b"\xff", &huge] {
        for copy in 0..2 {
            let (_folder, state) = site();
            sealed(&state);
            fs::write(&copies(&state)[copy], bad).unwrap();
            assert!(Seal::of(&state).is_err() && Seal::copy_is_gone(&state).is_err());
            assert!(Seal::record(&state, broken(2)).is_err(), "nothing may be moved");
        }
    }
    let (_folder, state) = site();
    fs::create_dir(state.join(FILE)).unwrap();
    assert!(Seal::of(&state).is_err(), "not a file");
}

#[test]
fn breaks_of_many_at_a_time_are_all_kept() {
    let (_folder, state) = site();
    sealed(&state);
    std::thread::scope(|scope| {
        for at in 2..10 {
            let state = &state;
            scope.spawn(move || Seal::record(state, broken(at)).unwrap());
        }
    });
    assert_eq!(Seal::of(&state).unwrap().unwrap().untold().count(), 8);
}

#[test]
fn break_that_the_journal_does_not_have_is_never_dropped() {
    let told = |at| Break { told: true, ..broken(at) };
    let full: Vec<Break> = (0..200).map(|at| if at == 0 { broken(at) } else { told(at) }).collect();
    let mut seal = Seal { by: "os:anna".into(), at: 1, walks: 1, told: true, breaks: full };
    seal.breaks.push(broken(200));
    let kept: Seal = serde_json::from_slice(&fitting(&seal).unwrap()).unwrap();
    assert_eq!(kept.breaks.len(), BREAKS_MAX);
    assert_eq!(kept.untold().map(|one| one.at).collect::<Vec<_>>(), [0, 200]);
    seal.breaks = (0..=200).map(broken).collect();
    assert!(fitting(&seal).is_err());
}

#[test]
fn walk_of_every_door_mends_what_was_broken_whatever_the_clock_was() {
    let (_folder, state) = site();
    sealed(&state);
    Seal::record(&state, broken(5)).unwrap();
    assert_eq!(SealStanding::of(&state).state, SealState::Broken);
    let old = fs::read(&copies(&state)[1]).unwrap();
    Seal::set(&state, "os:ben", 2).unwrap();
    let standing = SealStanding::of(&state);
    assert_eq!((standing.state, standing.by.as_deref()), (SealState::Whole, Some("os:ben")));
    fs::write(&copies(&state)[1], old).unwrap();
    assert_eq!(SealStanding::of(&state), standing, "an older copy takes nothing back");
    Seal::record(&state, broken(1)).unwrap();
    let standing = SealStanding::of(&state);
    assert_eq!((standing.state, standing.breaks, standing.broken_since), (SealState::Broken, 1, Some(1)));
}

#[test]
fn copy_that_was_taken_is_put_back_as_a_break_by_nobody_known() {
    for taken in 0..2 {
        let (_folder, state) = site();
        assert!(!Seal::restore_copy(&state, 9).unwrap(), "there is none to put back");
        sealed(&state);
        assert!(!Seal::restore_copy(&state, 9).unwrap());
        fs::remove_file(&copies(&state)[taken]).unwrap();
        assert!(Seal::restore_copy(&state, 9).unwrap() && !Seal::copy_is_gone(&state).unwrap());
        let standing = SealStanding::of(&state);
        assert_eq!(standing.tampered.map(|one| (one.by, one.at)), Some((UNKNOWN.to_owned(), 9)));
    }
}

#[test]
fn seal_whose_copies_are_both_gone_is_known_to_the_mark() {
    let (_folder, state) = site();
    let head = Head { sequence: 7, hash: Digest([7; 32]) };
    Mark::write(&state, "5e5e5e5e5e5e5e5e", 1, head).unwrap();
    assert_eq!(known(&state, None), None, "it was never commissioned");
    sealed(&state);
    Mark::write(&state, "5e5e5e5e5e5e5e5e", 1, head).unwrap();
    copies(&state).iter().for_each(|copy| fs::remove_file(copy).unwrap());
    Mark::write(&state, "5e5e5e5e5e5e5e5e", 2, head).unwrap();
    let mark = known(&state, None).unwrap();
    assert_eq!(mark, Sealed { by: "os:anna".into(), at: 1 });
    assert!(Seal::restore(&state, mark.clone(), 9).unwrap());
    assert!(!Seal::restore(&state, mark, 9).unwrap(), "it is back");
    let standing = SealStanding::of(&state);
    assert_eq!((standing.by.as_deref(), standing.at), (Some("os:anna"), Some(1)));
    assert_eq!(standing.tampered.unwrap().reason, "both copies of the seal are gone");
}
