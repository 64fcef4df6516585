//! People at the terminal, by script and seed: couriers who bring parcels, residents who fetch them, until the daemon is gone.

use std::time::{Duration, Instant};

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use sim_devices::{Act, Person, SimTime};
use vestibule_contract::notice::NotifierSecret;
use vestibule_demo::ear::Ear;
use vestibule_demo::house::{House, TERMINAL};
use vestibule_demo::terminal::{Shown, Terminal};

use crate::house::{CARRIER, PATIENCE, wait_until_shut};

/// A hand needs this long for each thing it does: fast people make many doors move in a test.
const HAND: Duration = Duration::from_millis(60);
/// Somebody who was refused comes again after this.
const BREATH: Duration = Duration::from_millis(100);
/// Parcels that wait before somebody comes for one rather than another is brought.
const WAITING: usize = 4;

/// How often somebody fetches, where something waits, rather than brings: each interrupted deposit keeps a door for staff.
const FETCHES: f64 = 0.7;

/// A code from a notice.
#[derive(Clone, Debug)]
struct Notified {
    unit: String,
    code: String,
}

/// All people of the building.
pub struct People {
    random: Xoshiro256PlusPlus,
    units: Vec<String>,
    notices: Ear,
    secret: NotifierSecret,
    codes: Vec<Notified>,
    /// When the first key of this life was pressed.
    first_key: Option<SimTime>,
    /// What was done, over all lives.
    pub done: Done,
}

/// How much was done.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Deposits whose door was shut.
    pub delivered: u32,
    /// Pickups that came to their end.
    pub collected: u32,
    /// Refusals at the terminal.
    pub refused: u32,
    /// Why the last one was refused, as the screen said it.
    pub last_refusal: String,
}

/// The daemon is gone, or does not answer: what was waited for.
struct Gone(String);

/// One sitting at the terminal.
struct Seat<'a> {
    house: &'a House,
    terminal: Terminal,
}

impl People {
    /// People with their own randomness; `notices` is the notifier's ear.
    #[must_use]
    pub fn new(seed: u64, units: Vec<String>, notices: Ear, secret: NotifierSecret) -> Self {
        let random = Xoshiro256PlusPlus::seed_from_u64(seed);
        Self { random, units, notices, secret, codes: Vec::new(), first_key: None, done: Done::default() }
    }

    /// Couriers and residents come until the daemon is gone; when the first of them pressed a key.
    pub fn live(&mut self, house: &House) -> Option<SimTime> {
        self.first_key = None;
        while self.visit(house).is_ok() {}
        self.first_key
    }

    /// One courier comes, and somebody who was told of a parcel fetches it.
    ///
    /// # Errors
    /// Why the building did not serve them.
    pub fn finish(&mut self, house: &House) -> Result<(), String> {
        let (until, before) = (Instant::now() + PATIENCE, self.done.clone());
        while self.done.collected == before.collected {
            if Instant::now() >= until {
                return Err(format!("refused again and again; last: {}", self.done.last_refusal));
            }
            if self.done.delivered == before.delivered {
                self.bring(house).map_err(|Gone(why)| format!("the courier was not served: {why}"))?;
            } else if self.codes.is_empty() {
                let notice = self.notices.next(PATIENCE).ok_or("no notice of the last parcel came")?;
                self.note(&notice.payload);
            } else {
                self.fetch(house).map_err(|Gone(why)| format!("the resident was not served: {why}"))?;
            }
        }
        Ok(())
    }

    fn visit(&mut self, house: &House) -> Result<(), Gone> {
        self.read_notices();
        let fetches =
            self.codes.len() > WAITING || (!self.codes.is_empty() && self.random.random_bool(FETCHES));
        if fetches { self.fetch(house) } else { self.bring(house) }
    }

    fn read_notices(&mut self) {
        while let Some(heard) = self.notices.next(Duration::ZERO) {
            self.note(&heard.payload);
        }
    }

    fn note(&mut self, payload: &[u8]) {
        let notice = self.secret.open(payload).expect("a notice opens with the notifier's key");
        let Some(code) = &notice.code else { return };
        let code: String = code.chars().filter(char::is_ascii_digit).collect();
        // A notice that was not acknowledged comes again.
        if !self.codes.iter().any(|known| known.code == code) {
            self.codes.push(Notified { unit: notice.unit.clone(), code });
        }
    }

