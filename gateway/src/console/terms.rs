//! On which terms a line is lent: what may be asked of it, and why other things may not.

use std::time::Duration;

use device_drivers::commission::ask::{Ask, Question};
use vestibule_core::id::DeviceId;

use super::peer::Role;
use super::protocol::{BorrowRequest, Message};
use crate::config::{Device, Line};

/// Longest name of a second person, `os:` included, in bytes: a row of the journal holds it in its worst form.
pub const PERSON_MAX: usize = 64;
/// How long a technician may have a line. A scan at every likely setting takes less; its doors open for nobody meanwhile.
const TECHNICIANS_LOAN_MAX: Duration = Duration::from_secs(5 * 60);

/// How long the loan may last; staff may keep the line for as long as it is lent at all.
#[must_use]
pub const fn loan_max(role: Role) -> Duration {
    match role {
        Role::Technician => TECHNICIANS_LOAN_MAX,
        Role::Staff => device_drivers::limits::LOAN_MOST,
    }
}

/// Why this second person is none; `accounts` are those of this computer.
#[must_use]
pub fn no_second(second: &str, first: &str, accounts: &[String]) -> Option<String> {
    let Some(account) = second.strip_prefix("os:").filter(|_| second.len() <= PERSON_MAX) else {
        return Some(format!("A second person is os:ACCOUNT, of at most {PERSON_MAX} bytes."));
    };
    if second == first {
        return Some("The second person must be somebody else.".to_owned());
    }
    let known = accounts.iter().any(|known| known == account);
    (!known).then(|| format!("Nobody here has the account {account:?}."))
}

/// What is agreed with a borrower.
pub struct Terms<'a> {
    /// The line, as configured.
    pub line: &'a Line,
    /// What it was borrowed for.
    pub request: &'a BorrowRequest,
    /// Whether the site is commissioned.
    pub sealed: bool,
}

/// The label of a door of this board, of this output of it where one is named, that is not known to be empty.
pub type Occupied<'a> = &'a dyn Fn(&DeviceId, Option<u8>) -> Option<String>;

impl Terms<'_> {
    /// Why this question is not asked of this line.
    #[must_use]
    pub fn forbid(&self, question: &Question, occupied: Occupied<'_>) -> Option<Message> {
        let refused = |word: &str, sentence: String| Some(Message::error(word, sentence));
        let asked = match question.encode() {
            Ok(asked) => asked,
            Err(error) => return refused("malformed", error.to_string()),
        };
        let spoken = self.line.protocol.boards();
        let carried = spoken.is_some_and(|spoken| match &asked.request {
            Some(request) => spoken.carries(request),
            None => spoken == asked.protocol,
        });
        if !carried {
            let sentence =
                format!("That is not spoken on {}: its devices may take it for an order.", self.line.id);
            return refused("not_spoken", sentence);
        }
        if question.ask.is_write() && !self.request.writes {
            return refused("not_allowed", "The line was lent for reads.".to_owned());
        }
        let board = self.line.devices.iter().find(|board| board.address == question.address);
        if let Some(sentence) = other_model(board, &question.ask) {
            return refused("other_model", sentence);
        }
        let output = match &question.ask {
            Ask::Pulse { output, .. } => Some(*output),
            Ask::Readdress { .. } => None,
            Ask::Read { .. } | Ask::Status { .. } | Ask::Poll { .. } => return None,
        };
        let Some(board) = board else {
            let unknown = self.sealed && output.is_some();
            let sentence = format!("No board is configured at address {}.", question.address);
            return unknown.then(|| Message::error("not_configured", sentence));
        };
        if self.request.second_person.is_some() {
            return None;
        }
        let label = occupied(&board.id, output)?;
        let sentence =
            format!("Something lies or may lie behind door {label}: a second person must be there.");
        refused("occupied", sentence)
    }
}

