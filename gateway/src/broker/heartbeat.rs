//! A message through rumqttd and back, once a second. A panic of rumqttd's router is silent; a missing echo is not.

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::{QoS, v5};
use tokio::io::AsyncWriteExt;
use tokio::time::{MissedTickBehavior, interval};

use super::backend::{Backend, BackendError, Link};
use super::limits::Limits;
use super::metrics::Metrics;
use super::wire::kind;

/// Outside the contract's prefix, so that no client can reach it.
const TOPIC: &str = "heartbeat";
const LINK_ID: &str = "heartbeat";

/// Why the inner broker is taken for dead.
#[derive(Debug, thiserror::Error)]
pub enum HeartbeatLost {
    /// No echo to so many beats.
    #[error("the inner broker echoed none of the last {0} beats")]
    NoEcho(u32),
    /// The heartbeat's own link failed.
    #[error("the heartbeat's link failed")]
    Link(#[source] BackendError),
}

/// Beats until an echo is missing. Never returns while the inner broker is well.
pub(super) async fn beat(backend: &Backend, limits: &Limits, metrics: &Metrics) -> HeartbeatLost {
    match try_beat(backend, limits, metrics).await {
        Ok(never) => match never {},
        Err(lost) => lost,
    }
}

async fn try_beat(
    backend: &Backend,
    limits: &Limits,
    metrics: &Metrics,
) -> Result<std::convert::Infallible, HeartbeatLost> {
    let mut link = backend.link(LINK_ID).await.map_err(HeartbeatLost::Link)?;
    let mut packets = BytesMut::new();
    let mut subscribe = v5::Subscribe::new(v5::Filter::new(TOPIC, QoS::AtMostOnce), None);
    subscribe.pkid = 1;
    write(&mut link, &mut packets, |out| subscribe.write(out)).await?;
    let mut ticks = interval(limits.heartbeat_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Beats are counted, not seconds: a process that was stopped and goes on, or starved of the processor, has lost time
    // but no echo.
    let mut unanswered: u32 = 0;
    loop {
        tokio::select! {
            frame = link.next() => {
                if frame.map_err(HeartbeatLost::Link)?.kind() == kind::PUBLISH {
                    unanswered = 0;
                    metrics.heartbeats.add();
                }
            }
            _ = ticks.tick() => {
                if unanswered >= limits.heartbeats_lost {
                    return Err(HeartbeatLost::NoEcho(unanswered));
                }
                unanswered += 1;
                let publish = v5::Publish::new(TOPIC, QoS::AtMostOnce, "beat", None);
                write(&mut link, &mut packets, |out| publish.write(out)).await?;
            }
        }
    }
}

async fn write(
    link: &mut Link,
    packet: &mut BytesMut,
    encode: impl FnOnce(&mut BytesMut) -> Result<usize, rumqttc::v5::mqttbytes::Error>,
) -> Result<(), HeartbeatLost> {
    packet.clear();
    let refused = |error: rumqttc::v5::mqttbytes::Error| BackendError::Refused(error.to_string());
    encode(packet).map_err(refused).map_err(HeartbeatLost::Link)?;
    link.stream.write_all(packet).await.map_err(BackendError::Link).map_err(HeartbeatLost::Link)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    fn quick() -> Limits {
        Limits { heartbeat_every: Duration::from_millis(10), heartbeats_lost: 10, ..Limits::default() }
    }

    #[tokio::test]
    async fn the_inner_broker_is_dead_when_it_accepts_and_echoes_nothing() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let backend = Backend::at(listener.local_addr().unwrap());
        let silent = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The password is the last of CONNECT; it asks in rumqttd's place.
            let mut hello = BytesMut::new();
            while !hello.windows(64).last().is_some_and(|end| backend.admit(&String::from_utf8_lossy(end))) {
                assert!(stream.read_buf(&mut hello).await.unwrap() > 0, "no password");
            }
            stream.write_all(&[0x20, 3, 0, 0, 0]).await.unwrap();
            while stream.read(&mut [0; 64]).await.unwrap() > 0 {}
            std::future::pending::<()>().await;
        };
        let (limits, metrics) = (quick(), Metrics::default());
        tokio::select! {
            lost = beat(&backend, &limits, &metrics) => assert!(matches!(lost, HeartbeatLost::NoEcho(_)), "{lost}"),
            () = silent => unreachable!(),
        }
        assert_eq!(metrics.heartbeats.get(), 0);
    }

    #[tokio::test]
    async fn the_inner_broker_is_well_while_it_echoes() {
        let backend = Backend::start().await.unwrap();
        // Patient: a loaded machine may hold an echo up for longer than a broken broker is given in these tests.
        let limits = Limits { heartbeats_lost: 500, ..quick() };
        let metrics = Metrics::default();
        let enough = async {
            while metrics.heartbeats.get() < 20 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            lost = beat(&backend, &limits, &metrics) => panic!("{lost}"),
            () = enough => {}
        }
    }

    /// The fault itself, on the real thing: one message to a topic whose first letter is not ASCII.
    #[tokio::test]
    async fn the_inner_broker_is_dead_when_its_router_panicked() {
        let backend = Backend::start().await.unwrap();
        let mut link = backend.link("hostile").await.unwrap();
        let mut packet = BytesMut::new();
        let mut subscribe = v5::Subscribe::new(v5::Filter::new("any", QoS::AtMostOnce), None);
        subscribe.pkid = 1;
        subscribe.write(&mut packet).unwrap();
        v5::Publish::new("\u{e4}/x", QoS::AtMostOnce, "x", None).write(&mut packet).unwrap();
        link.stream.write_all(&packet).await.unwrap();
        let (limits, metrics) = (quick(), Metrics::default());
        // Until the router gets to it a few beats may pass.
        let lost = tokio::time::timeout(Duration::from_secs(20), beat(&backend, &limits, &metrics)).await;
        assert!(lost.is_ok(), "{} beats", metrics.heartbeats.get());
    }
}
