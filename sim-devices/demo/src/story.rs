//! The demo's story: two deposits, one of them against a jam, a notice, a wrong code, the right one.

use std::time::{Duration, Instant};

use sim_devices::{Cause, DoorNumber, Jam, Person};

use vestibule_contract::notice::Notice;
use vestibule_core::check_digit;

use crate::cloud::{Notifier, Office};
use crate::house::{House, HouseError, TERMINAL};
use crate::terminal::{Shown, Terminal};
use crate::timeline::{Timeline, Who};

/// A door opens within a second, a deposit settles at the latest 17 s after it is shut; far more for emulated machines.
const PATIENCE: Duration = Duration::from_secs(120);
/// The courier's code and carrier.
pub const CARRIER: (&str, &str) = ("parcel-express", "314159");
/// Units of the building.
pub const UNITS: [&str; 4] = ["101", "102", "4b", "penthouse"];
/// For whom the parcels are.
const UNIT: &str = "4b";
/// Size choices: small for the first parcel, large for the second.
const SMALL: &str = "1";
const LARGE: &str = "3";
/// The one large compartment of the bank: column one, fourth row.
const LARGE_DOOR: u8 = 4;

/// How long one unlock took.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// From the key's arrival at the daemon's socket to the pulse's last byte at the board.
    pub latency: Duration,
}

/// The people of the story and what they share.
pub struct Story<'a> {
    /// The building.
    pub house: &'a House,
    /// The cloud's office.
    pub office: &'a mut Office,
    /// The cloud's notifier.
    pub notifier: &'a Notifier,
    /// What is printed.
    pub timeline: &'a Timeline,
    /// Unlocks so far.
    pub measured: Vec<Measured>,
}

impl Story<'_> {
    /// Plays it all.
    ///
    /// # Errors
    /// What did not happen as it should.
    pub fn play(&mut self) -> Result<(), HouseError> {
        self.timeline.head("The office tells the building its units and carriers");
        self.office.wait_online()?;
        self.office.sync(&UNITS, &[CARRIER])?;
        self.timeline.say(Who::Cloud, "directory.sync and carriers.sync are done");
        self.deposits()?;
        let code = self.notices()?;
        self.pickup(&code)
    }

    /// The courier: one parcel as it should be, one against a jammed door.
    fn deposits(&mut self) -> Result<(), HouseError> {
        self.timeline.head("A courier brings two parcels; the second meets a jammed door");
        self.people(&Person::depositing(Duration::from_millis(900)));
        let mut terminal = Terminal::sit_down(&self.house.socket(), TERMINAL)?;
        terminal.wait_for(&["welcome"], PATIENCE)?;
        self.timeline.say(Who::Courier, "types the carrier's code");
        terminal.type_text(CARRIER.1)?;
        terminal.wait_for(&["ask_recipient"], PATIENCE)?;
        self.deposit(&mut terminal, SMALL, 0)?;
        let jammed = DoorNumber::new(LARGE_DOOR).ok_or_else(|| HouseError::Story("no such door".into()))?;
        self.house.line.with(|sim| sim.plant_mut().jam(jammed, Jam::Latch)).map_err(story)?;
        self.timeline.say(Who::Demo, &format!("the latch of door {LARGE_DOOR} jams"));
        self.deposit(&mut terminal, LARGE, 1)?;
        self.timeline.say(Who::Courier, "goes on their way");
        terminal.press("cancel")?;
        terminal.wait_for(&["welcome"], PATIENCE)?;
        Ok(())
    }

    /// One parcel: unit, read back, size, door, shut; so many doors must fail before one opens.
    fn deposit(&mut self, terminal: &mut Terminal, size: &str, failing: usize) -> Result<(), HouseError> {
        self.timeline.say(Who::Courier, &format!("keys unit {UNIT} and confirms it"));
        terminal.type_text(UNIT)?;
        terminal.wait_for(&["confirm_recipient"], PATIENCE)?;
        terminal.press("ok")?;
        terminal.wait_for(&["ask_size"], PATIENCE)?;
        let pulses = self.house.line.energisings().len();
        let keyed = terminal.type_text(size)?;
        let mut failed = 0;
        loop {
            let shown =
                terminal.wait_for(&["opening", "put_in", "door_failed", "delivered", "refused"], PATIENCE)?;
            self.timeline.say_at(shown.at, Who::Terminal, &words(&shown));
            match shown.name.as_str() {
                "delivered" => break,
                "door_failed" => failed += 1,
                "refused" => {
                    return Err(HouseError::Story(format!("the deposit was refused: {}", shown.content)));
                }
                _ => {}
            }
        }
        if failed != failing {
            return Err(HouseError::Story(format!("{failed} doors failed where {failing} should")));
        }
        self.measure(pulses, keyed);
        Ok(())
    }

    /// The notifier opens both notices; the newest code is as good as the older one.
    fn notices(&mut self) -> Result<String, HouseError> {
        self.timeline.head("The notifier, and nobody else, can read the notices");
        let mut code = None;
        for _ in 0..2 {
            let notice = self.notifier.next(PATIENCE)?;
            self.timeline.say(Who::Cloud, &told(&notice));
            code = notice.code.clone();
        }
        code.ok_or_else(|| HouseError::Story("the notice holds no code".to_owned()))
    }

    /// The resident: a typing error, a code nobody has, the right code.
    fn pickup(&mut self, code: &str) -> Result<(), HouseError> {
        self.timeline.head("The resident comes: a typing error, a code nobody has, then the right one");
        self.people(&Person::collecting(Duration::from_millis(900)));
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        let mut terminal = Terminal::sit_down(&self.house.socket(), TERMINAL)?;
        terminal.wait_for(&["welcome"], PATIENCE)?;
        self.timeline.say(Who::Resident, "types the code with one digit wrong");
        self.refused(&mut terminal, &mistyped(&digits), "typo")?;
        self.timeline.say(Who::Resident, "types a code that nobody was given");
        self.refused(&mut terminal, &strange(&digits), "unknown_code")?;
        self.timeline.say(Who::Resident, "types the right code");
        let pulses = self.house.line.energisings().len();
        let keyed = terminal.type_text(&digits)?;
        loop {
            let shown = terminal
                .wait_for(&["opening", "take_out", "door_failed", "collected", "refused"], PATIENCE)?;
            self.timeline.say_at(shown.at, Who::Terminal, &words(&shown));
            match shown.name.as_str() {
                "collected" => break,
                "refused" => {
                    return Err(HouseError::Story(format!("the code was refused: {}", shown.content)));
                }
                _ => {}
            }
        }
        self.measure(pulses, keyed);
        self.expect_empty()
    }

    /// A code that must be refused with that word.
    fn refused(&self, terminal: &mut Terminal, code: &str, word: &str) -> Result<(), HouseError> {
        terminal.type_text(code)?;
        let refused = terminal.wait_for(&["refused", "opening"], PATIENCE)?;
        self.timeline.say_at(refused.at, Who::Terminal, &words(&refused));
        if refused.word() == word {
            return Ok(());
        }
        Err(HouseError::Story(format!("{word} was expected: {}", refused.content)))
    }

    /// Ground truth, not the daemon's word: nothing is left behind any door.
    fn expect_empty(&self) -> Result<(), HouseError> {
        let left: u32 =
            self.house.line.with(|sim| sim.plant().doors().iter().map(|door| door.contents).sum());
        if left == 0 {
            return Ok(());
        }
        Err(HouseError::Story(format!("{left} parcels are still behind the doors")))
    }

    fn people(&self, person: &Person) {
        self.house.line.with(|sim| sim.plant_mut().stand_at_every_door(person));
    }

    /// Notes how long the first pulse after `pulses` took from the key.
    fn measure(&mut self, pulses: usize, keyed: Instant) {
        let energisings = self.house.line.energisings();
        let Some(Cause::Request { heard }) = energisings.get(pulses).map(|one| one.cause) else { return };
        let latency = self.house.line.instant(heard).saturating_duration_since(keyed);
        self.measured.push(Measured { latency });
    }
}

