//! The socket as people, scripts and hostile peers use it; the test plays the engine behind the seam.

pub(in crate::console) mod bench;
mod trace;

use std::os::unix::net::UnixListener as StdListener;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
use tokio::time::timeout;
use vestibule_core::command::{Actor, Channel, Status};
use vestibule_core::id::TerminalId;
use vestibule_core::input::{Entry, Input, Key, Typed};
use vestibule_core::refusal::Refusal;
use vestibule_core::screen::Screen;

use super::protocol::LINE_MAX;
use super::server::{CONNECTIONS_MAX, Console, ConsoleError};
use crate::engine::{Outgoing, Seam};
use crate::field::Loans;
use crate::readers::Readers;
use crate::telemetry::Telemetry;
use bench::{Bench, PATIENCE, configuration, engine, next_command, outcome};

#[tokio::test]
async fn snapshot_tells_the_building() {
    let bench = Bench::start();
    let answer = bench.guest().await.ask(&json!("snapshot")).await;
    assert_eq!(answer["snapshot"]["building"], "maple-court");
    assert_eq!(answer["snapshot"]["compartments"][0]["label"], "A1");
    assert_eq!(answer["snapshot"]["compartments"][0]["door"], Value::Null);
    assert_eq!(answer["snapshot"]["field"]["lines"]["one"]["port"], "/dev/nothing");
    assert_eq!(answer["snapshot"]["field"]["devices"]["locks"]["address"], 1);
    assert_eq!(answer["snapshot"]["links"], json!({"bus": null, "cloud": null}));
    bench.end().await;
}

#[tokio::test]
async fn garbage_is_refused_and_the_connection_goes_on() {
    let bench = Bench::start();
    let mut guest = bench.guest().await;
    for garbage in
        ["", "{", "\u{0}\u{1}", "[[[[", "{\"snapshot\":1,\"x\":2}", "\"leave\"", "{\"press\":\"escape\"}"]
    {
        guest.say(garbage).await;
        assert!(["malformed", "not_now"].contains(&guest.refused().await.as_str()), "{garbage:?}");
    }
    assert_ne!(guest.ask(&json!("snapshot")).await["snapshot"], Value::Null);
    guest.writer.write_all(b"\xff\xfe\n").await.expect("it reads");
    assert_eq!(guest.refused().await, "malformed");
    bench.end().await;
}

#[tokio::test]
async fn connection_ends_when_a_line_is_too_long() {
    let bench = Bench::start();
    let mut guest = bench.guest().await;
    // The console may hang up before all is written; that is an end as well.
    drop(guest.writer.write_all(&vec![b'x'; LINE_MAX + 1]).await);
    assert_eq!(guest.refused().await, "malformed");
    assert_eq!(guest.hear().await, Value::Null, "nothing follows");
    bench.end().await;
}

#[tokio::test]
async fn others_are_served_when_many_are_silent() {
    let bench = Bench::start();
    let mut silent = Vec::new();
    for _ in 1..CONNECTIONS_MAX {
        let mut guest = bench.guest().await;
        guest.writer.write_all(b"{\"half\":").await.expect("it reads");
        silent.push(guest);
    }
    let mut last = bench.guest().await;
    assert_ne!(last.ask(&json!("snapshot")).await["snapshot"], Value::Null);
    let mut too_many = bench.guest().await;
    assert_eq!(too_many.refused().await, "busy");
    bench.end().await;
}

#[tokio::test(start_paused = true)]
async fn connection_ends_when_nothing_is_asked_for_too_long() {
    let bench = Bench::start();
    let mut guest = bench.guest().await;
    // The clock is virtual: it leaps to the end of the console's patience as soon as nobody does anything.
    let mut line = String::new();
    guest.reader.read_line(&mut line).await.expect("a last word");
    assert!(line.contains("\"idle\""), "{line}");
    bench.end().await;
}

#[tokio::test]
async fn command_is_answered_to_whoever_asked() {
    let mut bench = Bench::start();
    let mut guest = bench.guest().await;
    let payload =
        json!({"id": "c-1", "target": "a-1", "reason": "test", "not_after": "2026-03-01T07:30:00Z"});
    guest.say(&json!({"command": {"name": "unlock", "payload": payload}}).to_string()).await;
    let request = bench
        .engine(|seam| {
            let request = next_command(seam);
            for status in [Status::Received, Status::Done] {
                seam.tell(&Outgoing::Reply { key: request.key.clone(), outcome: outcome(&request, status) });
            }
            request
        })
        .await;
    assert_eq!(request.key.channel, Channel::Console);
    assert!(
        matches!(&request.key.actor, Actor::Staff(name) if name.starts_with("os:")),
        "the kernel said who"
    );
    assert_eq!(guest.hear().await["reply"]["status"], "received");
    let done = guest.hear().await;
    assert_eq!((&done["reply"]["status"], &done["reply"]["events"][0]), (&json!("done"), &json!(7)));
    assert_ne!(guest.ask(&json!("snapshot")).await["snapshot"], Value::Null, "the connection goes on");
    bench.end().await;
}

#[tokio::test]
async fn command_is_refused_before_the_engine_when_it_is_malformed() {
    let bench = Bench::start();
    let mut guest = bench.guest().await;
    let actor =
        json!({"command": {"name": "unlock", "payload": {"id": "c-1", "target": "a-1", "actor": "root"}}});
    let reply = guest.ask(&actor).await;
    assert_eq!((&reply["reply"]["status"], &reply["reply"]["id"]), (&json!("refused"), &json!("c-1")));
    assert_eq!(reply["reply"]["detail"]["word"], "malformed");
    guest.say(&json!({"command": {"name": "open-all", "payload": {}}}).to_string()).await;
    assert_eq!(guest.refused().await, "not_found");
    bench.end().await;
}

