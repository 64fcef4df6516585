//! The good client: a staff member whose command reaches the gateway, and who connects now and then.

use std::time::{Duration, Instant};

use vestibule_demo::cloud::topic;
use vestibule_demo::ear::{Ear, Seat};
use vestibule_demo::house::House;

use super::counters;

/// Messages of one sample.
const MESSAGES: usize = 60;
/// New connections of one sample.
const CONNECTS: usize = 5;
/// A message that takes longer counts as lost.
const LOST: Duration = Duration::from_secs(2);
/// Longer is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// Medians of one sample, or of samples.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// From publishing to hearing.
    pub message: Duration,
    /// From the socket to SUBACK.
    pub connect: Duration,
    /// Messages that did not arrive although the broker had acknowledged them.
    pub lost: usize,
}

impl Sample {
    /// The median of each; all that were lost.
    pub fn median(samples: &[Self]) -> Self {
        Self {
            message: median(samples.iter().map(|sample| sample.message)),
            connect: median(samples.iter().map(|sample| sample.connect)),
            lost: samples.iter().map(|sample| sample.lost).sum(),
        }
    }
}

fn median(spans: impl Iterator<Item = Duration>) -> Duration {
    let mut spans: Vec<Duration> = spans.collect();
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied().unwrap_or_default()
}

/// Both ends of a command.
pub struct Good {
    gateway: Ear,
    staff: Option<Ear>,
    sent: u64,
}

impl Good {
    /// Connects both.
    pub fn open(house: &mut House) -> Self {
        Self {
            gateway: ear(house, "gateway", "gateway", "command/#"),
            staff: Some(ear(house, "staff", "kim", "reply/kim")),
            sent: 0,
        }
    }

    /// Messages and connections, one after the other.
    pub fn sample(&mut self, house: &mut House) -> Sample {
        let messages: Vec<Option<Duration>> = (0..MESSAGES).map(|_| self.message()).collect();
        let lost = messages.iter().filter(|message| message.is_none()).count();
        // One that comes back by itself would fight the newcomers for their client id.
        self.staff = None;
        let connects = (0..CONNECTS).map(|_| {
            let began = Instant::now();
            drop(ear(house, "staff", "kim", "reply/kim"));
            began.elapsed()
        });
        let connect = median(connects.collect::<Vec<_>>().into_iter());
        self.staff = Some(ear(house, "staff", "kim", "reply/kim"));
        Sample { message: median(messages.into_iter().map(|message| message.unwrap_or(LOST))), connect, lost }
    }

    /// How long a message took, if it arrived.
    fn message(&mut self) -> Option<Duration> {
        self.sent += 1;
        // What readers are told meanwhile; whoever does not read it is in nobody's way.
        assert!(
            self.gateway.publish(&topic("event/parcel.stored"), vec![b'x'; 4_096]),
            "the gateway's queue is full"
        );
        let payload = self.sent.to_string().into_bytes();
        let began = Instant::now();
        let sent = self
            .staff
            .as_ref()
            .is_some_and(|staff| staff.publish(&topic("command/resync/kim"), payload.clone()));
        assert!(sent, "the good client's queue is full");
        let heard = self.gateway.wait_for(LOST, |heard| (heard.payload == payload).then_some(heard.at));
        heard.map(|at| at.saturating_duration_since(began))
    }
}

fn ear(house: &mut House, role: &str, name: &str, filter: &str) -> Ear {
    let (port, certificates) = (house.broker_port, house.certificates());
    let seat = Seat { port, certificates, role: role.into(), name: name.into() };
    let ear = Ear::open(&seat, &[&topic(filter)]).expect("a certificate");
    assert!(
        ear.wait_subscribed(PATIENCE),
        "{role} {name} is not let in; the broker counts {:?}; its last words:\n{}",
        counters::read(house.metrics_ports[1]),
        house.broker().map(|broker| broker.log()).unwrap_or_default()
    );
    ear
}
