//! Mosquitto's own clients at our broker, and the Mosquitto configuration that we keep.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use vestibule::broker::mosquitto::{Files, Place, acl, configuration};
use vestibule::broker::{Message, Payload, Retain, RoleTable};
use vestibule::enroll::Identity;

use super::bench::{Bench, PREFIX};
use super::probe::{Heard, Probe, Version, plain, retained};

/// The kept files are examples for this building and these clients. Set VESTIBULE_WRITE_EXAMPLES to write them anew.
#[test]
fn the_kept_configuration_is_what_the_roles_say() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../broker-config/mosquitto");
    let building = RoleTable::building().unwrap();
    let cloud = RoleTable::cloud().unwrap();
    let who = |role: &str, name: &str| Identity::new("maple-court", role, name).unwrap();
    let files = |port: u16, acl: &'static str| Files {
        listen: ([0, 0, 0, 0], port).into(),
        ca: Path::new("/etc/mosquitto/vestibule/ca.pem"),
        certificate: Path::new("/etc/mosquitto/vestibule/broker.pem"),
        key: Path::new("/etc/mosquitto/vestibule/broker.key"),
        acl: Path::new(acl),
        data: Path::new("/var/lib/mosquitto"),
    };
    for (name, made) in [
        (
            "building.conf",
            configuration(Place::Building, files(8883, "/etc/mosquitto/vestibule/building.acl")),
        ),
        (
            "building.acl",
            acl(
                &building,
                &[
                    who("gateway", "gateway"),
                    who("staff", "front-desk"),
                    who("technician", "alex"),
                    who("reader", "reports"),
                ],
            ),
        ),
        ("cloud.conf", configuration(Place::Cloud, files(8883, "/etc/mosquitto/vestibule/cloud.acl"))),
        (
            "cloud.acl",
            acl(&cloud, &[who("gateway", "gateway"), who("cloud", "service"), who("notifier", "notices")]),
        ),
    ] {
        let path = directory.join(name);
        if std::env::var_os("VESTIBULE_WRITE_EXAMPLES").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), made, "{}", path.display());
    }
}

#[tokio::test]
async fn a_notice_reaches_the_notifier_and_not_the_cloud_on_mosquitto() {
    let bench = Bench::mosquitto_cloud(&[("gateway", "gw"), ("cloud", "service"), ("notifier", "notices")]);
    let notice = format!("{PREFIX}/notice");
    let mut notifier = Probe::of(&bench, Version::V5, "notifier", "notices").await;
    notifier.subscribe(&[&notice]).await;
    let mut cloud = Probe::of(&bench, Version::V5, "cloud", "service").await;
    cloud.subscribe(&[&notice, &format!("{PREFIX}/#")]).await;
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    for topic in ["notice", "event/parcel.deposited"] {
        let message = plain(format!("{PREFIX}/{topic}"), topic);
        assert_eq!(gateway.publish(&message).await, Heard::PubAck(true));
    }
    assert_eq!(notifier.message().await.payload, "notice");
    assert_eq!(cloud.message().await.payload, "event/parcel.deposited", "the notice was not for it");
}

#[test]
fn the_clouds_roles_keep_notices_to_the_notifier() {
    let table = RoleTable::cloud().unwrap();
    let acl = |role: &str| {
        let who = Identity::new("maple-court", role, "x").unwrap();
        vestibule::broker::Acl::of(&table, &who).unwrap()
    };
    let notice = format!("{PREFIX}/notice");
    assert!(acl("notifier").may_subscribe(&notice).is_ok());
    assert!(acl("notifier").may_subscribe(&format!("{PREFIX}/event/#")).is_err());
    assert!(acl("cloud").may_subscribe(&notice).is_err());
    assert!(acl("cloud").may_subscribe(&format!("{PREFIX}/#")).is_err());
    let message = Message { topic: &notice, retain: Retain::No, payload: Payload::Present };
    assert!(acl("gateway").may_publish(message).is_ok());
    assert!(acl("cloud").may_publish(message).is_err());
}

fn tool(bench: &Bench, program: &str, role: &str, name: &str, rest: &[&str]) -> Child {
    let files = bench.client(role, name);
    Command::new(program)
        .args(["-h", "127.0.0.1", "-p", &bench.address.port().to_string(), "--cafile"])
        .arg(&files.ca)
        .arg("--cert")
        .arg(&files.certificate)
        .arg("--key")
        .arg(&files.key)
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mosquitto-clients is installed")
}

#[tokio::test]
async fn mosquittos_clients_send_a_command_and_read_a_state() {
    let bench = Bench::ours();
    let mut gateway = Probe::of(&bench, Version::V5, "gateway", "gw").await;
    gateway.subscribe(&[&format!("{PREFIX}/command/#")]).await;
    gateway.publish(&retained(format!("{PREFIX}/state/door/a-1"), "shut")).await;
    for version in ["mqttv311", "mqttv5"] {
        let unlock = format!("{PREFIX}/command/unlock/desk");
        let rest = ["-V", version, "-t", &unlock, "-q", "1", "-m", version];
        let sent = tool(&bench, "mosquitto_pub", "staff", "desk", &rest);
        assert_eq!(gateway.message().await, plain(unlock.clone(), version));
        let sent = sent.wait_with_output().unwrap();
        assert!(sent.status.success(), "{sent:?}");
        let states = format!("{PREFIX}/state/#");
        let rest = ["-V", version, "-v", "-t", &states, "-C", "1", "-W", "20"];
        let read = tool(&bench, "mosquitto_sub", "staff", "desk", &rest);
        let read = tokio::task::spawn_blocking(|| read.wait_with_output()).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&read.stdout).into_owned();
        assert_eq!(said, format!("{PREFIX}/state/door/a-1 shut\n"), "{read:?}");
    }
}

#[test]
fn mosquittos_clients_are_refused_what_their_role_may_not() {
    let bench = Bench::ours();
    let state = format!("{PREFIX}/state/door/a-1");
    for version in ["mqttv311", "mqttv5"] {
        let rest = ["-V", version, "-d", "-t", &state, "-q", "1", "-r", "-m", "open"];
        let sent = tool(&bench, "mosquitto_pub", "staff", "desk", &rest).wait_with_output().unwrap();
        let said =
            String::from_utf8_lossy(&sent.stdout).into_owned() + &String::from_utf8_lossy(&sent.stderr);
        let (told, expected) = match version {
            "mqttv311" => (!sent.status.success(), "connection was lost"),
            _ => (true, "RC:135"),
        };
        assert!(told && said.contains(expected), "{version}: {said}");
        let all = format!("{PREFIX}/#");
        let rest = ["-V", version, "-t", &all, "-W", "20"];
        let read = tool(&bench, "mosquitto_sub", "staff", "desk", &rest).wait_with_output().unwrap();
        assert!(String::from_utf8_lossy(&read.stderr).contains("denied"), "{read:?}");
    }
    assert!(bench.metrics.publish_refused.get() >= 2 && bench.metrics.subscribe_refused.get() >= 2);
}
