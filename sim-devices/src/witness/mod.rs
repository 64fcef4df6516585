//! tokio-modbus's RTU server in the place of Modbus devices: an independent witness of what is asked and
//! answered. The line's thread owns time, noise and addresses and hands it only whole requests, because
//! the server ends at the first odd frame.

mod service;
mod wires;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::watch;
use tokio_modbus::server::rtu::Server;

use crate::pty::{Port, PortError, Shared};
use crate::spec::{LineSpec, Model};
use service::Slave;
pub(crate) use wires::Wires;

/// Opening a pseudo-terminal takes microseconds.
const START_PATIENCE: Duration = Duration::from_secs(5);
/// The rate of the servers' own pairs, which carry no timing.
const PAIR_BAUD: u32 = 115_200;

/// The servers' thread.
#[derive(Debug)]
pub(crate) struct Witness {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// A step of starting the servers that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WitnessError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error("spawn thread: {0}")]
    Thread(io::Error),
    #[error("serve slave {address}: {source}")]
    Serve { address: u8, source: io::Error },
    #[error("servers not up after {START_PATIENCE:?}")]
    Late,
}

impl Witness {
    /// Starts a server for every Modbus device of `spec`; `Wires` is their other side.
    pub fn start(spec: &LineSpec, shared: &Arc<Shared>) -> Result<(Self, Wires), WitnessError> {
        let served = spec.devices.iter().filter(|device| !matches!(device.model, Model::Locks(_)));
        let (mut wires, mut slaves) = (Wires::default(), Vec::new());
        for device in served {
            let port = Port::open()?;
            slaves.push((port.device().to_owned(), Slave::new(device, Arc::clone(shared))));
            wires.add(device.address, port);
            shared.lock().sim.line_mut().serve_outside(device.address);
        }
        let (stop, stopped) = watch::channel(false);
        let (up, is_up) = sync_channel(1);
        let thread = thread::Builder::new()
            .name("sim-witness".to_owned())
            .spawn(move || run(slaves, stopped, &up))
            .map_err(WitnessError::Thread)?;
        let witness = Self { stop, thread: Some(thread) };
        is_up.recv_timeout(START_PATIENCE).map_err(|_| WitnessError::Late)??;
        Ok((witness, wires))
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic of it has already been printed.
            drop(thread.join());
        }
    }
}

fn run(
    slaves: Vec<(PathBuf, Slave)>,
    stopped: watch::Receiver<bool>,
    up: &SyncSender<Result<(), WitnessError>>,
) {
    let outcome = serve(slaves, stopped, up);
    if let Err(error) = outcome {
        // Nobody waits any more once the servers were up: then slaves fall silent, which tests notice.
        drop(up.try_send(Err(error)));
    }
}

fn serve(
    slaves: Vec<(PathBuf, Slave)>,
    stopped: watch::Receiver<bool>,
    up: &SyncSender<Result<(), WitnessError>>,
) -> Result<(), WitnessError> {
    let failed = |address| move |source| WitnessError::Serve { address, source };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(WitnessError::Thread)?;
    runtime.block_on(async {
        let mut servers = tokio::task::JoinSet::new();
        for (path, slave) in slaves {
            let address = slave.address();
            let server = Server::new_from_path(&path, PAIR_BAUD).map_err(failed(address))?;
            let mut stopped = stopped.clone();
            servers.spawn(server.serve_until(slave, async move {
                // An error means that the handle is gone: stop just the same.
                drop(stopped.wait_for(|stop| *stop).await);
            }));
        }
        // The receiver waits for exactly this one message.
        drop(up.try_send(Ok(())));
        while servers.join_next().await.is_some() {}
        Ok(())
    })
}
