//! A flood of commands from every connection the broker has, and a reader that stands still meanwhile: whoever floods
//! waits, and nothing that was acknowledged is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use vestibule::broker::Limits;
use vestibule::broker::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_NAME_MAX};

use super::bench::{Bench, PATIENCE, PREFIX};
use super::raw::{Raw, connect, packet, publish_v5, subscribe_v5, text};

/// Everybody but the gateway and the good client.
const FLOODERS: usize = CONNECTIONS_MAX - 2;
/// What the good client sends.
const MESSAGES: usize = 60;

/// Connections that send commands as fast as they can until the broker ends or they are told.
struct Flood {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Flood {
    fn start(bench: &Bench) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let names = FLOODERS.div_ceil(CONNECTIONS_PER_NAME_MAX);
        let tls: Vec<_> = (0..names).map(|number| bench.tls("staff", &format!("thief-{number}"))).collect();
        let threads = (0..FLOODERS).map(|number| {
            let name = format!("thief-{}", number / CONNECTIONS_PER_NAME_MAX);
            let id = format!("{name}.{number}");
            let mut raw = Raw::connect(bench, Arc::clone(&tls[number / CONNECTIONS_PER_NAME_MAX]));
            raw.send(&connect(5, &id, 60, &[]));
            assert_eq!(raw.frame().expect("CONNACK")[3], 0, "{id}");
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                let mut body = text(&format!("{PREFIX}/command/resync/{name}"));
                body.push(0);
                body.extend([b'x'; 512]);
                let burst = packet(0x30, &body).repeat(50);
                while !stop.load(Ordering::Relaxed) {
                    raw.send(&burst);
                }
            })
        });
        let threads = threads.collect();
        Self { stop, threads }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

/// The gateway, which reads all commands.
fn gateway(bench: &Bench) -> Raw {
    let mut raw = Raw::connect(bench, bench.tls("gateway", "gw"));
    raw.send(&connect(5, "gw", 60, &[]));
    assert_eq!(raw.frame().expect("CONNACK")[3], 0);
    raw.send(&subscribe_v5(&format!("{PREFIX}/command/#"), 1));
    assert_eq!(raw.frame().expect("SUBACK")[0], 0x90);
    raw
}

/// Reads one command and acknowledges it where that is due; its payload.
fn read_command(gateway: &mut Raw) -> Vec<u8> {
    let frame = gateway.frame().expect("a command");
    assert_eq!(frame[0] >> 4, 3, "{frame:02x?}");
    let header = 1 + frame[1..].iter().take_while(|byte| *byte & 0x80 != 0).count() + 1;
    let topic = usize::from(u16::from_be_bytes([frame[header], frame[header + 1]]));
    let mut at = header + 2 + topic;
    if frame[0] & 6 != 0 {
        gateway.send(&[0x40, 2, frame[at], frame[at + 1]]);
        at += 2;
    }
    frame[at + 1..].to_vec()
}

fn wait_until(what: &str, happened: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < until, "{what}");
        thread::yield_now();
    }
}

#[test]
fn acknowledged_commands_reach_a_reader_that_stood_still_while_everybody_flooded() {
    let bench = Bench::ours();
    let mut gateway = gateway(&bench);
    let mut good = Raw::staff(&bench, "desk", 5, 60, &[]);
    let flood = Flood::start(&bench);
    // The reader stands still, and in the end everybody who floods waits for it.
    wait_until("every flooding name waits", || bench.metrics.out_of_credit.get() >= 62);
    let sender = thread::spawn(move || {
        let topic = format!("{PREFIX}/command/unlock/desk");
        let mut slowest = Duration::ZERO;
        for number in 0..MESSAGES {
            let before = Instant::now();
            good.send(&publish_v5(&topic, &[], format!("good {number}").as_bytes()));
            let puback = good.frame().expect("PUBACK");
            assert_eq!(puback[0], 0x40);
            assert!(puback[1] == 2 || puback[4] == 0, "{puback:02x?}");
            slowest = slowest.max(before.elapsed());
        }
        slowest
    });
    let (mut next, mut others) = (0, 0);
    while next < MESSAGES {
        let payload = read_command(&mut gateway);
        if payload.starts_with(b"good") {
            assert_eq!(payload, format!("good {next}").into_bytes(), "lost, doubled or out of order");
            next += 1;
        } else {
            others += 1;
        }
    }
    let slowest = sender.join().expect("the good client");
    println!("{MESSAGES} commands among {others} of {FLOODERS} flooders; slowest PUBACK {slowest:?}");
    drop(gateway);
    drop(bench);
    drop(flood);
}

