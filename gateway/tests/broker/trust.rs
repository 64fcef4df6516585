//! Certificates that are revoked, expire and are replaced while clients are connected.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustls_pki_types::{CertificateDer, ServerName};
use vestibule::broker::{Counter, Limits};
use vestibule::enroll::{Existing, Purpose};

use super::bench::{Bench, PATIENCE, PREFIX, tls_of};
use super::probe::{Heard, Probe, Terms, Version, plain};

fn bench() -> Bench {
    let (trust_every, judged_every) = (Duration::from_millis(20), Duration::from_millis(200));
    Bench::ours_with(Limits { trust_every, judged_every, ..Limits::default() })
}

fn authority(bench: &Bench) -> PathBuf {
    bench.dir.path().join("ca")
}

/// Waits for two more: a look that has begun already may be the first.
async fn wait_for_more(counter: &Counter) {
    let (until, enough) = (Instant::now() + PATIENCE, counter.get() + 2);
    while counter.get() < enough {
        assert!(Instant::now() < until, "the broker never looked");
        tokio::task::yield_now().await;
    }
}

async fn closed(probe: &mut Probe) -> String {
    let Heard::Closed(why) = probe.hear_until(|heard| matches!(heard, Heard::Closed(_))).await else {
        unreachable!()
    };
    why
}

#[tokio::test]
async fn a_revoked_certificate_is_out_and_stays_out_and_nobody_else_notices() {
    let bench = bench();
    let kim = bench.client("staff", "kim");
    let terms = || Terms { tls: tls_of(&kim), version: Version::V5, id: "kim", will: None };
    let mut out = Probe::connect(&bench, terms()).await.expect("connected");
    let mut lee = Probe::of(&bench, Version::V5, "staff", "lee").await;
    bench.ca.revoke(&authority(&bench), &[&kim.certificate]).unwrap();
    let why = closed(&mut out).await;
    assert!(why.contains("NotAuthorized"), "{why}");
    assert_eq!(bench.metrics.distrusted_ended.get(), 1);
    let refused = Probe::connect(&bench, terms()).await.map(|_| ()).unwrap_err();
    assert!(refused.contains("CertificateRevoked"), "{refused}");
    // A new certificate of the same name is welcome.
    Probe::of(&bench, Version::V5, "staff", "kim").await;
    let resync = plain(format!("{PREFIX}/command/resync/lee"), "{}");
    assert_eq!(lee.publish(&resync).await, Heard::PubAck(true));
}

#[tokio::test]
async fn a_certificate_that_expires_ends_its_connection() {
    let bench = bench();
    let issued = bench.ca.issue("staff", "guest", &Purpose::Client, Duration::from_secs(2)).unwrap();
    let mut kept = bench.client("staff", "guest");
    kept.certificate = bench.dir.path().join("short.pem");
    kept.key = bench.dir.path().join("short.key");
    std::fs::write(&kept.certificate, issued.certificate_pem).unwrap();
    std::fs::write(&kept.key, issued.key_pem).unwrap();
    let terms = Terms { tls: tls_of(&kept), version: Version::V5, id: "guest", will: None };
    let mut guest = Probe::connect(&bench, terms).await.expect("connected while it is good");
    let why = closed(&mut guest).await;
    assert!(why.contains("NotAuthorized"), "{why}");
}

fn server() -> Purpose {
    Purpose::Server { dns: vec!["localhost".to_owned()], addresses: vec![[127, 0, 0, 1].into()] }
}

/// The certificate that the broker shows to whoever connects now.
fn shown(bench: &Bench) -> CertificateDer<'static> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = rustls::ClientConnection::new(bench.tls("staff", "looks"), name).unwrap();
    let mut socket = TcpStream::connect(bench.address).unwrap();
    rustls::Stream::new(&mut tls, &mut socket).flush().unwrap();
    tls.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test]
async fn new_certificates_of_the_broker_come_into_force_and_drop_nobody() {
    let bench = bench();
    let mut staff = Probe::of(&bench, Version::V5, "staff", "desk").await;
    let before = shown(&bench);
    bench.ca.issue_into(bench.dir.path(), "broker", "local", &server(), Existing::Replace).unwrap();
    let until = Instant::now() + PATIENCE;
    while shown(&bench) == before {
        assert!(Instant::now() < until, "the old certificate is still shown");
        tokio::task::yield_now().await;
    }
    let resync = plain(format!("{PREFIX}/command/resync/desk"), "{}");
    assert_eq!(staff.publish(&resync).await, Heard::PubAck(true), "still the same connection");
}

#[tokio::test]
async fn files_that_cannot_be_used_leave_the_old_ones_in_force() {
    let bench = bench();
    let file = bench.dir.path().join("broker-local.pem");
    std::fs::write(&file, "half a certif").unwrap();
    wait_for_more(&bench.metrics.trust_refused).await;
    Probe::of(&bench, Version::V5, "staff", "desk").await;
    std::fs::remove_file(authority(&bench).join("revoked.pem")).unwrap();
    wait_for_more(&bench.metrics.trust_refused).await;
    Probe::of(&bench, Version::V5, "staff", "desk").await;
    // A list cut short must not admit whom it shut out: it is refused, never taken for an empty one.
    std::fs::write(authority(&bench).join("revoked.pem"), "").unwrap();
    bench.ca.issue_into(bench.dir.path(), "broker", "local", &server(), Existing::Replace).unwrap();
    wait_for_more(&bench.metrics.trust_refused).await;
    assert_eq!((bench.metrics.distrusted_ended.get(), bench.metrics.trust_renewed.get()), (0, 0));
}
