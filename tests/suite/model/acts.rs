//! What may happen: people at terminals, doors, boards, the disk, the clock, the power.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use vestibule_core::Building;
use vestibule_core::command::{Actor, Channel, Command, CommandKey, CommandRequest, Intake, Retention};
use vestibule_core::compartment::{Contact, Level};
use vestibule_core::effect::{Purpose, Unlock};
use vestibule_core::id::{CommandId, CompartmentId, TerminalId};
use vestibule_core::input::{Entry, Health, Input, Key, NotSent, PulseReport, StorageHealth, Typed};
use vestibule_core::row::{Row, RowKey};
use vestibule_core::site::{Climate, Sensing, Size};
use vestibule_core::time::{ClockTrust, Millis, Mono, Timestamp};
use vestibule_core::unit::Digest;

use super::history::History;
use super::world::{CARRIERS, UNITS, key, with_check_digit};

impl History {
    pub(super) fn somebody_types(&mut self) {
        let terminals: Vec<TerminalId> = self.site.terminals.keys().cloned().collect();
        let terminal = self.chance.pick(&terminals).unwrap().clone();
        if self.chance.once_in(3) {
            let keys = [
                Key::Confirm,
                Key::Confirm,
                Key::Confirm,
                Key::Cancel,
                Key::Next,
                Key::NotDelivered,
                Key::Reopen,
                Key::NeedLarger,
                Key::NotEmpty,
            ];
            let key = *self.chance.pick(&keys).unwrap();
            self.give(Input::Entry { terminal, entry: Entry::Key(key) });
            return;
        }
        let text = match self.chance.below(10) {
            0..=1 => self.chance.pick(&CARRIERS).unwrap().1.to_string(),
            2..=4 => self.chance.pick(&UNITS).unwrap().to_string(),
            5..=6 => (1 + self.chance.below(3)).to_string(),
            7..=8 => self.some_code(),
            _ => format!("{:010}", self.chance.below(10_000_000_000)),
        };
        self.types(&terminal, &text);
    }

    pub(super) fn some_code(&mut self) -> String {
        let codes: Vec<String> = self.codes.keys().cloned().collect();
        self.chance.pick(&codes).cloned().unwrap_or_else(|| "0000000000".into())
    }

    pub(super) fn types(&mut self, terminal: &TerminalId, text: &str) {
        let entry = Entry::Typed(Typed::new(text).unwrap());
        self.give(Input::Entry { terminal: terminal.clone(), entry });
    }

    /// Codes that look right and were never given out.
    pub(super) fn somebody_guesses(&mut self) {
        let terminal = TerminalId::new("garage").unwrap();
        for _ in 0..4 {
            let text = with_check_digit(self.chance.below(1_000_000_000));
            self.types(&terminal, &text);
        }
    }

    /// The straight way out: a code, and every door shut again.
    pub(super) fn a_resident_comes(&mut self) {
        let lobby = TerminalId::new("lobby").unwrap();
        let code = self.some_code();
        self.give(Input::Entry { terminal: lobby.clone(), entry: Entry::Key(Key::Cancel) });
        let unit = self.codes.get(&code).map_or("1a".into(), ToString::to_string);
        self.types(&lobby, &code);
        // In unit + code mode the terminal asks for more; else these mean nothing.
        self.types(&lobby, &unit);
        self.types(&lobby, &code);
        for _ in 0..4 {
            while !self.pulses.is_empty() {
                self.a_pulse_ends();
            }
            self.pass(Millis(300));
            for door in self.doors.at(Level::Open) {
                self.moves(&door, Level::Shut);
            }
            self.pass(Millis(2_300));
        }
    }

    /// The straight way in, so that parcels get in at all.
    pub(super) fn a_courier_delivers(&mut self) {
        let lobby = TerminalId::new("lobby").unwrap();
        let cancel =
            || Input::Entry { terminal: TerminalId::new("lobby").unwrap(), entry: Entry::Key(Key::Cancel) };
        self.give(cancel());
        self.types(&lobby, CARRIERS[0].1);
        let unit = *self.chance.pick(&UNITS).unwrap();
        self.types(&lobby, unit);
        self.give(Input::Entry { terminal: lobby.clone(), entry: Entry::Key(Key::Confirm) });
        self.types(&lobby, "1");
        while !self.pulses.is_empty() {
            self.a_pulse_ends();
        }
        self.pass(Millis(300));
        while !self.doors.at(Level::Open).is_empty() {
            self.a_door_is_shut();
        }
        self.pass(Millis::seconds(17));
    }