    fn sit_down<'a>(&self, house: &'a House, person: &Person) -> Result<Seat<'a>, Gone> {
        // Whoever was at a door when the daemon died finishes there first.
        wait_until_shut(house);
        house.line.with(|sim| sim.plant_mut().stand_at_every_door(person));
        let terminal =
            Terminal::sit_down(&house.socket(), TERMINAL).map_err(|error| Gone(error.to_string()))?;
        let mut seat = Seat { house, terminal };
        // Whoever was here before may have left their last screen on.
        while seat.terminal.next(PATIENCE).ok_or_else(|| Gone("no screen".to_owned()))?.name != "welcome" {
            seat.press("cancel")?;
        }
        Ok(seat)
    }

    fn key(&mut self, seat: &Seat<'_>) {
        self.first_key.get_or_insert_with(|| seat.house.line.now());
    }

    /// A courier with one parcel or two.
    fn bring(&mut self, house: &House) -> Result<(), Gone> {
        let person = Person::new().then(HAND, Act::OpenWide).then(HAND, Act::PutIn).then(HAND, Act::Shut);
        let mut seat = self.sit_down(house, &person)?;
        self.key(&seat);
        seat.type_text(CARRIER.1)?;
        let shown = seat.wait(&["ask_recipient", "refused"])?;
        if shown.name == "refused" {
            return self.turned_away(&seat, &shown);
        }
        let parcels = self.random.random_range(1..=2);
        for _ in 0..parcels {
            let unit = self.units[self.random.random_range(0..self.units.len())].clone();
            seat.type_text(&unit)?;
            seat.wait(&["confirm_recipient"])?;
            seat.press("ok")?;
            let shown = seat.wait(&["ask_size", "refused"])?;
            if shown.name == "refused" {
                return self.turned_away(&seat, &shown);
            }
            seat.type_text("1")?;
            let shown = seat.wait(&["delivered", "refused"])?;
            if shown.name == "refused" {
                return self.turned_away(&seat, &shown);
            }
            self.done.delivered += 1;
            // Some confirm and see it settle; others key the next parcel at once, or walk away.
            if self.random.random_bool(0.5) {
                seat.press("ok")?;
                seat.wait(&["ask_recipient"])?;
            }
        }
        seat.press("cancel")?;
        seat.wait(&["welcome", "ask_recipient", "refused"])?;
        Ok(())
    }

    /// A resident with a code from a notice.
    fn fetch(&mut self, house: &House) -> Result<(), Gone> {
        let person = Person::new().then(HAND, Act::OpenWide).then(HAND, Act::TakeAll).then(HAND, Act::Shut);
        let mut seat = self.sit_down(house, &person)?;
        let at = self.random.random_range(0..self.codes.len());
        let Notified { unit, code } = self.codes[at].clone();
        self.key(&seat);
        seat.type_text(&code)?;
        let mut shown = seat.wait(&["ask_unit", "opening", "refused"])?;
        // After many starts a code alone is not enough: each start counts against the guessing budget.
        if shown.name == "ask_unit" {
            seat.type_text(&unit)?;
            seat.wait(&["ask_code"])?;
            seat.type_text(&code)?;
            shown = seat.wait(&["opening", "refused"])?;
        }
        if shown.name == "opening" {
            shown = seat.wait(&["collected", "refused"])?;
        }
        let word = shown.word();
        assert!(
            !["unknown_code", "typo", "unknown_unit", "too_many_misses"].contains(&word),
            "a code that its recipient was told must stay known: {}",
            shown.content
        );
        if shown.name == "collected" {
            self.done.collected += 1;
        }
        if shown.name == "collected" || word == "expired_code" || word == "staff_only" {
            self.codes.retain(|known| known.code != code);
        }
        if shown.name == "refused" { self.turned_away(&seat, &shown) } else { Ok(()) }
    }

    /// Refused: a breath later somebody else comes.
    fn turned_away(&mut self, seat: &Seat<'_>, shown: &Shown) -> Result<(), Gone> {
        self.done.refused += 1;
        self.done.last_refusal = shown.content.to_string();
        // Nothing is awaited; a screen that comes meanwhile is not looked at.
        drop(seat.terminal.next(BREATH));
        Ok(())
    }
}

impl Seat<'_> {
    fn wait(&self, wanted: &[&str]) -> Result<Shown, Gone> {
        self.terminal.wait_for(wanted, PATIENCE).map_err(|error| Gone(error.to_string()))
    }

    fn type_text(&mut self, text: &str) -> Result<(), Gone> {
        self.terminal.type_text(text).map(|_| ()).map_err(|error| Gone(error.to_string()))
    }

    fn press(&mut self, key: &str) -> Result<(), Gone> {
        self.terminal.press(key).map(|_| ()).map_err(|error| Gone(error.to_string()))
    }
}