/// What the notifier reads in a notice.
pub(crate) fn told(notice: &Notice) -> String {
    let code = notice.code.as_deref().unwrap_or("none");
    let until = notice.deadline.as_deref().unwrap_or("further notice");
    format!(
        "opened the notice for unit {}: door {}, code {code}, held until {until}",
        notice.unit, notice.label
    )
}

fn story(error: impl std::fmt::Display) -> HouseError {
    HouseError::Story(error.to_string())
}

/// One digit changed: the check digit tells.
fn mistyped(code: &str) -> String {
    let Some(first) = code.chars().next().and_then(|c| c.to_digit(10)) else { return code.to_owned() };
    format!("{}{}", (first + 1) % 10, &code[1..])
}

/// The same digit changed and the check digit made right again.
fn strange(code: &str) -> String {
    let mut digits = mistyped(code);
    digits.pop();
    let check = check_digit(digits.bytes());
    format!("{digits}{check}")
}

/// A screen in a few words.
fn words(shown: &Shown) -> String {
    let label = shown.label();
    match shown.name.as_str() {
        "opening" => format!("door {label} is opening"),
        "put_in" => format!("door {label} is open: put it in, shut the door"),
        "delivered" => format!("delivered to {label}"),
        "take_out" => format!("door {label} is open: take it out; {} more wait", shown.content["more"]),
        "collected" => "all taken, thank you".to_owned(),
        "door_failed" => format!("door {label} did not open; {}", after(&shown.content["next"])),
        "refused" => shown.content["sentence"].as_str().unwrap_or_default().to_owned(),
        other => other.to_owned(),
    }
}

/// What follows a door that did not open.
fn after(next: &serde_json::Value) -> &'static str {
    match next.as_str() {
        Some("another_door") => "another one opens",
        Some("next_parcel") => "the next parcel's door opens",
        _ => "please call the office",
    }
}
