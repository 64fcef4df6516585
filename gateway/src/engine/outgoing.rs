//! What the engine tells bus, uplink and console, through one bounded queue each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;
use vestibule_core::command::{Channel, CommandKey, Outcome};
use vestibule_core::effect::Thing;
use vestibule_store::JournalRow;

use super::released::Witness;

/// Messages one client may be behind: a few seconds of the busiest bus. A client that is further behind publishes
/// everything again from the snapshot, so nothing is gained by remembering more.
pub const OUTGOING_MAX: usize = 1_024;

/// One message to a client of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// Messages before this one were dropped: publish all state again.
    Missed {
        /// How many.
        dropped: u64,
    },
    /// A thing's public state changed; render it from the snapshot.
    Changed(Thing),
    /// A row became durable. The bus publishes it; the uplink takes it as a poke to read its outbox.
    Row(JournalRow),
    /// A row could not be made durable yet.
    Witness(Witness),
    /// The answer to a command of this client's channel.
    Reply {
        /// Which command.
        key: CommandKey,
        /// The answer.
        outcome: Outcome,
    },
    /// Publish all state again, then answer with this end marker if the command came over your channel.
    Resync {
        /// Which command asked.
        key: CommandKey,
        /// The end marker's content.
        outcome: Outcome,
    },
    /// A notice waits; ask [`EngineHandle::sealed_notices`](super::EngineHandle::sealed_notices).
    NoticeWaiting,
    /// The daemon is about to end: publish what must be published, then disconnect in order.
    Stopping,
}

/// One client's end of the queue, on the engine's side.
struct Client {
    channel: Channel,
    sender: mpsc::Sender<Outgoing>,
    missed: u64,
}

/// Every client's queue.
#[derive(Default)]
pub(crate) struct Clients {
    clients: Mutex<Vec<Client>>,
    dropped: AtomicU64,
}

impl Clients {
    /// Adds a client; a former one of that channel that is gone is forgotten with the next message.
    pub(crate) fn subscribe(&self, channel: Channel) -> mpsc::Receiver<Outgoing> {
        let (sender, receiver) = mpsc::channel(OUTGOING_MAX);
        self.lock().push(Client { channel, sender, missed: 0 });
        receiver
    }

    /// Hands a message to every client it concerns; never waits.
    pub(crate) fn send(&self, message: &Outgoing) {
        let mut clients = self.lock();
        clients.retain_mut(|client| {
            if !message.concerns(client.channel) {
                return !client.sender.is_closed();
            }
            client.offer(message, &self.dropped)
        });
    }

    /// Messages dropped since the start, over all clients.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// Whether the client is still there.
    fn offer(&mut self, message: &Outgoing, dropped: &AtomicU64) -> bool {
        if self.missed > 0 {
            match self.sender.try_send(Outgoing::Missed { dropped: self.missed }) {
                Ok(()) => self.missed = 0,
                Err(mpsc::error::TrySendError::Closed(_)) => return false,
                Err(mpsc::error::TrySendError::Full(_)) => {}
            }
        }
        match self.sender.try_send(message.clone()) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.missed += 1;
                dropped.fetch_add(1, Ordering::Relaxed);
                true
            }
        }
    }
}

impl Outgoing {
    /// Answers go to the channel that asked; the console reads everything else from the snapshot and the journal. It
    /// publishes nothing itself, so all who do publish again when it asks for that.
    fn concerns(&self, channel: Channel) -> bool {
        match self {
            Self::Reply { key, .. } => key.channel == channel,
            Self::Resync { key, .. } => key.channel == channel || key.channel == Channel::Console,
            Self::Stopping | Self::Missed { .. } => true,
            Self::NoticeWaiting => channel == Channel::Cloud,
            Self::Changed(_) | Self::Row(_) | Self::Witness(_) => channel != Channel::Console,
        }
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::command::{Actor, Answer, Status};
    use vestibule_core::id::CommandId;
    use vestibule_core::time::Timestamp;
    use vestibule_core::unit::Digest;

    use super::*;

    #[test]
    fn client_is_told_to_publish_again_when_it_was_too_slow() {
        let clients = Clients::default();
        let mut receiver = clients.subscribe(Channel::Bus);
        for _ in 0..OUTGOING_MAX + 5 {
            clients.send(&Outgoing::Changed(Thing::Gateway));
        }
        assert_eq!(clients.dropped(), 5);
        while receiver.try_recv().is_ok() {}
        clients.send(&Outgoing::Changed(Thing::Gateway));
        assert_eq!(receiver.try_recv(), Ok(Outgoing::Missed { dropped: 5 }));
        assert_eq!(receiver.try_recv(), Ok(Outgoing::Changed(Thing::Gateway)));
    }

    fn resync(from: Channel) -> Outgoing {
        let key =
            CommandKey { channel: from, actor: Actor::Gateway, id: CommandId::new("again").expect("id") };
        let outcome = Outcome {
            digest: Digest([0; 32]),
            status: Status::Done,
            detail: String::new(),
            sentence: String::new(),
            events: Vec::new(),
            answer: Answer::None,
            keep_until: Timestamp(0),
        };
        Outgoing::Resync { key, outcome }
    }

    #[test]
    fn all_publish_again_when_the_console_asks_and_one_when_a_broker_does() {
        let told = |from| {
            let clients = Clients::default();
            let channels = [Channel::Bus, Channel::Cloud, Channel::Console];
            let mut receivers = channels.map(|channel| clients.subscribe(channel));
            clients.send(&resync(from));
            receivers.each_mut().map(|receiver| receiver.try_recv().is_ok())
        };
        assert_eq!(told(Channel::Console), [true, true, true]);
        assert_eq!(told(Channel::Bus), [true, false, false]);
        assert_eq!(told(Channel::Cloud), [false, true, false]);
    }

    #[test]
    fn console_gets_no_state_when_things_change() {
        let clients = Clients::default();
        let mut console = clients.subscribe(Channel::Console);
        clients.send(&Outgoing::Changed(Thing::Gateway));
        clients.send(&Outgoing::Stopping);
        assert_eq!(console.try_recv(), Ok(Outgoing::Stopping));
    }
}
