//! The socket: bound by one daemon, open to peers with a role, bounded in connections and in time.

use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use vestibule_core::command::Channel;
use vestibule_store::Reader;

use super::lines;
use super::peer;
use super::protocol::Message;
use super::replies::Replies;
use super::rests::Rests;
use super::session::Session;
use crate::config::Configuration;
use crate::engine::EngineHandle;
use crate::field::Loans;
use crate::readers::Readers;
use crate::telemetry::Telemetry;

/// Most connections: a person for each terminal, some that follow the journal, and scripts.
pub const CONNECTIONS_MAX: usize = 48;
/// Pause after a failed accept: out of descriptors, the next one fails as well until somebody leaves.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why there is no console.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Another daemon answers there.
    #[error("another daemon listens on {0} already")]
    Taken(PathBuf),
    /// The system refuses.
    #[error("{operation} {path}: {source}")]
    Io {
        /// What was tried.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What connections share.
pub struct Shared {
    /// The building.
    pub configuration: Configuration,
    /// The engine.
    pub engine: EngineHandle,
    /// The journal.
    pub journal: Reader,
    /// What lines, boards and connections count.
    pub telemetry: Telemetry,
    /// Who lends lines.
    pub loans: Loans,
    /// Lines that were lent to technicians a moment ago.
    pub rests: Rests,
    /// The readers, for whoever gives them keys.
    pub readers: Readers,
    /// Who waits for answers.
    pub replies: Replies,
    /// One verification at a time: each reads the whole journal.
    pub verifying: Semaphore,
}

/// A bound console.
pub struct Console {
    listener: UnixListener,
    shared: Arc<Shared>,
}

impl Console {
    /// Binds the socket of the configuration. What a dead daemon left there is removed; must be called on the runtime.
    ///
    /// # Errors
    /// [`ConsoleError`] if another daemon listens there or the system refuses.
    pub fn bind(
        configuration: Configuration,
        engine: EngineHandle,
        journal: Reader,
        telemetry: Telemetry,
        loans: Loans,
        readers: Readers,
    ) -> Result<Self, ConsoleError> {
        let path = configuration.local.socket.clone();
        let failed = |operation| {
            let path = path.clone();
            move |source| ConsoleError::Io { operation, path, source }
        };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed("create the folder of"))?;
        }
        remove_stale(&path)?;
        let listener = UnixListener::bind(&path).map_err(failed("listen on"))?;
        // Anybody may knock; who has no role is turned away after the kernel said who it is. Two groups have roles, and
        // a file has one group.
        let open = std::fs::Permissions::from_mode(0o666);
        std::fs::set_permissions(&path, open).map_err(failed("set the permissions of"))?;
        let replies = Replies::default();
        let shared = Shared {
            configuration,
            engine,
            journal,
            telemetry,
            loans,
            rests: Rests::default(),
            readers,
            replies,
            verifying: Semaphore::new(1),
        };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// Serves until `shutdown` completes, then removes the socket.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, shared } = self;
        let outgoing = shared.engine.subscribe(Channel::Console);
        let mut sessions = JoinSet::new();
        let accepting = async {
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((stream, _)) if sessions.len() < CONNECTIONS_MAX => {
                            sessions.spawn(meet(Arc::clone(&shared), stream));
                        }
                        Ok((stream, _)) => turn_away(&stream),
                        Err(error) => {
                            tracing::warn!(%error, "cannot accept a console connection");
                            tokio::time::sleep(ACCEPT_PAUSE).await;
                        }
                    },
                    Some(done) = sessions.join_next() => {
                        if let Err(error) = done {
                            tracing::error!(%error, "a console connection's task failed");
                        }
                    }
                }
            }
        };
        tokio::select! {
            () = shutdown => {}
            () = accepting => {}
            () = shared.replies.route(outgoing) => {}
        }
        if let Err(error) = std::fs::remove_file(&shared.configuration.local.socket) {
            tracing::warn!(%error, "cannot remove the console's socket");
        }
    }
}

fn remove_stale(path: &Path) -> Result<(), ConsoleError> {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(ConsoleError::Taken(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => std::fs::remove_file(path).map_err(|source| {
            let path = path.to_owned();
            ConsoleError::Io { operation: "remove what is left of", path, source }
        }),
    }
}

/// Says why, without waiting for whoever does not read.
fn turn_away(stream: &UnixStream) {
    tracing::warn!("the console is full; a connection is refused");
    let message = Message::error("busy", "Too many connections to the console; try again later.");
    if let Ok(mut line) = serde_json::to_vec(&message) {
        line.push(b'\n');
        // Best effort: the peer sees the end of the connection anyway.
        drop(stream.try_write(&line));
    }
}

async fn meet(shared: Arc<Shared>, mut stream: UnixStream) {
    let credentials = match stream.peer_cred() {
        Ok(credentials) => credentials,
        Err(error) => {
            tracing::warn!(%error, "the kernel does not say who a console peer is");
            return;
        }
    };
    let (uid, gid) = (credentials.uid(), credentials.gid());
    let Some(peer) = peer::identify(uid, gid) else {
        tracing::warn!(uid, "a console peer without a role is refused");
        let sentence = format!("Only members of {} or {} may do this.", peer::STAFF_GROUP, peer::TECH_GROUP);
        // The peer may be gone; nothing follows from that.
        drop(lines::write(&mut stream, &Message::error("not_allowed", sentence)).await);
        return;
    };
    tracing::debug!(peer = %peer.name, "a console peer is here");
    if let Err(error) = Session::new(shared, peer, stream).run().await {
        tracing::debug!(%error, "a console connection ended");
    }
}
