//! `port` of a line: a serial device by its path, or a serial server by its address.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use super::problem::Problem;
use super::reader::{Reader, Spot};
use super::value::{Direction, Port};

/// What a serial server's address begins with.
const TCP: &str = "tcp://";
const HELP: &str = "port = \"/dev/serial/by-path/…\" names the socket, which survives a replug";

/// Port of Modbus/TCP servers.
const MODBUS_TCP: u16 = 502;

/// What is spoken over a network.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The bytes of the wire.
    Raw,
    /// Modbus/TCP.
    ModbusTcp,
}

/// Reads `port`.
pub fn read(reader: &mut Reader<'_>, over: Over) -> Option<Spot<Port>> {
    let Spot { value, place } = reader.required_text("port", HELP)?;
    if let Some(server) = value.strip_prefix(TCP) {
        let server = Spot { value: server, place };
        let port = match over {
            Over::Raw => Port::Tcp(reader.parse(server, |text| server_address(text, None))?.value),
            Over::ModbusTcp => {
                Port::ModbusTcp(reader.parse(server, |text| server_address(text, Some(MODBUS_TCP)))?.value)
            }
        };
        return Some(Spot { value: port, place });
    }
    if over == Over::ModbusTcp {
        let message = format!("port \"{value}\" is no Modbus/TCP server's address");
        let help = "port = \"tcp://192.0.2.7\" is one; on a serial port the protocol is modbus-rtu";
        reader.problems.add(Problem::error(Some(place), message).help(help));
        return None;
    }
    if !value.starts_with('/') {
        let message = format!("port \"{value}\" is not an absolute path");
        let help = format!("{HELP}; port = \"tcp://192.0.2.7:4001\" is a serial server");
        reader.problems.add(Problem::error(Some(place), message).help(help));
        return None;
    }
    if value.starts_with("/dev/ttyUSB") || value.starts_with("/dev/ttyACM") {
        let message = format!("{value} may name another adapter after a restart");
        reader.problems.add(Problem::warning(Some(place), message).help(HELP));
    }
    Some(Spot { value: Port::Path(PathBuf::from(value)), place })
}

/// Reads `rs485`.
pub fn read_direction(reader: &mut Reader<'_>, port: Option<&Port>) -> Direction {
    let words = [("adapter", Direction::Adapter), ("kernel", Direction::Kernel)];
    let Some(direction) = reader.choice("rs485", &words) else { return Direction::Adapter };
    if port.is_some_and(|port| port.server().is_some()) {
        let message = "rs485 says nothing of a serial server: it switches its own driver";
        reader.problems.add(Problem::error(Some(direction.place), message));
    }
    direction.value
}

/// Reads `isolated_network`.
pub fn read_isolated(reader: &mut Reader<'_>, port: Option<&Port>) -> bool {
    let Some(isolated) = reader.choice_of_two("isolated_network") else { return false };
    if matches!(port, Some(Port::Path(_))) {
        let message = "isolated_network says nothing of a serial port";
        reader.problems.add(Problem::warning(Some(isolated.place), message));
    }
    isolated.value
}

/// An address and a port. A name would make doors wait for a resolver, and go wherever it says.
fn server_address(text: &str, default: Option<u16>) -> Result<SocketAddr, String> {
    let text = text.trim_end_matches('/');
    let bare = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if let (Ok(address), Some(port)) = (&bare, default) {
        return Ok(SocketAddr::new(*address, port));
    }
    let address: SocketAddr = text.parse().map_err(|_| match bare {
        Ok(_) => format!("its port is missing: tcp://{text}:4001"),
        Err(_) => {
            "write the server's address and port, e.g. tcp://192.0.2.7:4001; names are not looked up, so \
                   that no door waits for a resolver"
                .to_owned()
        }
    })?;
    match (address.port(), address.ip().is_unspecified() || address.ip().is_multicast()) {
        (0, _) => Err("port 0 cannot be connected to".to_owned()),
        (_, true) => Err("no server has that address".to_owned()),
        _ => Ok(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_is_an_address_and_a_port() {
        let server_address = |text| server_address(text, None);
        assert_eq!(server_address("192.0.2.7:4001").map(|address| address.port()), Ok(4001));
        assert_eq!(server_address("[::1]:4001/").map(|address| address.ip().is_loopback()), Ok(true));
        assert!(server_address("192.0.2.7").unwrap_err().contains("port is missing"));
        assert!(server_address("moxa.example:4001").unwrap_err().contains("resolver"));
        for bad in ["", "0.0.0.0:4001", "192.0.2.7:0", "224.0.0.1:4001", "192.0.2.7:70000"] {
            assert!(server_address(bad).is_err(), "{bad}");
        }
        let modbus = |text| super::server_address(text, Some(MODBUS_TCP)).map(|address| address.port());
        assert_eq!(
            [modbus("192.0.2.7"), modbus("[::1]"), modbus("192.0.2.7:1502")],
            [Ok(502), Ok(502), Ok(1502)]
        );
    }
}
