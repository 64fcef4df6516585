//! Where the conversation with one reader stands: what is said next, and what an answer to it means. A table over
//! (stage, what was asked, what came).

use super::command::{self, reply};
use super::frame::{Block, Reply, scs};
use super::key::{DEFAULT, ReaderKey};
use super::session::{Derived, Distrust, Session};

/// Which key a handshake is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum With {
    /// The reader's own.
    Own,
    /// The default key, in an install window.
    Default,
    /// The key that the reader was just given.
    Fresh,
}

/// How far the conversation is.
pub(super) enum Stage {
    /// Who is there?
    Hello,
    /// A reader without a key, asked for its tamper switch.
    Clear,
    /// The challenge goes out; `Some` once it has.
    Challenge(With, Option<Derived>),
    /// The reader has proven its key; our proof goes out.
    Proof(With, Derived, [u8; 8]),
    /// The channel is up.
    Secure(With, Box<Session>),
}

/// What an answer means.
pub(super) enum Meaning {
    /// Not the answer, and not believed: go on waiting for it.
    Ignore,
    /// A card or keys in clear text: ignored, and counted by itself.
    ClearRead,
    /// The reader needs more time for the same command.
    Busy,
    /// Begin anew.
    Broken,
    /// Somebody is there.
    Greeted(Vec<u8>),
    /// Clear text of a reader without a key.
    Plain(u8, Vec<u8>),
    /// The reader has proven the key.
    Proven([u8; 8]),
    /// The reader has not the key that was asked for.
    Disproven(Disproof),
    /// The channel is open.
    Opened(Box<Session>),
    /// The reader acknowledged its new key.
    KeyTaken,
    /// Authentic.
    Believed(u8, Vec<u8>),
}

/// How a reader fails to prove a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disproof {
    /// It offers a key that everybody knows.
    Keyless,
    /// It has another key.
    WrongKey,
    /// It refuses.
    Refuses,
}

/// NAK: the reader knows no such command, no such security block, or wants a channel first.
const REFUSALS: [u8; 3] = [3, 5, 6];

/// What `reply`, with the right address and sequence, means as the answer to `asked`.
pub(super) fn meaning(stage: &mut Stage, asked: u8, reply: &Reply<'_>) -> Meaning {
    let handshake = |kind| matches!(reply.block, Block::Handshake { kind: is, .. } if is == kind);
    match (stage, asked, reply.code) {
        (Stage::Secure(with, session), asked, _) => secure(*with, session, asked, reply),
        (_, _, reply::KEYPAD | reply::CARD | reply::CARD_FORMATTED) => Meaning::ClearRead,
        (Stage::Hello, command::ID, reply::ID) if reply.block == Block::None => {
            Meaning::Greeted(reply.data.to_vec())
        }
        (Stage::Clear, _, code) if reply.block == Block::None => Meaning::Plain(code, reply.data.to_vec()),
        (Stage::Challenge(_, Some(derived)), command::CHALLENGE, reply::CHALLENGE)
            if handshake(scs::CHALLENGE_REPLY) =>
        {
            proof(derived, reply)
        }
        (Stage::Challenge(..) | Stage::Proof(..), _, reply::NAK) if reply.block == Block::None => {
            match reply.data {
                [why, ..] if REFUSALS.contains(why) => Meaning::Disproven(Disproof::Refuses),
                _ => Meaning::Broken,
            }
        }
        (Stage::Proof(_, derived, theirs), command::CRYPTOGRAM, reply::CRYPTOGRAM)
            if handshake(scs::CRYPTOGRAM_REPLY) =>
        {
            // Whoever cannot make the first MAC has not the key, whatever the cryptogram was worth.
            derived
                .open(*theirs, reply.data)
                .map_or(Meaning::Broken, |session| Meaning::Opened(Box::new(session)))
        }
        (Stage::Hello, _, reply::NAK) => Meaning::Broken,
        _ => Meaning::Ignore,
    }
}

/// An answer to a challenge: its own number, its random number, its cryptogram.
fn proof(derived: &Derived, reply: &Reply<'_>) -> Meaning {
    let Some((_, rest)) = reply.data.split_first_chunk::<8>() else { return Meaning::Ignore };
    let Some((theirs, cryptogram)) = rest.split_first_chunk::<8>() else { return Meaning::Ignore };
    if derived.is_proven(*theirs, cryptogram) {
        return Meaning::Proven(*theirs);
    }
    let known = |key| Derived::new(key, derived.ours()).is_proven(*theirs, cryptogram);
    let keyless =
        matches!(reply.block, Block::Handshake { info: 0, .. }) || known(&DEFAULT) || known(&[0; 16]);
    Meaning::Disproven(if keyless { Disproof::Keyless } else { Disproof::WrongKey })
}

fn secure(with: With, session: &mut Session, asked: u8, reply: &Reply<'_>) -> Meaning {
    match session.open(reply) {
        Ok(_) if with == With::Default && asked == command::KEY_SET => match reply.code {
            reply::ACK => Meaning::KeyTaken,
            _ => Meaning::Disproven(Disproof::Refuses),
        },
        Ok(data) => Meaning::Believed(reply.code, data),
        Err(Distrust::Padding) => Meaning::Broken,
        Err(Distrust::Mac) => Meaning::Ignore,
        Err(Distrust::Clear) => match (reply.block, reply.code) {
            (_, reply::KEYPAD | reply::CARD | reply::CARD_FORMATTED) => Meaning::ClearRead,
            // The new key is proven by the handshake that follows, whoever sent this.
            (Block::None, reply::ACK) if with == With::Default && asked == command::KEY_SET => {
                Meaning::KeyTaken
            }
            (Block::None, reply::NAK) => Meaning::Broken,
            _ => Meaning::Ignore,
        },
    }
}

/// The key that a handshake is about; none where there is none.
pub(super) fn key_of<'a>(
    with: With,
    own: Option<&'a ReaderKey>,
    fresh: Option<&'a ReaderKey>,
) -> Option<&'a [u8; 16]> {
    match with {
        With::Own => own.map(ReaderKey::expose),
        With::Default => fresh.map(|_| &DEFAULT),
        With::Fresh => fresh.map(ReaderKey::expose),
    }
}
