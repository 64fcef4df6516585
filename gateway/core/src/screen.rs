//! What a terminal shows, as data; the console and later kiosks put it into words.

use alloc::string::String;
use alloc::vec::Vec;

use crate::id::UnitId;
use crate::refusal::Refusal;
use crate::site::Size;

/// One screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Nobody is served: "enter a code".
    Welcome,
    /// Codes alone are not enough now: "enter your unit".
    AskUnit,
    /// Unit known: "enter your code".
    AskCode,
    /// A courier is in: "for which unit?".
    AskRecipient,
    /// Read back: "unit 4b, right?".
    ConfirmRecipient {
        /// The unit keyed.
        unit: UnitId,
    },
    /// "Which size?" by number.
    AskSize {
        /// What can be chosen, in order; the first is choice 1.
        sizes: Vec<Size>,
    },
    /// A door is being opened.
    Opening {
        /// What the sticker says.
        label: String,
    },
    /// The courier's door stands open: put it in and shut the door.
    PutIn {
        /// What the sticker says.
        label: String,
    },
    /// The courier's door is shut: delivered; the next scan means the next parcel.
    Delivered {
        /// What the sticker says.
        label: String,
    },
    /// The resident's door stands open: take it and shut the door.
    TakeOut {
        /// What the sticker says.
        label: String,
        /// How many more wait behind this one.
        more: u16,
    },
    /// All taken; the same code reopens for a while.
    Collected {
        /// Labels of the doors that were opened.
        labels: Vec<String>,
        /// How many more wait at doors this terminal does not serve.
        elsewhere: u16,
    },
    /// That door did not open; another is offered or the office helps.
    DoorFailed {
        /// What the sticker says.
        label: String,
        /// What happens now.
        next: AfterFailure,
    },
    /// That door did not open: its lock was held so often that it must cool. The next parcel's door opens, if there is one.
    DoorCooling {
        /// What the sticker says.
        label: String,
        /// When the same code opens it again, from now.
        seconds: u64,
    },
    /// The door stands open too long.
    PleaseShut {
        /// What the sticker says.
        label: String,
    },
    /// The terminal is about to give up on its user.
    StillThere,
    /// Something is not done; whom to call is added where a person is needed.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Telephone number.
        support: String,
    },
}

/// What follows a door that did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Another door opens.
    AnotherDoor,
    /// The next parcel's door opens.
    NextParcel,
    /// The office must help.
    CallOffice,
}
