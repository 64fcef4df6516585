//! What a terminal shows: as JSON for programs, in words for people.

use serde::{Deserialize, Serialize};
use vestibule_core::screen::{AfterFailure, Screen};
use vestibule_core::site::Size;

/// One screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "show", rename_all = "snake_case")]
#[expect(missing_docs, reason = "see `vestibule_core::screen::Screen`")]
pub enum ScreenMessage {
    Welcome,
    AskUnit,
    AskCode,
    AskRecipient,
    ConfirmRecipient { unit: String },
    AskSize { sizes: Vec<Size> },
    Opening { label: String },
    PutIn { label: String },
    Delivered { label: String },
    TakeOut { label: String, more: u16 },
    Collected { labels: Vec<String>, elsewhere: u16 },
    DoorFailed { label: String, next: Next },
    DoorCooling { label: String, seconds: u64 },
    PleaseShut { label: String },
    StillThere,
    Refused { word: String, sentence: String, support: String },
}

/// What follows a door that did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "see `vestibule_core::screen::AfterFailure`")]
pub enum Next {
    AnotherDoor,
    NextParcel,
    CallOffice,
}

impl From<Screen> for ScreenMessage {
    fn from(screen: Screen) -> Self {
        match screen {
            Screen::Welcome => Self::Welcome,
            Screen::AskUnit => Self::AskUnit,
            Screen::AskCode => Self::AskCode,
            Screen::AskRecipient => Self::AskRecipient,
            Screen::ConfirmRecipient { unit } => Self::ConfirmRecipient { unit: unit.as_str().to_owned() },
            Screen::AskSize { sizes } => Self::AskSize { sizes },
            Screen::Opening { label } => Self::Opening { label },
            Screen::PutIn { label } => Self::PutIn { label },
            Screen::Delivered { label } => Self::Delivered { label },
            Screen::TakeOut { label, more } => Self::TakeOut { label, more },
            Screen::Collected { labels, elsewhere } => Self::Collected { labels, elsewhere },
            Screen::DoorFailed { label, next } => Self::DoorFailed { label, next: next.into() },
            Screen::DoorCooling { label, seconds } => Self::DoorCooling { label, seconds },
            Screen::PleaseShut { label } => Self::PleaseShut { label },
            Screen::StillThere => Self::StillThere,
            Screen::Refused { refusal, support } => Self::Refused {
                word: refusal.word().to_owned(),
                sentence: refusal.sentence().to_owned(),
                support,
            },
        }
    }
}

impl From<AfterFailure> for Next {
    fn from(next: AfterFailure) -> Self {
        match next {
            AfterFailure::AnotherDoor => Self::AnotherDoor,
            AfterFailure::NextParcel => Self::NextParcel,
            AfterFailure::CallOffice => Self::CallOffice,
        }
    }
}

impl ScreenMessage {
    /// The screen in words, with the keys that mean something on it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Welcome => "Welcome. Enter your code.".to_owned(),
            Self::AskUnit => "Enter your unit.".to_owned(),
            Self::AskCode => "Enter your code.".to_owned(),
            Self::AskRecipient => "For which unit?  (/cancel ends)".to_owned(),
            Self::ConfirmRecipient { unit } => format!("Unit {unit}, right?  (/ok or /cancel)"),
            Self::AskSize { sizes } => {
                let choices: Vec<_> = sizes
                    .iter()
                    .enumerate()
                    .map(|(n, size)| format!("{} {}", n + 1, size_name(*size)))
                    .collect();
                format!("Which size?  {}  (its number, or /cancel)", choices.join("   "))
            }
            Self::Opening { label } => format!("Door {label} is opening ..."),
            Self::PutIn { label } => format!(
                "Door {label} is open. Put the parcel in and shut the door.  (/not-delivered /need-larger /not-empty)"
            ),
            Self::Delivered { label } => {
                format!(
                    "Delivered to {label}. Next parcel: enter its unit.  (/not-delivered /reopen /cancel)"
                )
            }
            Self::TakeOut { label, more: 0 } => {
                format!("Door {label} is open. Take your parcel and shut the door.")
            }
            Self::TakeOut { label, more } => {
                format!(
                    "Door {label} is open. Take your parcel and shut the door; {more} more after this.  (/next)"
                )
            }
            Self::Collected { labels, elsewhere } => {
                let waiting = match elsewhere {
                    0 => String::new(),
                    n => format!(" {n} more wait elsewhere; see your notice."),
                };
                format!(
                    "All taken ({}).{waiting} To reopen, type the same code again within a while.",
                    labels.join(", ")
                )
            }
            Self::DoorFailed { label, next } => format!("Door {label} did not open. {}", next.words()),
            Self::DoorCooling { label, seconds } => {
                format!("Door {label} was opened so often that its lock must cool. Try again in {seconds} s.")
            }
            Self::PleaseShut { label } => format!("Please shut door {label}."),
            Self::StillThere => "Are you still there? Press any key.  (/ok)".to_owned(),
            Self::Refused { sentence, support, .. } if support.is_empty() => sentence.clone(),
            Self::Refused { sentence, support, .. } => format!("{sentence} Help: {support}"),
        }
    }
}

impl Next {
    const fn words(self) -> &'static str {
        match self {
            Self::AnotherDoor => "Another one opens.",
            Self::NextParcel => "The next parcel's door opens.",
            Self::CallOffice => "Please call the office.",
        }
    }
}

const fn size_name(size: Size) -> &'static str {
    match size {
        Size::Small => "small",
        Size::Medium => "medium",
        Size::Large => "large",
        Size::ExtraLarge => "extra large",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_core::refusal::Refusal;

    #[test]
    fn refused_screen_says_whom_to_call_when_there_is_a_number() {
        let screen = |support: &str| Screen::Refused { refusal: Refusal::StaffOnly, support: support.into() };
        assert!(ScreenMessage::from(screen("+1 312")).words().ends_with("Help: +1 312"));
        assert!(ScreenMessage::from(screen("")).words().ends_with("call the office."));
    }

    #[test]
    fn sizes_are_chosen_by_number() {
        let words = ScreenMessage::AskSize { sizes: vec![Size::Small, Size::ExtraLarge] }.words();
        assert_eq!(words, "Which size?  1 small   2 extra large  (its number, or /cancel)");
    }

    #[test]
    fn screen_survives_the_wire() {
        let screen = ScreenMessage::DoorFailed { label: "A1".into(), next: Next::AnotherDoor };
        let line = serde_json::to_string(&screen).unwrap();
        assert_eq!(line, r#"{"show":"door_failed","label":"A1","next":"another_door"}"#);
        assert_eq!(serde_json::from_str::<ScreenMessage>(&line).unwrap(), screen);
    }
}
