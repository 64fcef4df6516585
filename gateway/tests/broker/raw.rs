//! A client that writes bytes by hand, for what no well-behaved client sends.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::bench::{Bench, PATIENCE};

/// A TLS connection.
pub struct Raw {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Raw {
    /// Connects; the handshake happens with the first bytes.
    pub fn connect(bench: &Bench, tls: Arc<ClientConfig>) -> Self {
        let socket = TcpStream::connect(bench.address).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        let name = bench.address.ip().into();
        let connection = ClientConnection::new(tls, rustls_pki_types::ServerName::IpAddress(name)).unwrap();
        Self { stream: StreamOwned::new(connection, socket) }
    }

    /// Connects a staff member and gets CONNACK.
    pub fn staff(bench: &Bench, name: &str, version: u8, keep_alive: u16, properties: &[u8]) -> Self {
        let mut raw = Self::connect(bench, bench.tls("staff", name));
        raw.send(&connect(version, name, keep_alive, properties));
        let connack = raw.frame().expect("CONNACK");
        assert_eq!((connack[0], connack[3]), (0x20, 0), "{connack:02x?}");
        raw
    }

    /// Sends bytes; a connection that is closed already is for the next read to show.
    pub fn send(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes).and_then(|()| self.stream.flush()));
    }

    /// The next packet, or none when the connection ends.
    pub fn frame(&mut self) -> Option<Vec<u8>> {
        let mut frame = vec![self.byte()?];
        let mut length = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            frame.push(byte);
            length |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let header = frame.len();
        frame.resize(header + length, 0);
        self.stream.read_exact(&mut frame[header..]).ok()?;
        Some(frame)
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Ok(0) => None,
            Ok(_) => Some(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => panic!("nothing heard in time"),
            Err(_) => None,
        }
    }
}

/// A packet of this first byte.
pub fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut rest = body.len();
    loop {
        let low = u8::try_from(rest % 128).unwrap();
        rest /= 128;
        bytes.push(if rest > 0 { low | 0x80 } else { low });
        if rest == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

/// A text with its length before it.
pub fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// CONNECT with a clean session; MQTT 5 properties only where the version is 5.
pub fn connect(version: u8, id: &str, keep_alive: u16, properties: &[u8]) -> Vec<u8> {
    let mut body = text("MQTT");
    body.extend_from_slice(&[version, 2]);
    body.extend_from_slice(&keep_alive.to_be_bytes());
    if version == 5 {
        body.push(u8::try_from(properties.len()).unwrap());
        body.extend_from_slice(properties);
    }
    body.extend(text(id));
    packet(0x10, &body)
}

/// MQTT 5 PUBLISH at QoS 1.
pub fn publish_v5(topic: &str, properties: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut body = text(topic);
    body.extend_from_slice(&[0, 7]);
    body.push(u8::try_from(properties.len()).unwrap());
    body.extend_from_slice(properties);
    body.extend_from_slice(payload);
    packet(0x32, &body)
}

/// MQTT 5 SUBSCRIBE to one filter.
pub fn subscribe_v5(filter: &str, options: u8) -> Vec<u8> {
    let mut body = vec![0, 9, 0];
    body.extend(text(filter));
    body.push(options);
    packet(0x82, &body)
}
