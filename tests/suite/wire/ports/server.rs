//! Through a serial server: gone, half open, slow, in pieces, answering garbage.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use device_drivers::signal::{DeviceState, NotSent, Outcome, PortState};
use rustix::net::{AddressFamily, SocketType};
use sim_devices::{Baud, Conduct, Latches, LineSpec};

use super::{By, LOCKS, PATIENCE, Rig};

fn bank() -> LineSpec {
    LineSpec::bank(8, Latches::None).unwrap().at(Baud::B19200)
}

fn rig() -> Rig {
    let rig = Rig::start(bank(), By::Server);
    rig.wait_device(LOCKS, DeviceState::Online);
    rig
}

#[test]
fn doors_open_once_each_through_a_serial_server() {
    let mut rig = rig();
    for output in 1..=8 {
        let order = rig.pulse(output);
        assert!(matches!(rig.outcome(order), Outcome::Acknowledged { .. }));
    }
    assert_eq!(rig.closed(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(rig.server().connections(), 1, "one connection served it all");
}

#[test]
fn doors_open_once_each_when_the_server_goes_and_comes_back() {
    let mut rig = rig();
    assert!(rig.server().leave(PATIENCE));
    rig.wait_port(&PortState::Unplugged);
    let without = rig.pulse(5);
    assert_eq!(rig.outcome(without), Outcome::NotSent(NotSent::PortClosed));
    let refused = PortState::OpenFailed {
        step: "connect to the serial server",
        kind: io::ErrorKind::ConnectionRefused,
    };
    rig.wait_port(&refused);
    rig.server().come_back();
    rig.wait_device(LOCKS, DeviceState::Online);
    let back = rig.pulse(4);
    assert!(matches!(rig.outcome(back), Outcome::Acknowledged { .. }));
    assert_eq!(rig.closed(), [4], "what could not be sent was never sent");
}

#[test]
fn stale_bytes_answer_nothing_when_the_connection_is_a_new_one() {
    let mut rig = rig();
    // What is asked now is answered after the connection is gone, and handed to the next one.
    rig.server().conduct(Conduct::Late(Duration::from_millis(400)));
    for round in 0..5 {
        let order = rig.pulse(6);
        rig.server().hang_up();
        let outcome = rig.outcome(order);
        let sent = !matches!(outcome, Outcome::NotSent(_));
        assert!(!matches!(outcome, Outcome::Acknowledged { .. }), "round {round}: a stale echo was believed");
        assert!(!sent || matches!(outcome, Outcome::Unanswered { .. }), "{outcome:?}");
    }
    rig.server().conduct(Conduct::Passing);
    rig.pulse_until_acknowledged(1);
    assert!(rig.closed().iter().all(|relay| [1, 6].contains(relay)), "{:?}", rig.closed());
}

#[test]
fn half_open_server_is_found_within_seconds() {
    let rig = rig();
    rig.server().conduct(Conduct::Mute);
    let since = Instant::now();
    rig.wait_device(LOCKS, DeviceState::Down);
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    rig.server().conduct(Conduct::Passing);
    rig.wait_device(LOCKS, DeviceState::Online);
}

#[test]
fn slow_server_opens_no_wrong_door_and_confirms_nothing_falsely() {
    let mut rig = rig();
    // Later than the response timeout: each answer meets the next question.
    rig.server().conduct(Conduct::Late(Duration::from_millis(150)));
    for output in [2, 3, 2] {
        let order = rig.pulse(output);
        let outcome = rig.outcome(order);
        assert!(!matches!(outcome, Outcome::Acknowledged { .. }), "a late echo was believed: {outcome:?}");
    }
    rig.server().conduct(Conduct::Passing);
    rig.pulse_until_acknowledged(1);
    assert!(rig.closed().iter().all(|relay| [1, 2, 3].contains(relay)), "{:?}", rig.closed());
}

#[test]
fn answers_in_pieces_are_whole() {
    let mut rig = rig();
    // No serial line has such gaps within a frame: 2 ms at 19,200 baud are four characters.
    rig.server().conduct(Conduct::Pieces(Duration::from_millis(2)));
    let order = rig.pulse(3);
    assert!(matches!(rig.outcome(order), Outcome::Acknowledged { .. }));
    assert_eq!(rig.closed(), [3]);
}

#[test]
fn garbage_confirms_nothing_and_the_line_comes_back_after_it() {
    let mut rig = rig();
    rig.server().conduct(Conduct::Garbled);
    let order = rig.pulse(7);
    let outcome = rig.outcome(order);
    assert!(matches!(outcome, Outcome::Unanswered { .. } | Outcome::NotSent(_)), "{outcome:?}");
    rig.wait_device(LOCKS, DeviceState::Down);
    rig.server().conduct(Conduct::Passing);
    rig.wait_device(LOCKS, DeviceState::Online);
    rig.pulse_until_acknowledged(2);
    assert!(rig.closed().iter().all(|relay| [2, 7].contains(relay)), "{:?}", rig.closed());
}

#[test]
fn server_that_never_accepts_is_given_up_and_told() {
    // A full backlog: the kernel answers nobody any more.
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    rustix::net::listen(&socket, 0).unwrap();
    let address = TcpListener::from(socket.try_clone().unwrap()).local_addr().unwrap();
    let mut crowd = Vec::new();
    while let Ok(one) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        crowd.push(one);
        assert!(crowd.len() < 100, "the backlog has no end");
    }
    let spec = {
        let mut spec = vestibule_tests::wire::lines::configured(&bank(), "unused".into());
        spec.port = device_drivers::spec::PortSpec::Tcp { server: address };
        spec
    };
    let (sink, signals) = std::sync::mpsc::sync_channel(16);
    let handle = device_drivers::port::spawn(
        &spec,
        move |signal| drop(sink.try_send(signal)),
        device_drivers::port::monotonic_now,
    )
    .unwrap();
    let told = signals.recv_timeout(PATIENCE).unwrap();
    let device_drivers::signal::Signal::Port { state: PortState::OpenFailed { kind, .. }, .. } = told else {
        panic!("{told:?}");
    };
    assert_eq!(kind, io::ErrorKind::TimedOut);
    handle.stop();
}
