//! The scanner itself: takes bytes and time, gives commands, signals and the time of the next step.
//!
//! The law of use is that of [`Line`](crate::line::Line): after every input call [`Scanner::poll`] until it says
//! [`Output::Wait`].

use std::collections::VecDeque;

use super::framer::{Framer, Piece};
use super::gm65::Reply;
use super::guard::{Guard, News};
use super::repeats::Repeats;
use super::set_up_code::looks_like_set_up;
use super::text::ScanText;
use super::{CommandSet, Dropped, ScannerAlarm, ScannerCounters, ScannerSignal, ScannerState, Undone};
use crate::limits::COUNTERS_PERIOD;
use crate::signal::PortState;
use crate::time::Monotonic;
use crate::trace::{Kind, Tape};

/// What the owner of the port does next.
#[derive(Debug)]
pub enum Output {
    /// Write these bytes now.
    Transmit([u8; 9]),
    /// Tell this upward.
    Signal(ScannerSignal),
    /// Wait for an input, at most until then.
    Wait(Monotonic),
}

/// One scanner.
#[derive(Debug)]
pub struct Scanner {
    framer: Framer,
    repeats: Repeats,
    /// Where it takes commands.
    guard: Option<Guard>,
    open: bool,
    counters: ScannerCounters,
    counters_due: Monotonic,
    out: VecDeque<ScannerSignal>,
    tape: Tape,
}

impl Scanner {
    /// A scanner behind a closed port.
    #[must_use]
    pub fn new(commands: CommandSet, now: Monotonic) -> Self {
        Self {
            framer: Framer::default(),
            repeats: Repeats::default(),
            guard: (commands == CommandSet::Gm65).then(Guard::new),
            open: false,
            counters: ScannerCounters::default(),
            counters_due: now + COUNTERS_PERIOD,
            out: VecDeque::new(),
            tape: Tape::default(),
        }
    }

    /// The last things scanned, by their lengths alone.
    #[must_use]
    pub fn tape(&self) -> Tape {
        self.tape.clone()
    }

    /// The port was opened.
    pub fn opened(&mut self, now: Monotonic) {
        self.open = true;
        self.framer.restart();
        self.tape.note_length(now, Kind::Opened, 0);
        self.out.push_back(ScannerSignal::Port { at: now, state: PortState::Open });
        match &mut self.guard {
            Some(guard) => guard.opened(now),
            None => self.out.push_back(ScannerSignal::State { at: now, state: ScannerState::Ready }),
        }
    }

    /// The port was closed or lost.
    pub fn closed(&mut self, now: Monotonic) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        self.framer.restart();
        if let Some(guard) = &mut self.guard {
            guard.closed();
        }
        self.tape.note_length(now, Kind::Closed, 0);
        self.out.push_back(ScannerSignal::Port { at: now, state: PortState::Unplugged });
        self.out.push_back(ScannerSignal::State { at: now, state: ScannerState::Away });
    }

    /// Takes bytes that came at `now`.
    pub fn received(&mut self, bytes: &[u8], now: Monotonic) {
        if self.open {
            self.framer.take(bytes, now);
            self.take_pieces(now);
        }
    }

    /// What to do next; to be called until it says [`Output::Wait`].
    pub fn poll(&mut self, now: Monotonic) -> Output {
        self.framer.pass(now);
        self.take_pieces(now);
        self.repeats.forget(now);
        self.give_up(now);
        if now >= self.counters_due {
            self.counters_due = now + COUNTERS_PERIOD;
            self.out.push_back(ScannerSignal::Counters { at: now, counters: self.counters });
        }
        if let Some(signal) = self.out.pop_front() {
            return Output::Signal(signal);
        }
        // A command's reply must not come into a text that has begun.
        let command = match &mut self.guard {
            Some(guard) if self.framer.due() == Monotonic::NEVER => guard.command(now),
            _ => None,
        };
        if let Some(command) = command {
            self.counters.commands += 1;
            return Output::Transmit(command.encode());
        }
        Output::Wait(self.due(now))
    }

    fn due(&self, now: Monotonic) -> Monotonic {
        let text = self.framer.due();
        let guard = self.guard.as_ref().map_or(Monotonic::NEVER, Guard::due);
        // A command that waits for a text to end is not due before that.
        let guard = if text != Monotonic::NEVER && guard <= now { Monotonic::NEVER } else { guard };
        text.min(guard).min(self.counters_due)
    }

    fn give_up(&mut self, now: Monotonic) {
        let Some(guard) = &mut self.guard else { return };
        let (given_up, news) = guard.give_up(now);
        self.counters.unanswered += u64::from(given_up);
        self.tell(news, now);
    }

    fn take_pieces(&mut self, now: Monotonic) {
        while let Some(piece) = self.framer.piece() {
            match piece {
                Piece::Text(text) => self.scanned(text, now),
                Piece::Reply(reply) => self.replied(&reply, now),
                Piece::Dropped(why) => self.drop_piece(why, now),
            }
        }
    }

    fn scanned(&mut self, text: ScanText, now: Monotonic) {
        self.tape.note_length(now, Kind::Scan, text.expose().len());
        if let Some(guard) = &mut self.guard {
            guard.scanned(now);
        }
        if self.repeats.again(&text, now) {
            self.counters.repeated += 1;
            self.out.push_back(ScannerSignal::Dropped { at: now, why: Dropped::Repeated });
            return;
        }
        if looks_like_set_up(text.expose()) {
            if let Some(guard) = &mut self.guard {
                guard.suspect(now);
            }
            self.counters.set_up_codes += 1;
            self.out.push_back(ScannerSignal::Alarm { at: now, alarm: ScannerAlarm::SetUpCode });
            return;
        }
        self.counters.scans += 1;
        self.out.push_back(ScannerSignal::Scan { at: now, text });
    }

    fn replied(&mut self, reply: &Reply, now: Monotonic) {
        let waited_for = match &mut self.guard {
            Some(guard) => {
                let (waited_for, news) = guard.reply(reply, now);
                news.into_iter().for_each(|news| self.tell(news, now));
                waited_for
            }
            None => false,
        };
        if !waited_for {
            self.drop_piece(Dropped::Reply, now);
        }
    }

    fn drop_piece(&mut self, why: Dropped, now: Monotonic) {
        self.counters.dropped += 1;
        self.out.push_back(ScannerSignal::Dropped { at: now, why });
    }

    fn tell(&mut self, news: Option<News>, now: Monotonic) {
        if let Some(News::Alarm(ScannerAlarm::SettingsChanged { undone, .. })) = news {
            let count = match undone {
                Undone::NotYet => &mut self.counters.changed,
                Undone::Yes => &mut self.counters.undone,
            };
            *count += 1;
        }
        let signal = match news {
            None => return,
            Some(News::Alarm(alarm)) => ScannerSignal::Alarm { at: now, alarm },
            Some(News::State(state)) => ScannerSignal::State { at: now, state },
        };
        self.out.push_back(signal);
    }
}
