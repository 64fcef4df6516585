//! Dashboard and alert rules as people load them: Prometheus scrapes a building that is served, takes the rules, and has an
//! answer to everything that the dashboard asks.

mod prometheus;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use vestibule::broker::Metrics;
use vestibule_tests::served::{ServedBuilding, UNITS};

use prometheus::Prometheus;

/// What `$__rate_interval` stands for: lines tell their counters every 10 s.
const RATE: &str = "1m";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/monitoring")
}

fn dashboard() -> Value {
    serde_json::from_str(&fs::read_to_string(folder().join("dashboard.json")).unwrap()).unwrap()
}

/// Every query of every panel, with the panel's title.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let of_panel = panels.flat_map(|panel| {
        let title = panel["title"].as_str().unwrap();
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(move |target| (title.to_owned(), target["expr"].as_str().unwrap().to_owned()))
    });
    of_panel.collect()
}

#[test]
fn dashboard_has_an_answer_to_every_query_when_a_building_is_served() {
    let mut building = ServedBuilding::open(71);
    building.deposit(UNITS[0]);
    let [daemon, broker] = building.house.metrics_ports.map(|port| format!("127.0.0.1:{port}"));
    let prometheus =
        Prometheus::start(building.folder.path(), &folder().join("alerts.yml"), &daemon, &broker);
    for job in ["vestibule", "vestibule-broker"] {
        prometheus.wait_for(&format!("up{{job=\"{job}\"}} == 1"));
    }
    let all = queries(&dashboard());
    assert!(all.len() > 20, "the dashboard is not read right: {all:?}");
    for (title, query) in all {
        let asked = query.replace("$instance", &daemon).replace("$broker", &broker);
        let asked = asked.replace("$__rate_interval", RATE);
        assert!(!asked.contains('$'), "{title}: a variable that nobody sets in {query}");
        prometheus.wait_for(&asked);
    }
    for variable in dashboard()["templating"]["list"].as_array().unwrap() {
        if let Some(metric) =
            variable["definition"].as_str().and_then(|text| text.strip_prefix("label_values("))
        {
            prometheus.wait_for(metric.split(',').next().unwrap());
        }
    }
    let rules = prometheus.rules();
    assert!(rules.len() > 15);
    for rule in rules {
        assert_eq!((rule["health"].as_str(), rule["lastError"].as_str()), (Some("ok"), None), "{rule}");
    }
    // The daemon's death is what the first alert is for.
    building.house.kill_daemon();
    prometheus.wait_for("ALERTS{alertname=\"GatewayDown\"}");
}

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    let checked =
        Command::new("promtool").arg("test").arg("rules").arg(folder().join("alerts.test.yml")).output();
    let checked = checked.expect("promtool: Debian's package prometheus");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let rules = fs::read_to_string(folder().join("alerts.yml")).unwrap();
    let tests = fs::read_to_string(folder().join("alerts.test.yml")).unwrap();
    let alerts = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    for alert in alerts {
        assert!(tests.contains(&format!("alertname=\"{alert}\"")), "no test makes {alert} fire");
    }
}

#[test]
fn dashboard_is_one_that_grafana_takes_and_names_only_metrics_that_exist() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64() >= Some(36) && dashboard["uid"].is_string());
    let mut ids = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "two panels have one id: {}", panel["title"]);
        let grid = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(grid("x") + grid("w") <= 24, "{} hangs over", panel["title"]);
        for (x, y) in (grid("x")..grid("x") + grid("w"))
            .flat_map(|x| (grid("y")..grid("y") + grid("h")).map(move |y| (x, y)))
        {
            assert!(cells.insert((x, y)), "{} lies on another panel", panel["title"]);
        }
        let source = &panel["datasource"]["uid"];
        assert!(panel["type"] == "row" || source == "${datasource}", "{}: {source}", panel["title"]);
    }
    let known = include_str!("../../../gateway/src/metrics/golden.txt");
    let texts = [dashboard.to_string(), fs::read_to_string(folder().join("alerts.yml")).unwrap()];
    let counters = Metrics::default();
    let counted: Vec<_> = counters.each().into_iter().map(|(name, _, _)| name).collect();
    for name in texts.iter().flat_map(|text| metrics(text)) {
        let base = name.trim_end_matches("_total").trim_end_matches("_info");
        let exists = match base.strip_prefix("vestibule_broker_") {
            Some(counter) => name.ends_with("_total") && counted.contains(&counter),
            None => known.contains(&format!("# TYPE {base} ")),
        };
        assert!(exists, "{name} is not served");
    }
}

/// Every metric of ours that a text names.
fn metrics(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("vestibule_")).collect()
}
