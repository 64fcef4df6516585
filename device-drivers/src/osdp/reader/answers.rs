//! What a reader's answers tell, and what comes next after each.

use std::time::Duration;

use super::super::command::reply;
use super::super::limits::{
    CARD_BYTES_MAX, KEYLESS_PERIOD, KEYS_MAX, POLL_PERIOD, SILENT_RETRY, STATUS_PERIOD,
};
use super::super::link::{Disproof, Stage, With};
use super::super::session::Session;
use super::super::signal::{
    Card, Identity, InstallOutcome, Pressed, ReaderSignal, ReaderState, Tamper, What,
};
use super::outputs::Abilities;
use super::{Reader, Told};
use crate::time::Monotonic;

impl Reader {
    pub(super) fn greeted(&mut self, data: &[u8], now: Monotonic, told: &mut Told) {
        if let Some(identity) = identity(data) {
            let what = What::Identity { reader: self.id.clone(), identity };
            told.push_back(ReaderSignal { at: now, what });
        }
        self.status_due = now;
        if self.key.is_some() {
            self.stage = Stage::Challenge(With::Own, None);
        } else {
            self.stage = Stage::Clear;
            self.stands(ReaderState::Uninstalled, now, told);
        }
        self.answered(now, Duration::ZERO);
    }

    /// Of a reader without a key only the tamper switch is heard, for the install window.
    pub(super) fn plain_answer(&mut self, code: u8, data: &[u8], now: Monotonic, told: &mut Told) {
        if let (reply::LOCAL_STATUS, [tamper, ..]) = (code, data) {
            self.status_due = now + STATUS_PERIOD;
            self.switch(*tamper, now, told);
        }
        self.stands(ReaderState::Uninstalled, now, told);
        self.answered(now, KEYLESS_PERIOD);
        if self.window.is_some() && self.tamper == Some(Tamper::Open) {
            self.stage = Stage::Challenge(With::Default, None);
            self.due = now;
        }
    }

    pub(super) fn disproven(&mut self, how: Disproof, now: Monotonic, told: &mut Told) {
        let with = match &self.stage {
            Stage::Challenge(with, _) | Stage::Proof(with, ..) | Stage::Secure(with, _) => *with,
            Stage::Hello | Stage::Clear => With::Own,
        };
        let installing = matches!(self.stage, Stage::Secure(..));
        self.begin_anew(now);
        match with {
            With::Own => {
                self.due = now + SILENT_RETRY;
                let state = match how {
                    Disproof::Keyless => ReaderState::Keyless,
                    Disproof::WrongKey => ReaderState::WrongKey,
                    Disproof::Refuses => ReaderState::NoChannel,
                };
                self.stands(state, now, told);
            }
            With::Default if !installing => {
                self.end_window(InstallOutcome::DefaultKeyRefused, now, told);
            }
            With::Default | With::Fresh => self.end_window(InstallOutcome::KeyRefused, now, told),
        }
    }

    pub(super) fn opened(&mut self, session: Box<Session>, now: Monotonic, told: &mut Told) {
        let Stage::Proof(with, ..) = &self.stage else { return };
        let with = *with;
        self.counters.channels += 1;
        self.answered(now, Duration::ZERO);
        if with == With::Default {
            self.stage = Stage::Secure(With::Default, session);
            return;
        }
        self.stage = Stage::Secure(With::Own, session);
        (self.abilities, self.status_due, self.tamper) = (None, now, None);
        if with == With::Fresh
            && let Some(window) = self.window.take()
        {
            self.key = Some(window.key);
            self.tell_install(InstallOutcome::Done, now, told);
        }
        // Told each time: what the reader shows may be lost.
        self.told = ReaderState::Unknown;
        self.stands(ReaderState::Secure, now, told);
    }

    pub(super) fn believed(&mut self, code: u8, mut data: Vec<u8>, now: Monotonic, told: &mut Told) {
        let reader = self.id.clone();
        self.stands(ReaderState::Secure, now, told);
        let mut again = Duration::ZERO;
        match (code, data.as_mut_slice()) {
            (reply::KEYPAD, [_, count, keys @ ..])
                if usize::from(*count) == keys.len() && (1..=KEYS_MAX).contains(&keys.len()) =>
            {
                let what = What::Pressed { reader, keys: Pressed::take(keys) };
                told.push_back(ReaderSignal { at: now, what });
            }
            (reply::CARD, [_, _, low, high, number @ ..]) => {
                let bits = u16::from_le_bytes([*low, *high]);
                let fits = usize::from(bits.div_ceil(8)) == number.len() && number.len() <= CARD_BYTES_MAX;
                if fits && bits > 0 {
                    let card = Card { bits, number: number.to_vec() };
                    told.push_back(ReaderSignal { at: now, what: What::Card { reader, card } });
                }
            }
            (reply::LOCAL_STATUS, [tamper, ..]) => {
                self.status_due = now + STATUS_PERIOD;
                let tamper = *tamper;
                self.switch(tamper, now, told);
            }
            (reply::CAPABILITIES, all) => self.abilities = Some(Abilities::of(all)),
            // A reader that will not tell has the usual.
            (reply::NAK, _) if self.abilities.is_none() => {
                self.abilities = Some(Abilities { light: true, sound: true, text: false });
            }
            (reply::NAK, _) if self.status_due <= now => self.status_due = now + STATUS_PERIOD,
            _ => again = POLL_PERIOD,
        }
        self.answered(now, again);
        if self.outputs.wait() {
            self.due = now;
        }
    }

    fn switch(&mut self, reported: u8, now: Monotonic, told: &mut Told) {
        let tamper = if reported == 0 { Tamper::Closed } else { Tamper::Open };
        if self.tamper.replace(tamper) != Some(tamper) {
            let what = What::Tamper { reader: self.id.clone(), tamper };
            told.push_back(ReaderSignal { at: now, what });
        }
    }

    pub(super) fn clear_read(&mut self, now: Monotonic, told: &mut Told) {
        self.counters.clear_reads += 1;
        told.push_back(ReaderSignal { at: now, what: What::ClearRead { reader: self.id.clone() } });
    }
}

fn identity(data: &[u8]) -> Option<Identity> {
    let [v0, v1, v2, model, version, s0, s1, s2, s3, major, minor, build] = *data else { return None };
    Some(Identity {
        vendor: u32::from_le_bytes([v0, v1, v2, 0]),
        model,
        version,
        serial: u32::from_le_bytes([s0, s1, s2, s3]),
        firmware: [major, minor, build],
    })
}