/// What is retained goes its own way: a resync of a large building passes a flood.
#[test]
fn a_resync_passes_while_everybody_floods() {
    let bench = Bench::ours();
    let mut reader = Raw::staff(&bench, "desk", 5, 60, &[]);
    reader.send(&subscribe_v5(&format!("{PREFIX}/state/#"), 0));
    assert_eq!(reader.frame().expect("SUBACK")[0], 0x90);
    let mut gateway = gateway(&bench);
    let flood = Flood::start(&bench);
    wait_until("every flooding name waits", || bench.metrics.out_of_credit.get() >= 62);
    let states = (0..500).map(|door| {
        let mut state = publish_v5(&format!("{PREFIX}/state/door/d-{door}"), &[], &[b'x'; 150]);
        state[0] |= 1;
        state
    });
    let before = Instant::now();
    gateway.send(&states.collect::<Vec<_>>().concat());
    let mut acknowledged = 0;
    while acknowledged < 500 {
        let frame = gateway.frame().expect("a packet");
        acknowledged += usize::from(frame[0] == 0x40);
    }
    println!("500 retained states acknowledged in {:?}", before.elapsed());
    for _ in 0..500 {
        assert_eq!(reader.frame().expect("a state")[0] >> 4, 3);
    }
    drop((gateway, reader));
    drop(bench);
    drop(flood);
}

#[test]
fn a_reader_that_acknowledges_no_command_is_told_and_its_writers_go_on() {
    let bench = Bench::ours_with(Limits { write_stall: Duration::from_millis(300), ..Limits::default() });
    let mut gateway = gateway(&bench);
    let mut good = Raw::staff(&bench, "desk", 5, 60, &[]);
    let command = publish_v5(&format!("{PREFIX}/command/unlock/desk"), &[], b"x");
    good.send(&command.repeat(20));
    for _ in 0..20 {
        // The ninth is acknowledged when the deaf reader is gone.
        assert_eq!(good.frame().expect("PUBACK")[0], 0x40);
    }
    let mut last = Vec::new();
    while let Some(frame) = gateway.frame() {
        last = frame;
    }
    assert_eq!((last[0], last[2]), (0xE0, 0x97), "{last:02x?}");
    assert!(String::from_utf8_lossy(&last).contains("unacknowledged"), "{last:02x?}");
    assert_eq!(bench.metrics.slow_reader_ended.get(), 1);
}

#[test]
fn a_will_on_a_command_topic_reaches_its_reader_through_a_flood() {
    let bench = Bench::ours();
    let mut gateway = gateway(&bench);
    let mut raw = Raw::connect(&bench, bench.tls("staff", "desk"));
    let mut body = text("MQTT");
    body.extend_from_slice(&[5, 0b0000_1110, 0, 60, 0]);
    let will = text(&format!("{PREFIX}/command/resync/desk"));
    body.extend([text("desk"), vec![0], will, text("gone")].concat());
    raw.send(&packet(0x10, &body));
    assert_eq!(raw.frame().expect("CONNACK")[3], 0);
    let flood = Flood::start(&bench);
    wait_until("every flooding name waits", || bench.metrics.out_of_credit.get() >= 62);
    drop(raw);
    while read_command(&mut gateway) != b"gone" {}
    assert_eq!(bench.metrics.wills_lost.get(), 0);
    drop(gateway);
    drop(bench);
    drop(flood);
}
