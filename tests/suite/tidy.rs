//! Style that can be executed: dependency directions, purity of the core, module docs, budgets, no sleeps, no unwrap.
//!
//! Budgets are a ratchet: what is over today stands in `tests/tidy-ratchet.txt` with its size, may only shrink, and goes from
//! the list when it fits. `TIDY_BLESS=1` writes the list anew after something has shrunk.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

mod functions;

/// Longest file in lines (style.md).
const FILE_LINES: usize = 400;
/// Longest function in lines (style.md).
const FUNCTION_LINES: usize = 70;

/// Which of our crates each may name. The arrows of ARCHITECTURE.md.
const ALLOWED: &[(&str, &[&str])] = &[
    ("vestibule-core", &[]),
    ("vestibule-contract", &["vestibule-core"]),
    ("vestibule-store", &["vestibule-core", "vestibule-contract"]),
    ("device-drivers", &[]),
    ("sim-devices", &[]),
    ("vestibule", &["vestibule-core", "vestibule-contract", "vestibule-store", "device-drivers"]),
    ("vestibule-demo", &["sim-devices", "vestibule-core", "vestibule-contract", "vestibule-store"]),
];

/// Crates of the product that must not know tokio, TLS or MQTT.
const QUIET: &[&str] = &["vestibule-core", "vestibule-contract", "vestibule-store", "device-drivers"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Every Rust file of the repository, with its path from the root.
fn sources() -> &'static [(String, String)] {
    static SOURCES: OnceLock<Vec<(String, String)>> = OnceLock::new();
    SOURCES.get_or_init(read_sources)
}

fn read_sources() -> Vec<(String, String)> {
    let listed = Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard", "*.rs"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "git ls-files failed");
    let names: BTreeSet<&str> = std::str::from_utf8(&listed.stdout).unwrap().lines().collect();
    assert!(names.len() > 20, "git lists too few files to be true: {}", names.len());
    names
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), fs::read_to_string(root().join(name)).ok()?)))
        .collect()
}

/// Modules that a parent declares under `#[cfg(test)]`, by their path.
fn test_modules() -> &'static BTreeSet<String> {
    static MODULES: OnceLock<BTreeSet<String>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let mut modules = BTreeSet::new();
        for (name, text) in sources() {
            let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
            let stem = file.trim_end_matches(".rs");
            let within = if ["lib", "main", "mod"].contains(&stem) {
                folder.to_owned()
            } else {
                format!("{folder}/{stem}")
            };
            for after in text.split("#[cfg(test)]\n").skip(1) {
                let line = after.lines().next().unwrap_or_default();
                let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
                if let Some(module) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                    modules.insert(format!("{within}/{module}.rs"));
                    modules.insert(format!("{within}/{module}/mod.rs"));
                }
            }
        }
        modules
    })
}

fn is_test_file(name: &str) -> bool {
    name.starts_with("tests/")
        || ["/tests/", "/benches/", "/examples/"].iter().any(|folder| name.contains(folder))
        || name.ends_with("_tests.rs")
        || test_modules().contains(name)
        || test_modules().iter().any(|module| {
            let folder = module.trim_end_matches("/mod.rs").trim_end_matches(".rs");
            name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        })
}

/// The part of a file before its inline tests.
fn product_part(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |at| &text[..at])
}

