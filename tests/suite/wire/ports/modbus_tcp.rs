//! A line behind a Modbus/TCP server, which is a few lines of its own: numbers, late answers, something else entirely.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use device_drivers::port::{monotonic_now, spawn};
use device_drivers::signal::{DeviceState, PortState, Signal};
use device_drivers::spec::PortSpec;
use sim_devices::{Baud, Latches, LineSpec};
use vestibule_tests::wire::lines::{configured, device};

use super::PATIENCE;

/// How the server behaves.
const HONEST: u8 = 0;
/// Every answer carries the number before the one that was asked with.
const BEHIND: u8 = 1;
/// It speaks another language.
const OTHER: u8 = 2;

/// A server with one input board at address 2: every input on.
fn serve(conduct: Arc<AtomicU8>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the test's process; a connection ends when the line hangs up.
    thread::spawn(move || {
        for client in listener.incoming() {
            answer(client.unwrap(), &conduct).unwrap_or(());
        }
    });
    address
}

fn answer(mut client: TcpStream, conduct: &AtomicU8) -> std::io::Result<()> {
    loop {
        let mut asked = [0; 12];
        client.read_exact(&mut asked)?;
        let [high, low, 0, 0, 0, 6, unit, function, ..] = asked else {
            panic!("no Modbus/TCP: {asked:02X?}")
        };
        if (unit, function) != (2, 2) {
            continue;
        }
        let number = u16::from_be_bytes([high, low]);
        let [high, low] = match conduct.load(Ordering::Acquire) {
            HONEST => number.to_be_bytes(),
            BEHIND => number.wrapping_sub(1).to_be_bytes(),
            _ => return client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        };
        let whole = [high, low, 0, 0, 0, 4, unit, function, 1, 0xFF];
        // In two pieces, as a network may have it.
        client.write_all(&whole[..5])?;
        client.write_all(&whole[5..])?;
    }
}

#[test]
fn only_the_newest_transaction_is_answered() {
    let conduct = Arc::new(AtomicU8::new(HONEST));
    let server = serve(Arc::clone(&conduct));
    let mut spec = configured(&LineSpec::bank(8, Latches::None).unwrap().at(Baud::B19200), "unused".into());
    spec.port = PortSpec::ModbusTcp { server };
    let (sink, signals) = sync_channel(65_536);
    let handle = spawn(&spec, move |signal| drop(sink.try_send(signal)), monotonic_now).unwrap();
    let wait = |what: &str, wanted: &dyn Fn(&Signal) -> bool| {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let signal = signals.recv_timeout(left).unwrap_or_else(|_| panic!("waited in vain for {what}"));
            if wanted(&signal) {
                return;
            }
        }
    };
    let doors = |wanted: DeviceState| move |signal: &Signal| matches!(signal, Signal::Device { device: d, state, .. } if *d == device(2) && *state == wanted);
    wait("the input board", &doors(DeviceState::Online));
    wait("its inputs", &|signal| matches!(signal, Signal::Inputs { states, .. } if !states.none_on()));
    conduct.store(BEHIND, Ordering::Release);
    let since = Instant::now();
    wait("that old numbers answer nothing", &doors(DeviceState::Down));
    assert!(
        since.elapsed() >= Duration::from_secs(2),
        "it is down after its time, not at the first old answer"
    );
    conduct.store(HONEST, Ordering::Release);
    wait("that it is back", &doors(DeviceState::Online));
    conduct.store(OTHER, Ordering::Release);
    let hung_up = |signal: &Signal| matches!(signal, Signal::Port { state: PortState::Unplugged, .. });
    wait("that another language ends the connection", &hung_up);
    handle.stop();
}