/// A board's outputs and registers are those of its own model; those of another may hold a lock on.
fn other_model(board: Option<&Device>, ask: &Ask) -> Option<String> {
    let (Ask::Pulse { model, .. } | Ask::Poll { model, .. } | Ask::Readdress { model, .. }) = ask else {
        return None;
    };
    let board = board.filter(|board| board.model != *model)?;
    Some(format!("{} is configured as a {}, not as a {model}.", board.id, board.model))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Configuration, Protocol, Spoken};
    use device_drivers::commission::manner;
    use device_drivers::commission::setting::Setting;

    fn building() -> Configuration {
        super::super::tests::bench::configuration(Path::new("/nowhere"))
    }

    fn ask(address: u8, ask: Ask) -> Question {
        Question { setting: Setting::likely(&[], &[])[0], address, ask, timeout_ms: 100 }
    }

    fn pulse(address: u8, model: &str) -> Question {
        ask(address, Ask::Pulse { model: model.into(), output: 1, millis: 500 })
    }

    fn writes(second: Option<&str>) -> BorrowRequest {
        let second_person = second.map(str::to_owned);
        BorrowRequest { line: "one".into(), writes: true, break_seal: None, second_person }
    }

    fn word(message: Option<Message>) -> Option<String> {
        message.map(|message| serde_json::to_value(&message).unwrap().to_string())
    }

    /// What a sealed building, whose every door holds something, says to a question.
    fn full(line: &Line, request: &BorrowRequest, question: &Question) -> String {
        let terms = Terms { line, request, sealed: true };
        word(terms.forbid(question, &|_, _| Some("A1".to_owned()))).unwrap_or_default()
    }

    #[test]
    fn board_is_asked_and_moved_as_the_model_that_it_is_only() {
        let building = building();
        let line = building.lines.values().next().unwrap();
        let two = writes(Some("os:ben"));
        assert_eq!(full(line, &two, &pulse(1, "waveshare-relay-8")), "");
        assert!(full(line, &two, &pulse(1, "waveshare-relay-16")).contains("other_model"));
        let poll = ask(1, Ask::Poll { model: "discrete-inputs-8".into(), poll: 0 });
        assert!(full(line, &two, &poll).contains("other_model"));
        let readdress = ask(1, Ask::Readdress { model: "waveshare-relay-16".into(), to: 2 });
        assert!(full(line, &two, &readdress).contains("other_model"));
    }

    #[test]
    fn board_that_is_not_configured_is_not_moved_on_a_sealed_site() {
        let building = building();
        let line = building.lines.values().next().unwrap();
        let request = writes(Some("os:ben"));
        let stranger = pulse(2, "waveshare-relay-8");
        assert!(full(line, &request, &stranger).contains("not_configured"));
        let open = Terms { line, request: &request, sealed: false };
        assert_eq!(word(open.forbid(&stranger, &|_, _| None)), None);
    }

    #[test]
    fn doors_that_may_hold_something_are_for_two_also_when_the_whole_board_is_moved() {
        let building = building();
        let line = building.lines.values().next().unwrap();
        let readdress = ask(1, Ask::Readdress { model: "waveshare-relay-8".into(), to: 2 });
        for question in [pulse(1, "waveshare-relay-8"), readdress] {
            assert!(full(line, &writes(None), &question).contains("occupied"));
            assert_eq!(full(line, &writes(Some("os:ben")), &question), "");
            assert!(full(line, &BorrowRequest::reads("one".into()), &question).contains("not_allowed"));
        }
    }

    #[test]
    fn nothing_foreign_is_said_on_a_line() {
        let building = building();
        let read = ask(1, Ask::Read { function: 3, first: 0, count: 1 });
        for spoken in Protocol::ALL.into_iter().map(Spoken::Boards).chain([Spoken::Readers]) {
            let line = Line { protocol: spoken, ..building.lines.values().next().unwrap().clone() };
            let said = full(&line, &BorrowRequest::reads("one".into()), &read);
            match spoken {
                Spoken::Boards(Protocol::ModbusRtu) => assert_eq!(said, ""),
                _ => assert!(said.contains("not_spoken"), "{spoken:?}: {said}"),
            }
            for status in Protocol::ALL.into_iter().flat_map(manner::knocks).map(|knock| ask(1, knock)) {
                let own = status.encode().is_ok_and(|asked| spoken == Spoken::Boards(asked.protocol));
                let said = full(&line, &BorrowRequest::reads("one".into()), &status);
                assert_eq!(said.is_empty(), own, "{spoken:?}, {status:?}: {said}");
            }
        }
    }

    #[test]
    fn second_person_has_an_account_and_is_somebody_else() {
        let accounts = ["anna".to_owned(), "ben".to_owned(), "b".repeat(PERSON_MAX)];
        let refused = |second: &str| no_second(second, "os:anna", &accounts).is_some();
        assert!(!refused("os:ben"));
        for bad in ["os:anna", "ben", "os:", "os:eve", "", &format!("os:{}", "b".repeat(PERSON_MAX))] {
            assert!(refused(bad), "{bad:?}");
        }
        assert!(refused(&"x".repeat(127_000)));
    }
}
