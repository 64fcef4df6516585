//! `[metrics]`: where collectors on this machine find the numbers.

use std::net::SocketAddr;

use super::reader::Reader;
use super::value::Metrics;

/// Reads `[metrics]`; nothing is served where it is absent.
pub fn read(root: &mut Reader<'_>) -> Metrics {
    let Some(mut reader) = root.table("metrics") else { return Metrics::default() };
    "[metrics]".clone_into(&mut reader.what);
    let mut address = |key| Some(reader.text(key).and_then(|text| reader.parse(text, loopback))?.value);
    let (listen, broker_listen) = (address("listen"), address("broker_listen"));
    reader.finish();
    Metrics { listen, broker_listen }
}

/// Whoever reaches the port reads what goes on in the building, so it is this machine's alone.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    const EXAMPLE: &str = "write a loopback address and a port, e.g. 127.0.0.1:9464";
    let address: SocketAddr = text.parse().map_err(|_| EXAMPLE.to_owned())?;
    match (address.ip().is_loopback(), address.port()) {
        (true, 1..) => Ok(address),
        (true, 0) => Err(format!("port 0 cannot be found by a collector; {EXAMPLE}")),
        (false, _) => {
            Err(format!("nobody is asked who they are there; {EXAMPLE}, with a collector on this machine"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_refused_when_others_reach_it() {
        assert!(loopback("127.0.0.1:9464").is_ok() && loopback("[::1]:9464").is_ok());
        for bad in
            ["0.0.0.0:9464", "10.0.0.5:9464", "[::]:9464", "127.0.0.1:0", "localhost:9464", "127.0.0.1"]
        {
            assert!(loopback(bad).is_err(), "{bad}");
        }
    }
}