fn metadata() -> serde_json::Value {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--no-deps"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Normal and build dependencies of each of our packages.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let names = package["dependencies"].as_array().unwrap().iter();
            let kept = names.filter(|d| d["kind"].as_str() != Some("dev"));
            let set = kept.map(|d| d["name"].as_str().unwrap().to_owned()).collect();
            (package["name"].as_str().unwrap().to_owned(), set)
        })
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let all = dependencies();
    let ours: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in ALLOWED {
        let named = all.get(*name).unwrap_or_else(|| panic!("{name} is gone from the workspace"));
        for dependency in named.iter().filter(|d| ours.contains(d.as_str())) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn only_the_daemon_knows_tokio_tls_and_mqtt() {
    let all = dependencies();
    for name in QUIET {
        for loud in ["tokio", "rustls", "rumqttc", "rumqttd", "tokio-rustls", "tracing"] {
            assert!(!all[*name].contains(loud), "{name} must not know {loud}");
        }
    }
    assert!(!all["vestibule-core"].contains("serde_json"), "the core knows no text format");
    for (name, named) in &all {
        let may = name == "vestibule-store" || name == "vestibule-tests";
        assert!(may || !named.contains("redb"), "{name} must leave redb to vestibule-store");
    }
}

#[test]
fn core_is_pure() {
    for (name, text) in sources().iter().filter(|(name, _)| name.starts_with("gateway/core/src/")) {
        let product = product_part(text);
        for word in
            ["std::", "Instant", "SystemTime", "getrandom", "f64", "f32", "static mut", "thread_local"]
        {
            assert!(
                !product.contains(word),
                "{name} mentions {word}: the core has no clock, no OS and no floats"
            );
        }
    }
}

/// What a file that knows drivers may name of the core, wiring and configuration apart: things it carries and does not read.
const CARRIED: &[&str] =
    &["effect::Thing", "effect::Unlock", "effect::Withdrawal", "id::", "input::NotSent", "time::"];

#[test]
fn core_and_drivers_meet_in_one_file() {
    for (name, text) in sources().iter().filter(|(name, _)| name.starts_with("gateway/src/")) {
        let both = text.contains("device_drivers::") && text.contains("vestibule_core::");
        if !both
            || is_test_file(name)
            || ["wiring", "config/"].iter().any(|w| name["gateway/src/".len()..].starts_with(w))
        {
            continue;
        }
        for named in text.split("vestibule_core::").skip(1) {
            let carried = CARRIED.iter().any(|what| named.starts_with(what));
            assert!(
                carried,
                "{name} knows drivers and reads the core's {}; only wiring joins them",
                named.lines().next().unwrap_or_default()
            );
        }
    }
}

#[test]
fn only_the_engine_decides() {
    let needle = [".dec", "ide("].concat();
    for (name, text) in sources().iter().filter(|(name, _)| name.starts_with("gateway/src/")) {
        let may = name.starts_with("gateway/src/engine/");
        assert!(may || !product_part(text).contains(&needle), "{name} decides; only the engine does");
    }
}

#[test]
fn no_queue_is_unbounded() {
    // A bare `channel()` is std's without a bound; tokio's has its bound between the brackets.
    let needles = ["unbounded", "mpsc::channel()", "mpsc::channel::<", "= channel()", "= channel::<"];
    for (name, text) in sources().iter().filter(|(name, _)| !is_test_file(name)) {
        for (number, line) in product_part(text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let found = needles.iter().find(|needle| code.contains(*needle));
            assert!(found.is_none(), "{name}:{}: {found:?}; every queue has a bound", number + 1);
        }
    }
}

#[test]
fn every_module_says_what_it_is() {
    let silent: Vec<_> =
        sources().iter().filter(|(_, text)| !text.starts_with("//!")).map(|(name, _)| name).collect();
    assert!(silent.is_empty(), "no //! on the first line of {silent:#?}");
}

#[test]
fn no_test_sleeps() {
    let needles =
        [["thread::", "sleep("].concat(), ["time::", "sleep("].concat(), ["park_", "timeout("].concat()];
    for (name, text) in sources() {
        let tests = if is_test_file(name) { &text[..] } else { &text[product_part(text).len()..] };
        let found = needles.iter().find(|needle| tests.contains(needle.as_str()));
        assert!(found.is_none(), "{name}: {found:?}: a test waits for a condition, never for time");
    }
}

#[test]
fn nothing_panics_by_plan_outside_tests() {
    for (name, text) in sources().iter().filter(|(name, _)| !is_test_file(name)) {
        for (number, line) in product_part(text).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in [".unwrap()", ".expect(\"", "todo!(", "unimplemented!("] {
                assert!(!code.contains(word), "{name}:{}: {word}", number + 1);
            }
        }
    }
}

/// What is over a budget now: `file path lines` and `function path name lines`.
fn over_budget() -> BTreeMap<String, usize> {
    let mut over = BTreeMap::new();
    for (name, text) in sources() {
        let lines = text.lines().count();
        if lines > FILE_LINES {
            over.insert(format!("file {name}"), lines);
        }
        for (function, length) in functions::lengths(text) {
            if length > FUNCTION_LINES {
                over.insert(format!("function {name} {function}"), length);
            }
        }
    }
    over
}

#[test]
fn budgets_only_shrink() {
    let path = root().join("tests/tidy-ratchet.txt");
    let over = over_budget();
    if std::env::var_os("TIDY_BLESS").is_some() {
        let text = over.iter().fold(String::new(), |mut all, (what, lines)| {
            writeln!(all, "{what} {lines}").unwrap();
            all
        });
        fs::write(&path, text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let allowed: BTreeMap<&str, usize> = kept
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(what, n)| (what, n.parse().unwrap()))
        .collect();
    for (what, lines) in &over {
        let most = allowed.get(what.as_str()).copied().unwrap_or(0);
        assert!(
            *lines <= most,
            "{what} has {lines} lines; split it (file {FILE_LINES}, function {FUNCTION_LINES})"
        );
    }
    for what in allowed.keys() {
        assert!(over.contains_key(*what), "{what} fits now: run with TIDY_BLESS=1 to take it off the list");
    }
}