    /// The oldest pulse meets its fate.
    pub(super) fn a_pulse_ends(&mut self) {
        if self.pulses.is_empty() {
            return;
        }
        let unlock = self.pulses.remove(0);
        self.pass(Millis(5));
        let sent = self.now.mono;
        let taken_back = self.withdrawn.contains(&unlock.id) && self.chance.once_in(2);
        let (report, opens) = match self.chance.below(40) {
            _ if taken_back => (PulseReport::NotSent(NotSent::Cancelled), false),
            0 => (PulseReport::Rejected { sent, exception: 4 }, false),
            1 => (PulseReport::NotSent(NotSent::Expired), false),
            2 => (PulseReport::NotSent(NotSent::Unreachable), false),
            3 => (PulseReport::Unanswered { sent }, false),
            8 => (PulseReport::NotSent(NotSent::CoolingDown { again: Millis(9_001) }), false),
            4..=6 => (PulseReport::Unanswered { sent }, true),
            7 => (PulseReport::Acknowledged { sent }, false),
            _ => (PulseReport::Acknowledged { sent }, true),
        };
        // The contacts may be on another line, and be heard before the report.
        let contact_first = self.chance.once_in(4);
        if opens && contact_first {
            self.moves(&unlock.compartment, Level::Open);
            self.pass(Millis(120));
        }
        self.give(Input::Pulse { unlock: unlock.id, report });
        if self.chance.once_in(20) {
            self.give(Input::Pulse { unlock: unlock.id, report });
        }
        if opens && !contact_first {
            self.moves(&unlock.compartment, Level::Open);
        }
        if !opens {
            self.pass(Millis(3_100));
        }
    }

    pub(super) fn moves(&mut self, id: &CompartmentId, level: Level) {
        self.doors.0.insert(id.clone(), level);
        self.hear(id);
    }

    /// The contacts of a compartment are read; a latch follows its door.
    pub(super) fn hear(&mut self, id: &CompartmentId) {
        let (level, at) = (self.doors.0[id], self.now.mono);
        let compartment = id.clone();
        self.give(Input::Contact { compartment: compartment.clone(), contact: Contact::Door, level, at });
        if self.site.compartments[id].latch == Sensing::Wired {
            self.give(Input::Contact { compartment, contact: Contact::Latch, level, at });
        }
    }

    pub(super) fn all_heard(&mut self) {
        for id in self.site.compartments.keys().cloned().collect::<Vec<_>>() {
            self.hear(&id);
        }
    }

    pub(super) fn a_door_is_shut(&mut self) {
        let open = self.doors.at(Level::Open);
        let Some(door) = self.chance.pick(&open).cloned() else { return };
        self.moves(&door, Level::Shut);
        if self.chance.once_in(5) {
            self.pass(Millis(150));
            self.moves(&door, Level::Open);
        }
    }

    pub(super) fn a_door_is_forced(&mut self) {
        let shut = self.doors.at(Level::Shut);
        let Some(door) = self.chance.pick(&shut).cloned() else { return };
        self.moves(&door, Level::Open);
    }

    pub(super) fn time_passes(&mut self) {
        let span = match self.chance.below(20) {
            0..=11 => Millis(self.chance.below(3_000)),
            12..=17 => Millis(self.chance.below(20_000)),
            18 => Millis(self.chance.below(130_000)),
            _ => Millis(self.chance.below(400_000)),
        };
        self.pass(span);
    }

