//! A switch at a door: polarity, a broken wire, and bounce.

use std::time::Duration;

use crate::time::SimTime;

/// Most toggles of one bounce: a contact that chatters longer than that is a fault of its own.
const MAX_TOGGLES: u32 = 64;

/// Which input level the installer found to mean "shut" (or "latched").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShutWhen {
    /// Current flows when shut, so a broken wire reads open. The recommended wiring.
    #[default]
    On,
    /// Current flows when open: a broken wire reads shut.
    Off,
}

/// The wire from a contact to its input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// In order.
    #[default]
    Whole,
    /// Cut: no current, whatever the contact does.
    Cut,
}

/// Contact bounce: the contact makes, breaks and makes again `times` times, `spacing` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// How often the contact opens again.
    pub times: u8,
    /// Between two changes.
    pub spacing: Duration,
}

/// One switch and its wire.
#[derive(Clone, Debug)]
pub(crate) struct Contact {
    shut_when: ShutWhen,
    wire: Wire,
    bounce: Option<(SimTime, Bounce)>,
}

impl Contact {
    pub fn new(shut_when: ShutWhen) -> Self {
        Self { shut_when, wire: Wire::Whole, bounce: None }
    }

    pub fn set_wire(&mut self, wire: Wire) {
        self.wire = wire;
    }

    pub fn start_bounce(&mut self, at: SimTime, bounce: Bounce) {
        self.bounce = Some((at, bounce));
    }

    pub fn settle(&mut self) {
        self.bounce = None;
    }

    /// The input's level while the switch is `shut`: whether current flows.
    pub fn level(&self, shut: bool, now: SimTime) -> bool {
        if self.wire == Wire::Cut {
            return false;
        }
        let shut = shut && !self.bounced_open(now);
        shut == (self.shut_when == ShutWhen::On)
    }

    fn bounced_open(&self, now: SimTime) -> bool {
        let Some((since, bounce)) = self.bounce else {
            return false;
        };
        let all = u32::from(bounce.times).saturating_mul(2).min(MAX_TOGGLES);
        (1..=all).take_while(|nth| since + bounce.spacing * *nth <= now).count() % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Bounce, Contact, ShutWhen, Wire};
    use crate::time::SimTime;

    #[test]
    fn a_broken_wire_reads_open_when_shut_means_current() {
        let mut contact = Contact::new(ShutWhen::On);
        assert!(contact.level(true, SimTime::ZERO));
        contact.set_wire(Wire::Cut);
        assert!(!contact.level(true, SimTime::ZERO));
    }

    #[test]
    fn the_other_polarity_hides_a_broken_wire() {
        let mut contact = Contact::new(ShutWhen::Off);
        let shut = contact.level(true, SimTime::ZERO);
        contact.set_wire(Wire::Cut);
        assert_eq!(contact.level(false, SimTime::ZERO), shut);
    }

    #[test]
    fn two_bounces_open_the_contact_twice_and_end_shut() {
        let mut contact = Contact::new(ShutWhen::On);
        contact.start_bounce(SimTime::ZERO, Bounce { times: 2, spacing: Duration::from_millis(10) });
        let levels: Vec<bool> =
            [0, 5, 15, 25, 35, 45, 900].map(|ms| contact.level(true, SimTime::from_millis(ms))).to_vec();
        assert_eq!(levels, [true, true, false, true, false, true, true]);
    }
}
