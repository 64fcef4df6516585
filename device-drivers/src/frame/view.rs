//! A frame that was heard, checked as far as its format can be.

use crate::channel::Channel;
use crate::frame::protocol::Protocol;
use crate::frame::{kerong_cu16, kerong_cu48, lock_8a, modbus_view, winnsen, wkly};

/// One received frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View<'a> {
    /// With good check bytes of Modbus RTU.
    Modbus(modbus_view::View<'a>),
    /// With a good sum.
    KerongCu16(kerong_cu16::View<'a>),
    /// With a good sum.
    KerongCu48(kerong_cu48::View<'a>),
    /// With a good exclusive or.
    Lock8a(lock_8a::View<'a>),
    /// Of good form; there is nothing else to check.
    Winnsen(winnsen::View<'a>),
    /// With a good exclusive or.
    Wkly(wkly::View<'a>),
}

impl<'a> View<'a> {
    /// Views `frame`, as [`Protocol::head`] cut it; none when its check bytes are wrong.
    #[must_use]
    pub fn new(protocol: Protocol, frame: &'a [u8]) -> Option<Self> {
        (protocol.facts().view)(frame)
    }

    /// Address of the slave it is from, or to.
    #[must_use]
    pub const fn address(&self) -> u8 {
        in_its_format!(self, view => view.address())
    }

    /// What it is about, as its format numbers it.
    #[must_use]
    pub const fn function(&self) -> u8 {
        in_its_format!(self, view => view.function())
    }

    /// The lock of which a board of its format speaks unasked: a reason to read it now, and never evidence.
    #[must_use]
    pub fn hint(&self) -> Option<Channel> {
        match self {
            Self::Lock8a(view) => view.hint(),
            Self::Wkly(view) => view.hint(),
            Self::Modbus(_) | Self::KerongCu16(_) | Self::KerongCu48(_) | Self::Winnsen(_) => None,
        }
    }
}
