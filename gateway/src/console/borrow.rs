//! A line out of service for a person who commissions it: their questions go to its thread, one at a time.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use device_drivers::commission::ask::{Ask, Question};
use device_drivers::port::Loan;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use vestibule_core::id::LineId;

use super::lending::{REASON_MAX, in_use, occupied};
use super::lines::NoLine;
use super::peer::{Role, account_names};
use super::protocol::{BorrowRequest, Message, Request};
use super::session::Session;
use super::terms::{Terms, loan_max, no_second};
use crate::clock;
use crate::commission::{Break, Seal, SealError};
use crate::run::tell_breaks;

/// How long a borrower may ask nothing that is answered: whoever walks doors asks for their contacts all the time.
const IDLE_TIME_MAX: Duration = Duration::from_secs(60);

/// Between two pulses of one output.
const PULSE_REST: Duration = Duration::from_secs(1);

/// Lends a line to the peer until they hang up, give it back, or are silent for too long.
///
/// # Errors
/// Only what the socket says.
pub async fn lend(session: &mut Session, request: &BorrowRequest) -> io::Result<()> {
    let line = match allowed(session, request) {
        Ok(line) => line,
        Err(refusal) => return session.say(&refusal.into()).await,
    };
    if request.writes
        && let Err(refusal) = break_seal(session, request).await
    {
        return session.say(&refusal.into()).await;
    }
    let (granted, answer) = oneshot::channel();
    // Whoever has hung up meanwhile hears no answer; the loan ends with this function.
    let tell = move |outcome| granted.send(outcome).unwrap_or_default();
    let lent = session.shared.loans.lend(&line, tell);
    let loan = match lent {
        Ok(loan) => loan,
        Err(why) => return session.say(&Message::error("busy", format!("{line}: {why}"))).await,
    };
    match answer.await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => return session.say(&Message::error("busy", format!("{line}: {why}"))).await,
        Err(_) => return session.say(&Message::error("busy", format!("{line} is stopped"))).await,
    }
    tracing::info!(%line, peer = %session.peer.name, writes = request.writes, "line is lent");
    let ended = serve(session, &line, &loan, request).await;
    drop(loan);
    if session.peer.role != Role::Staff {
        session.shared.rests.came_back(&line, Instant::now());
    }
    tracing::info!(%line, peer = %session.peer.name, "line is given back");
    ended
}

