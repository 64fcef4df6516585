//! What differs between bus and uplink: what is published besides state and replies, and what its PUBACK means.

use vestibule_core::id::BuildingId;

use super::message::Message;
use crate::engine::{EngineHandle, Outgoing};

/// A source of messages. The client asks it for the next one whenever there is room.
pub trait Feed: Send {
    /// What a publication was for.
    type Sent: Send;

    /// The connection stands; whatever was unacknowledged before is to be sent again.
    fn connected(&mut self, engine: &EngineHandle);

    /// The engine says something that is not state, nor an answer.
    fn told(&mut self, outgoing: Outgoing);

    /// The next message, if there is one.
    fn next(&mut self, building: &BuildingId) -> Option<(Message, Self::Sent)>;

    /// It arrived at the broker.
    fn acknowledged(&mut self, sent: Self::Sent, engine: &EngineHandle);

    /// Everything that has happened so far was heard: what a burst of acknowledgements says can be said once.
    fn settled(&mut self, _: &EngineHandle) {}

    /// The broker refused it, or it is too large for it.
    fn not_taken(&mut self, sent: Self::Sent);

    /// The connection is gone and nobody knows whether these arrived, oldest first.
    fn lost(&mut self, sent: Vec<Self::Sent>);

    /// Waits until [`Self::next`] may have something that it had not before. Must be cancel-safe.
    fn refilled(&mut self, engine: &EngineHandle) -> impl Future<Output = ()> + Send;

    /// Messages dropped because too many waited, since the start.
    fn dropped(&self) -> u64;
}