#[tokio::test]
async fn asker_is_told_when_answers_were_lost() {
    let mut bench = Bench::start();
    let mut guest = bench.guest().await;
    guest.say(&json!({"command": {"name": "challenge", "payload": {"id": "c-1"}}}).to_string()).await;
    bench
        .engine(|seam| {
            drop(next_command(seam));
            seam.tell(&Outgoing::Missed { dropped: 3 });
        })
        .await;
    assert_eq!(guest.refused().await, "no_answer");
    bench.end().await;
}

#[tokio::test]
async fn terminal_shows_screens_takes_entries_and_has_one_seat() {
    let mut bench = Bench::start();
    let mut guest = bench.guest().await;
    let sit = json!({"terminal": {"id": "lobby"}});
    assert_eq!(guest.ask(&sit).await["screen"]["show"], "welcome");
    let mut second = bench.guest().await;
    second.say(&sit.to_string()).await;
    assert_eq!(second.refused().await, "busy");
    second.say(&json!({"terminal": {"id": "roof"}}).to_string()).await;
    assert_eq!(second.refused().await, "not_found");

    guest.say(&json!({"type": "123 456 7890"}).to_string()).await;
    guest.say(&json!({"press": "not-delivered"}).to_string()).await;
    let entries = bench
        .engine(|seam| {
            let mut entries = Vec::new();
            while entries.len() < 2 {
                for input in seam.take(Some(PATIENCE)).inputs {
                    if let Input::Entry { entry, .. } = input {
                        entries.push(match entry {
                            Entry::Typed(typed) => typed.expose().to_owned(),
                            Entry::Key(key) => format!("{key:?}"),
                            Entry::Card(card) => format!("{card:?}"),
                        });
                    }
                }
            }
            let lobby = TerminalId::new("lobby").expect("id");
            seam.show(&lobby, Screen::PutIn { label: "A1".into() });
            entries
        })
        .await;
    assert_eq!(entries, ["123 456 7890".to_owned(), format!("{:?}", Key::NotDelivered)]);
    assert_eq!(guest.hear().await["screen"], json!({"show": "put_in", "label": "A1"}));

    guest.say(&json!({"type": "x".repeat(Typed::MAX + 1)}).to_string()).await;
    assert_eq!(guest.refused().await, "malformed");
    guest.say(&json!({"journal": {"after": 0}}).to_string()).await;
    assert_eq!(guest.refused().await, "not_now");
    drop(guest);
    // The seat is free once the console has seen the end of the connection.
    let free = async {
        loop {
            let mut next = bench.guest().await;
            if next.ask(&sit).await["screen"]["show"] == "put_in" {
                return;
            }
        }
    };
    timeout(PATIENCE, free).await.expect("the seat is free again");
    bench.end().await;
}

#[tokio::test(start_paused = true)]
async fn leaver_sees_the_end_of_the_session() {
    let bench = Bench::start();
    let mut guest = bench.guest().await;
    assert_eq!(guest.ask(&json!({"terminal": {"id": "lobby"}})).await["screen"]["show"], "welcome");
    let lobby = TerminalId::new("lobby").expect("id");
    let seam = bench.seam.as_ref().expect("the engine");
    let shut = Screen::Refused { refusal: Refusal::UnknownCode, support: String::new() };
    for screen in [Screen::TakeOut { label: "A1".into(), more: 0 }, Screen::Welcome, shut] {
        seam.show(&lobby, screen);
    }
    guest.say("\"leave\"").await;
    for show in ["take_out", "welcome", "refused"] {
        assert_eq!(guest.hear().await["screen"]["show"], show);
    }
    assert_eq!(guest.hear().await, json!("end"));
    bench.end().await;
}

#[tokio::test]
async fn journal_and_verdict_are_told_and_an_odd_anchor_is_refused() {
    let bench = Bench::start();
    let mut guest = bench.guest().await;
    assert_eq!(bench.journal.head().sequence, 0, "nothing is recorded yet");
    assert_eq!(guest.ask(&json!({"journal": {"after": 0, "rows": 5}})).await, json!("end"));
    guest.say(&json!({"verify": {"anchor": {"sequence": 1, "hash": "12"}}}).to_string()).await;
    assert_eq!(guest.refused().await, "malformed");
    let verdict = guest.ask(&json!({"verify": {"anchor": null}})).await;
    assert_eq!(verdict["verdict"]["standing"], "unanchored", "no anchor, no proof");
    bench.end().await;
}

#[tokio::test]
async fn socket_is_taken_over_from_the_dead_only() {
    let bench = Bench::start();
    let (handle, _seam) = Seam::new([], engine(&configuration(bench.folder.path())).published());
    let again = Console::bind(
        configuration(bench.folder.path()),
        handle.clone(),
        bench.journal.clone(),
        Telemetry::default(),
        Loans::default(),
        Readers::none(&handle),
    );
    assert!(matches!(again.err(), Some(ConsoleError::Taken(_))));
    let socket = bench.socket();
    let journal = bench.journal.clone();
    bench.end().await;
    assert!(!socket.exists(), "the socket is removed in order");

    let folder = tempfile::tempdir().expect("a folder");
    drop(StdListener::bind(folder.path().join("console.sock")).expect("a socket of a dead daemon"));
    assert!(folder.path().join("console.sock").exists());
    let none = Readers::none(&handle);
    let (telemetry, loans) = (Telemetry::default(), Loans::default());
    let bound = Console::bind(configuration(folder.path()), handle, journal, telemetry, loans, none);
    assert!(bound.is_ok());
}
