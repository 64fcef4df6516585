//! The configuration files of the simulated building, as an installer would write them.

use crate::house::{BUILDING, House, TERMINAL, text};
use crate::wires;

/// The building: one line with a probe, and a lock board and an input board for each bank; one terminal.
#[must_use]
pub fn building(house: &House) -> String {
    let port = text(house.line.path());
    let baud = house.spec.baud.get();
    let mut all = format!(
        r#"[building]
id = "{BUILDING}"
name = "Maple Court"
time_zone = "America/Chicago"
support = "+1 312 555 0134"

[[line]]
id = "rs485-1"
port = "{port}"
baud = {baud}
protocol = "modbus-rtu"

[[device]]
id = "lobby-climate"
line = "rs485-1"
address = 3
model = "xy-md02"

[[probe]]
id = "lobby"
source = "lobby-climate/1"
climate = "ambient"
bank = "a"

[[terminal]]
id = "{TERMINAL}"
"#
    );
    (0..house.banks).for_each(|number| all.push_str(&bank(number)));
    all.push_str(&ends(house));
    if !house.spec.policy.is_empty() {
        all += &format!("\n[policy]\n{}\n", house.spec.policy);
    }
    all
}

/// A bank and its two boards. The first one's doors carry plain numbers.
fn bank(number: u8) -> String {
    let [locks, inputs] = wires::boards(number);
    let id = wires::letter(number);
    let labels = if number == 0 { "{number}" } else { "{BANK}{number}" };
    format!(
        r#"
[[device]]
id = "bank-{id}-locks"
line = "rs485-1"
address = {locks}
model = "waveshare-relay-8"

[[device]]
id = "bank-{id}-doors"
line = "rs485-1"
address = {inputs}
model = "discrete-inputs-8"

[[bank]]
id = "{id}"
climate = "ambient"
columns = [["small", "small", "medium", "large"], ["small", "small", "medium", "extra-large"]]
top_mm = 1800
labels = "{labels}"
locks = "bank-{id}-locks/1.."
doors = {{ inputs = "bank-{id}-doors/1..", shut_when = "on" }}
terminals = ["{TERMINAL}"]
"#
    )
}

/// Paths, broker and cloud. Relative paths start at the file's own folder.
fn ends(house: &House) -> String {
    let port = house.broker_port;
    let [metrics, broker_metrics] = house.metrics_ports;
    let mut all = format!(
        r#"
[storage]
directory = "state"

[console]
socket = "console.sock"

[clock]
marker = "synchronised"

[metrics]
listen = "127.0.0.1:{metrics}"
broker_listen = "127.0.0.1:{broker_metrics}"

[broker]
listen = "127.0.0.1:{port}"
connect = "localhost:{port}"
ca = "certificates/ca.pem"
certificate = "certificates/broker-local.pem"
key = "certificates/broker-local.key"
client_certificate = "certificates/gateway-gateway.pem"
client_key = "certificates/gateway-gateway.key"
"#
    );
    if let Some(cloud) = house.spec.cloud_port {
        let key = hex(&house.notifier_key);
        all += &format!(
            r#"
[cloud]
url = "mqtts://localhost:{cloud}"
ca = "certificates/ca.pem"
certificate = "certificates/gateway-gateway.pem"
key = "certificates/gateway-gateway.key"
notifier_key = "{key}"
"#
        );
    }
    all
}

/// The stand-in for the cloud: the same broker with the cloud's roles.
#[must_use]
pub fn cloud(port: u16, roles: &str) -> String {
    format!(
        r#"[building]
id = "{BUILDING}"
name = "Maple Court (cloud)"
time_zone = "America/Chicago"
support = "+1 312 555 0134"

[broker]
listen = "127.0.0.1:{port}"
connect = "localhost:{port}"
ca = "certificates/ca.pem"
certificate = "certificates/broker-cloud.pem"
key = "certificates/broker-cloud.key"
client_certificate = "certificates/gateway-gateway.pem"
client_key = "certificates/gateway-gateway.key"
roles = "{roles}"
"#
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |all, byte| all + &format!("{byte:02x}"))
}