    pub(super) fn a_command_comes(&mut self) {
        let ids: Vec<CompartmentId> = self.site.compartments.keys().cloned().collect();
        let compartment = self.chance.pick(&ids).unwrap().clone();
        let unit = self.chance.pick(&UNITS).unwrap().parse().unwrap();
        let round = ids.iter().filter(|_| self.chance.once_in(3)).cloned().collect();
        let command = match self.chance.below(12) {
            10 => Command::UnlockMany { compartments: round },
            11 => Command::UnlockCancel { id: CommandId::new(&format!("c-{}", self.next_id)).unwrap() },
            0..=2 => Command::Challenge,
            3..=5 => Command::Unlock { compartment },
            6 => Command::Resync,
            _ => Command::ParcelIntake(Intake {
                unit,
                carrier: None,
                tracking: None,
                size: Size::Small,
                climate: Climate::Ambient,
                occurred_at: None,
            }),
        };
        self.next_id += 1;
        let bus = self.chance.once_in(2);
        let request = CommandRequest {
            key: CommandKey {
                channel: if bus { Channel::Bus } else { Channel::Console },
                actor: Actor::Staff("ann".into()),
                id: CommandId::new(&format!("c-{}", self.next_id)).unwrap(),
            },
            digest: Digest(Sha256::digest(self.next_id.to_be_bytes()).into()),
            retention: if self.chance.once_in(20) { Retention::Retained } else { Retention::Live },
            not_after: Some(self.now.wall.after(Millis::seconds(self.chance.below(130)))),
            nonce: self.chance.pick(&self.nonces.clone()).copied(),
            reason: None,
            command,
        };
        self.commands.push(request.clone());
        self.give(Input::Command(Box::new(request)));
    }

    /// A redelivery, or an id used for something else.
    pub(super) fn a_command_comes_again(&mut self) {
        let Some(mut request) = self.chance.pick(&self.commands).cloned() else { return };
        if self.chance.once_in(4) {
            request.digest = Digest([7; 32]);
        }
        if matches!(request.command, Command::Challenge) {
            return;
        }
        let unlocks = self.give(Input::Command(Box::new(request)));
        assert_eq!(unlocks, 0, "a repetition opened a door");
    }

    pub(super) fn a_board_changes(&mut self) {
        let boards: Vec<_> = self.site.devices.iter().map(|(id, line)| (id.clone(), line.clone())).collect();
        let (device, line) = self.chance.pick(&boards).unwrap().clone();
        let health =
            *self.chance.pick(&[Health::Online, Health::Online, Health::Degraded, Health::Offline]).unwrap();
        self.give(Input::Device { device, health });
        self.give(Input::Line { line: line.clone(), health });
        let frames = u32::try_from(self.chance.below(5)).unwrap();
        self.give(Input::ForeignFrame { line, frames });
    }

    /// Orders that are not allowed without a disk, and have not left, are kept back.
    pub(super) fn the_disk_changes(&mut self) {
        self.degraded = !self.degraded;
        let health = if self.degraded { StorageHealth::Degraded } else { StorageHealth::Recovered };
        self.give(Input::Storage(health));
        let withheld = |unlock: &Unlock| !matches!(unlock.purpose, Purpose::Pickup | Purpose::StaffOnSite);
        if self.degraded {
            let (back, on): (Vec<_>, Vec<_>) = self.pulses.drain(..).partition(withheld);
            self.pulses = on;
            for unlock in back {
                let report = PulseReport::NotSent(NotSent::Withheld);
                self.give(Input::Pulse { unlock: unlock.id, report });
            }
        }
    }

    pub(super) fn a_notice_is_sent(&mut self) {
        let waiting = self.building.waiting_notices();
        if let Some(id) = self.chance.pick(&waiting).copied() {
            self.give(Input::NoticeAcknowledged(id));
        }
    }

    /// Only the rows are left; what was pulsed may still open.
    pub(super) fn the_power_fails(&mut self) {
        self.seen.restarts += 1;
        let kept: Vec<(RowKey, Row)> = self.building.rows();
        assert_eq!(
            kept.iter().cloned().collect::<BTreeMap<_, _>>(),
            self.rows,
            "rows were not said to change"
        );
        if let Some(unlock) = self.pulses.first().cloned() {
            self.doors.0.insert(unlock.compartment, Level::Open);
        }
        let before = self.building.view();
        self.building = Building::load(self.site.clone(), key(), kept.clone());
        let reloaded: BTreeMap<_, _> = self.building.rows().into_iter().collect();
        assert_eq!(reloaded, kept.into_iter().collect(), "rows reload to another building");
        for (id, compartment) in self.building.view().compartments {
            let told = &before.compartments[&id];
            assert_eq!((&told.usage, told.since), (&compartment.usage, compartment.since), "{id}");
        }
        self.now.mono = Mono(self.chance.below(1_000_000));
        self.start();
    }

    pub(super) fn the_clock_changes(&mut self) {
        match self.chance.below(4) {
            0 => self.now.trust = ClockTrust::Untrusted,
            1 => self.now.wall = Timestamp(self.now.wall.0 - 3_600_000),
            _ => self.now.trust = ClockTrust::Synchronised,
        }
        self.give(Input::Tick);
    }
}
