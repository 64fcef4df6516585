//! A wire between uplink and broker that can be shut, cut, and stalled in one direction.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Passes everything.
    Open,
    /// Passes what the uplink says, and nothing that the broker answers.
    Deaf,
    /// Every connection is cut, none is taken.
    Cut,
}

pub struct Relay {
    pub port: u16,
    wire: Arc<watch::Sender<Wire>>,
    listener: JoinHandle<()>,
}

impl Relay {
    pub async fn to(broker: u16, first: Wire) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let wire = Arc::new(watch::Sender::new(first));
        let wires = Arc::clone(&wire);
        let listener = tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                tokio::spawn(pass(near, broker, wires.subscribe()));
            }
        });
        Self { port, wire, listener }
    }

    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.wire.send_replace(Wire::Cut);
        self.listener.abort();
    }
}

async fn pass(near: TcpStream, broker: u16, mut wire: watch::Receiver<Wire>) {
    if *wire.borrow() == Wire::Cut {
        return;
    }
    let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, broker)).await else { return };
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let answers = copy(far_read, near_write, Some(wire.clone()));
    let requests = copy(near_read, far_write, None);
    tokio::select! {
        () = answers => {}
        () = requests => {}
        _ = wire.wait_for(|wire| *wire == Wire::Cut) => {}
    }
}

async fn copy(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut gate: Option<watch::Receiver<Wire>>,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        if let Some(gate) = &mut gate
            && gate.wait_for(|wire| *wire != Wire::Deaf).await.is_err()
        {
            return;
        }
        match from.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(bytes) => {
                if let Some(gate) = &mut gate
                    && gate.wait_for(|wire| *wire != Wire::Deaf).await.is_err()
                {
                    return;
                }
                if to.write_all(&buffer[..bytes]).await.is_err() {
                    return;
                }
            }
        }
    }
}
