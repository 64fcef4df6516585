//! `vestibule terminal`: type as a courier or a resident would; works on a terminal and in a pipe.

use std::io::{self, BufRead};
use std::path::Path;

use zeroize::Zeroizing;

use super::{Exit, Failure, Out, ask};
use crate::console::Asker;
use crate::console::protocol::{KeyName, Message, Request};

/// Longest line that is read from standard input; what is longer was not typed by a person.
const TYPED_MAX: u64 = 256;

/// Runs the command.
///
/// # Errors
/// The daemon cannot be reached, or somebody else sits there.
pub fn terminal(socket: &Path, terminal: &str, out: &mut Out) -> Result<Exit, Failure> {
    let mut client = ask::connect(socket)?;
    client.wait_for_ever().map_err(ask::failure)?;
    client.ask(&Request::Terminal { id: terminal.to_owned() }).map_err(ask::failure)?;
    let asker = client.asker().map_err(ask::failure)?;
    let mut typing = Some(asker);
    loop {
        match client.answer().map_err(ask::failure)? {
            Message::Screen(screen) => {
                out.either(&screen, || screen.words())?;
                // Nothing is typed before the seat is ours.
                if let Some(asker) = typing.take() {
                    std::thread::Builder::new().name("typing".to_owned()).spawn(move || forward(asker))?;
                }
            }
            Message::End => return Ok(Exit::Done),
            Message::Error { word, sentence } if typing.is_none() => {
                out.either(&Message::Error { word, sentence: sentence.clone() }, || sentence)?;
            }
            other => return Err(ask::unexpected(&other)),
        }
    }
}

/// Sends what is typed until the input ends; the daemon then shows the end of the session and hangs up.
fn forward(mut asker: Asker) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = Zeroizing::new(String::new());
        let read = io::Read::take(&mut input, TYPED_MAX).read_line(&mut line);
        let request = match read {
            Ok(0) | Err(_) => Request::Leave,
            Ok(_) => request(line.trim()),
        };
        let leaving = matches!(request, Request::Leave);
        // A daemon that is gone is told by the thread that reads its answers.
        if asker.ask(&request).is_err() || leaving {
            return;
        }
    }
}

/// What a typed line means.
fn request(line: &str) -> Request {
    let key = match line {
        "" | "/ok" => KeyName::Ok,
        "/cancel" => KeyName::Cancel,
        "/next" => KeyName::Next,
        "/not-delivered" => KeyName::NotDelivered,
        "/reopen" => KeyName::Reopen,
        "/need-larger" => KeyName::NeedLarger,
        "/not-empty" => KeyName::NotEmpty,
        text => return Request::Type(text.to_owned()),
    };
    Request::Press(key)
}
