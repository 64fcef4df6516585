//! Knocking at a broker as the daemon does: name, TCP, TLS with our certificate, and not one byte of MQTT.

use std::io::{ErrorKind, Read as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;
use vestibule_core::time::Timestamp;

use super::facts::Facts;
use super::finding::Finding;
use crate::config::Tls;
use crate::mqtt::{TlsError, client_config};

/// Each step of it; three of them fit into a check's time.
const STEP_TIME_MAX: Duration = Duration::from_millis(700);
/// A broker that refuses our certificate says so after our side of TLS 1.3 is done.
const REFUSAL_TIME: Duration = Duration::from_millis(300);
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 2;

/// How far we came.
pub enum Reached {
    /// The broker took our certificate.
    Taken,
    /// The name does not resolve.
    NoAddress(String),
    /// Nobody takes the connection.
    NoConnection(String),
    /// TLS failed, on our side or on theirs.
    NoTls(String),
}

/// Knocks.
///
/// # Errors
/// A skip where our own files cannot be read.
pub fn knock(facts: &Facts, host: &str, port: u16, tls: &Tls) -> Result<Reached, Finding> {
    let files =
        Tls { ca: facts.path(&tls.ca), certificate: facts.path(&tls.certificate), key: facts.path(&tls.key) };
    // With a clock that is wrong the daemon judges by its newest record; that is another check's matter.
    let config = match client_config(&files, Timestamp(0)) {
        Ok(config) => config,
        Err(TlsError::File { file, .. }) if facts.metadata(&file).is_ok() && !facts.is_root => {
            return Err(Finding::skipped(format!("{} cannot be read; run as root", file.display())));
        }
        Err(error) => return Err(Finding::skipped(format!("there is nothing to knock with: {error}"))),
    };
    let addresses: Vec<SocketAddr> = match (host, port).to_socket_addrs() {
        Ok(addresses) => addresses.take(ADDRESSES_MAX).collect(),
        Err(error) => return Ok(Reached::NoAddress(error.to_string())),
    };
    let mut why = "the name has no address".to_owned();
    for address in &addresses {
        match TcpStream::connect_timeout(address, STEP_TIME_MAX) {
            Ok(stream) => return Ok(shake(stream, host, config)),
            Err(error) => why = format!("{address}: {error}"),
        }
    }
    Ok(if addresses.is_empty() { Reached::NoAddress(why) } else { Reached::NoConnection(why) })
}

fn shake(stream: TcpStream, host: &str, config: std::sync::Arc<rustls::ClientConfig>) -> Reached {
    match shaken(stream, host, config) {
        Ok(()) => Reached::Taken,
        Err(why) => Reached::NoTls(why),
    }
}

fn shaken(stream: TcpStream, host: &str, config: std::sync::Arc<rustls::ClientConfig>) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    stream.set_read_timeout(Some(STEP_TIME_MAX)).map_err(said)?;
    stream.set_write_timeout(Some(STEP_TIME_MAX)).map_err(said)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let client = ClientConnection::new(config, name).map_err(|error| error.to_string())?;
    let mut tls = StreamOwned::new(client, stream);
    while tls.conn.is_handshaking() {
        match tls.conn.complete_io(&mut tls.sock) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Err(format!("no answer within {} ms", STEP_TIME_MAX.as_millis()));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    tls.sock.set_read_timeout(Some(REFUSAL_TIME)).map_err(said)?;
    let heard = tls.read(&mut [0]);
    tls.conn.send_close_notify();
    // Whether our goodbye arrives changes nothing.
    drop(tls.conn.complete_io(&mut tls.sock));
    match heard {
        // A broker says nothing before CONNECT.
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(()),
        Ok(0) => Err("the broker hung up after TLS: it does not take our certificate".to_owned()),
        Ok(_) => Err("whoever answers is no MQTT broker".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
