//! What must hold of every frame codec whatever bytes come: the judge of the fuzz target `frames`, and of its kept corpus.
//!
//! An input is a protocol (first byte), the length of the answer that was asked for (second byte), and what arrived.

use std::sync::LazyLock;

use device_drivers::channel::{Channel, MAX_CHANNEL};
use device_drivers::device::Model;
use device_drivers::frame::{Head, Protocol, Request, Verdict, View};
use device_drivers::order::PulseLength;
use device_drivers::spec::Address;

/// The longest frame of any format, and one more.
const LONGEST: usize = 261;

/// Walks one input.
///
/// # Panics
/// When a rule is broken.
pub fn check(input: &[u8]) {
    let [which, expected, run @ ..] = input else { return };
    let protocol = Protocol::ALL[usize::from(*which) % Protocol::ALL.len()];
    static REQUESTS: LazyLock<[Vec<Request>; Protocol::ALL.len()]> =
        LazyLock::new(|| Protocol::ALL.map(requests));
    let requests = &REQUESTS[usize::from(*which) % Protocol::ALL.len()];
    let mut rest = run;
    while let Head::Frame(length) = protocol.head(rest, usize::from(*expected)) {
        assert!((1..=rest.len()).contains(&length), "{protocol:?}: a frame of {length} in {rest:02X?}");
        let (frame, after) = rest.split_at(length);
        heard(protocol, frame, requests);
        rest = after;
    }
    let endless = rest.len() >= LONGEST && protocol.head(rest, usize::from(*expected)) == Head::More;
    assert!(!endless, "{protocol:?} waits for more than there can be: {rest:02X?}");
}

/// What every model sends, given back by an adapter that hears itself: no read is answered by it.
///
/// # Panics
/// When one is.
pub fn check_own_echoes() {
    for protocol in Protocol::ALL {
        let boards = [protocol.addresses().min(), protocol.addresses().max()];
        for number in boards.into_iter().flatten() {
            let board = Address::on(protocol, number).expect("a board's address");
            for request in requests(protocol) {
                let echo = request.encode(board);
                let view = View::new(protocol, &echo).expect("what is sent is a frame");
                assert_eq!(view.address(), number, "{protocol:?}: {echo:?}");
                let verdict = request.judge(board, &view);
                let answered = matches!(verdict, Verdict::Data(_) | Verdict::Exception(_));
                assert!(!answered, "{protocol:?}: {echo:?} answers itself with {verdict:?}");
            }
        }
    }
}

/// Every request that any model of the protocol asks, pulses of every lock included.
fn requests(protocol: Protocol) -> Vec<Request> {
    let length = PulseLength::from_millis(700).expect("a multiple of 100 ms");
    let models = Model::all().into_iter().filter(|model| model.plan().is_for(protocol));
    let all = models.flat_map(|model| {
        let plan = model.plan();
        let pulses = Channel::first(MAX_CHANNEL).filter_map(|lock| plan.pulse?(lock, length));
        let asked = plan.set_up.iter().map(|step| step.request);
        let asked = asked.chain(plan.polls.iter().map(|poll| poll.request)).chain(plan.fences.clone());
        asked.chain(pulses).collect::<Vec<_>>()
    });
    all.fold(Vec::new(), |mut once, request| {
        if !once.contains(&request) {
            once.push(request);
        }
        once
    })
}

fn heard(protocol: Protocol, frame: &[u8], requests: &[Request]) {
    let view = View::new(protocol, frame).expect("what was cut as a frame is one");
    let (from, _, _) = (view.address(), view.function(), view.hint());
    let answered = Address::on(protocol, from).map(|board| (board, judged(board, &view, requests)));
    if let Ok((board, (words, echoes))) = answered {
        assert!(echoes <= 1, "{protocol:?}: {frame:02X?} is the echo of {echoes} writes to {board:?}");
        // A status of a CU16 is a word about whatever was unlocked before it; other words name their lock.
        let nameless = protocol == Protocol::KerongCu16;
        assert!(nameless || words <= 1, "{protocol:?}: {frame:02X?} is the word about {words} locks");
    }
    let other = protocol.addresses().find(|number| *number != from && Address::on(protocol, *number).is_ok());
    let other =
        other.and_then(|number| Address::on(protocol, number).ok()).expect("a line has two addresses");
    for request in requests {
        assert_eq!(
            request.judge(other, &view),
            Verdict::NotMine,
            "{protocol:?}: of another board: {frame:02X?}"
        );
    }
}

/// How many of the pulses a frame is a word about, and how many writes it echoes.
fn judged(board: Address, view: &View<'_>, requests: &[Request]) -> (usize, usize) {
    let (mut words, mut echoes) = (0, 0);
    for request in requests {
        match request.judge(board, view) {
            Verdict::Word => {
                assert!(request.is_write() && request.opening().is_some(), "a word about {request:?}");
                words += 1;
            }
            Verdict::Echo => {
                assert!(request.is_write() && request.opening().is_none(), "an echo of {request:?}");
                echoes += 1;
            }
            Verdict::Data(data) => {
                assert!(!request.is_write(), "data of {request:?}");
                let told = request.inputs(data, MAX_CHANNEL);
                assert!(told.iter().count() <= usize::from(MAX_CHANNEL));
            }
            Verdict::Exception(_) | Verdict::NotMine => {}
        }
    }
    (words, echoes)
}