/// Why not, as a machine word and a sentence.
struct Refused(&'static str, String);

impl From<Refused> for Message {
    fn from(Refused(word, sentence): Refused) -> Self {
        Self::error(word, sentence)
    }
}

/// Whether this peer may have that line now.
fn allowed(session: &Session, request: &BorrowRequest) -> Result<LineId, Refused> {
    let configuration = &session.shared.configuration;
    let known = configuration.lines.keys().find(|id| id.as_str() == request.line);
    let Some(line) = known else {
        return Err(Refused("not_found", format!("There is no line {:?}.", request.line)));
    };
    if request.writes && session.peer.role != Role::Staff {
        let sentence = "Technicians may scan and identify; whoever moves a lock is staff.";
        return Err(Refused("not_allowed", sentence.to_owned()));
    }
    let second = request.second_person.as_deref();
    if let Some(why) = second.and_then(|second| no_second(second, &session.peer.name, &account_names())) {
        return Err(Refused("malformed", why));
    }
    let left = session.shared.rests.left(line, Instant::now());
    if let Some(left) = left.filter(|_| session.peer.role != Role::Staff) {
        let sentence = format!("{line} was lent a moment ago; again in {} s.", left.as_secs() + 1);
        return Err(Refused("too_soon", sentence));
    }
    if let Some(who) = in_use(&session.shared, line) {
        let sentence = format!("{who} on {line}; nobody is shut out in the middle. Try again in a moment.");
        return Err(Refused("in_use", sentence));
    }
    Ok(line.clone())
}

fn failed(error: &SealError) -> Refused {
    Refused("failed", error.to_string())
}

/// On a commissioned site the break is in the journal before the line is lent.
async fn break_seal(session: &Session, request: &BorrowRequest) -> Result<(), Refused> {
    let state_dir = &session.shared.configuration.local.state_dir;
    if Seal::of(state_dir).map_err(|error| failed(&error))?.is_none() {
        return Ok(());
    }
    let Some(reason) = request.break_seal.as_deref().map(str::trim).filter(|reason| !reason.is_empty())
    else {
        let sentence = "This site is commissioned: say why its locks are moved past the record, with --break-seal REASON.";
        return Err(Refused("sealed", sentence.to_owned()));
    };
    if reason.len() > REASON_MAX {
        return Err(Refused("malformed", format!("A reason has at most {REASON_MAX} bytes.")));
    }
    let (by, second) = (session.peer.name.to_string(), request.second_person.clone());
    let one = Break::new(by, second, clock::wall().0, reason.to_owned());
    Seal::record(state_dir, one).map_err(|error| failed(&error))?;
    if tell_breaks(&session.shared.engine, state_dir).await {
        return Ok(());
    }
    let sentence =
        "The journal cannot keep why the seal is broken now, and nothing is moved that it does not know.";
    Err(Refused("failed", sentence.to_owned()))
}

async fn serve(session: &mut Session, line: &LineId, loan: &Loan, request: &BorrowRequest) -> io::Result<()> {
    session.say(&Message::Lent).await?;
    let mut rest = Rest::default();
    let end = Instant::now() + loan_max(session.peer.role);
    let mut idle = Instant::now() + IDLE_TIME_MAX;
    loop {
        let said = match timeout_at(idle.min(end), session.lines.next()).await {
            Ok(Ok(line)) => line,
            Ok(Err(NoLine::Io(error))) => return Err(error),
            Ok(Err(NoLine::Ended | NoLine::Malformed)) => return Ok(()),
            Err(_) => {
                let sentence =
                    "Nothing was asked for too long, or for long enough; the line is the building's again.";
                return session.say(&Message::error("idle", sentence)).await;
            }
        };
        if Instant::now() >= end {
            return session
                .say(&Message::error("over", "The loan is over; the line is the building's again."))
                .await;
        }
        match serde_json::from_slice(&said) {
            Ok(Request::Ask(question)) => {
                let refusal =
                    forbidden(session, line, &question, request).or_else(|| rest.too_soon(&question));
                let answer = match refusal {
                    Some(refusal) => refusal,
                    None => asked(loan, question).await,
                };
                if matches!(answer, Message::Answer(_)) {
                    idle = Instant::now() + IDLE_TIME_MAX;
                }
                session.say(&answer).await?;
            }
            Ok(Request::Return) => return session.say(&Message::End).await,
            Ok(_) => session.say(&Message::error("not_now", "Give the line back first.")).await?,
            Err(error) => session.say(&Message::error("malformed", error.to_string())).await?,
        }
    }
}

/// Why this question is not asked of this line.
fn forbidden(
    session: &Session,
    line: &LineId,
    question: &Question,
    request: &BorrowRequest,
) -> Option<Message> {
    let configuration = &session.shared.configuration;
    let Some(line) = configuration.lines.get(line) else {
        return Some(Message::error("not_found", format!("There is no line {line}.")));
    };
    // Who cannot tell whether the site is sealed takes it for sealed.
    let sealed = !matches!(Seal::of(&configuration.local.state_dir), Ok(None));
    let terms = Terms { line, request, sealed };
    terms.forbid(question, &|board, output| occupied(&session.shared, board, output))
}

/// When each output was pulsed last: a loop of commands burns a lock.
#[derive(Default)]
struct Rest(BTreeMap<(u8, u8), Instant>);

impl Rest {
    fn too_soon(&mut self, question: &Question) -> Option<Message> {
        let Ask::Pulse { output, .. } = &question.ask else { return None };
        let now = Instant::now();
        let before = self.0.insert((question.address, *output), now);
        let soon = before.is_some_and(|before| now.duration_since(before) < PULSE_REST);
        soon.then(|| Message::error("too_soon", "That lock was pulsed a moment ago; let it rest."))
    }
}

async fn asked(loan: &Loan, question: Question) -> Message {
    let (reply, answer) = oneshot::channel();
    if let Err(why) = loan.ask(question, move |outcome| drop(reply.send(outcome))) {
        return Message::error("over", format!("{why}; the loan is over."));
    }
    match answer.await {
        Ok(Ok(answer)) => Message::Answer(answer),
        Ok(Err(why)) => Message::error("failed", why.to_string()),
        Err(_) => Message::error("over", "The loan is over; the line is the building's again."),
    }
}
