//! The line's side of the servers' pseudo-terminals: one request at a time to each, one answer back.

use std::os::fd::OwnedFd;

use rustix::io::{read, write};

use crate::line::Outcall;
use crate::number::Address;
use crate::pty::Port;
use crate::wire::checked;

/// Longest RTU frame.
const MAX_FRAME: usize = 256;

/// All wires to servers.
#[derive(Debug, Default)]
pub(crate) struct Wires {
    wires: Vec<Wire>,
}

#[derive(Debug)]
struct Wire {
    wired_as: Address,
    port: Port,
    asked: Option<Outcall>,
    heard: Vec<u8>,
}

impl Wires {
    pub fn add(&mut self, wired_as: Address, port: Port) {
        self.wires.push(Wire { wired_as, port, asked: None, heard: Vec::new() });
    }

    /// Hands a request to its server. One that is still busy does not hear it, as a busy slave would not.
    pub fn ask(&mut self, outcall: Outcall) {
        let idle = |wire: &&mut Wire| wire.wired_as == outcall.wired_as && wire.asked.is_none();
        let Some(wire) = self.wires.iter_mut().find(idle) else {
            return;
        };
        wire.heard.clear();
        // A pair's buffer holds many frames; a full one means a dead server, and its slave is silent.
        if write(&wire.port.wire, &outcall.frame).is_ok() {
            wire.asked = Some(outcall);
        }
    }

    /// What to poll for answers.
    pub fn fds(&self) -> impl Iterator<Item = &OwnedFd> {
        self.wires.iter().map(|wire| &wire.port.wire)
    }

    /// Answers that are whole by now, each with its request.
    pub fn answers(&mut self) -> Vec<(Outcall, Vec<u8>)> {
        self.wires.iter_mut().filter_map(Wire::answer).collect()
    }
}

impl Wire {
    fn answer(&mut self) -> Option<(Outcall, Vec<u8>)> {
        let mut buffer = [0_u8; MAX_FRAME];
        let count = read(&self.port.wire, &mut buffer).ok()?;
        self.heard.extend_from_slice(&buffer[..count]);
        self.heard.truncate(MAX_FRAME);
        checked(&self.heard)?;
        let reply = std::mem::take(&mut self.heard);
        Some((self.asked.take()?, reply))
    }
}
