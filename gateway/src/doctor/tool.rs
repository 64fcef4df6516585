//! Looks that may take long, bounded: a thread with a deadline, and the few programs that know what no file says.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What `look` says, unless it takes longer; it is then left to itself, as nothing ends a thread that waits for a disk.
pub fn within<T: Send + 'static>(limit: Duration, look: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // Whoever waited may have gone; then nobody needs the answer.
    let run = move || drop(sender.send(look()));
    thread::Builder::new().name("look".to_owned()).spawn(run).ok()?;
    receiver.recv_timeout(limit).ok()
}

/// Standard output of a program, at most so many bytes of it, within so much time; its environment is ours without secrets
/// to hand on: it has none. The program is ended when its time is over.
///
/// # Errors
/// A sentence that says what kept it.
pub fn run(program: &str, arguments: &[&str], bytes: u64, limit: Duration) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
    let output = child.stdout.take().ok_or_else(|| format!("{program} has no output"))?;
    let said = within(limit, move || {
        let mut text = Vec::new();
        output.take(bytes).read_to_end(&mut text).map(|_| text)
    });
    // It has ended, or must: what it still wanted to say is more than was asked for.
    child.kill().ok();
    child.wait().map_err(|error| format!("{program}: {error}"))?;
    match said {
        Some(Ok(text)) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Some(Err(error)) => Err(format!("{program}: {error}")),
        None => Err(format!("{program} took longer than {} ms", limit.as_millis())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_is_heard_bounded_and_ended_when_it_takes_too_long() {
        let long = Duration::from_secs(20);
        assert_eq!(run("echo", &["hello"], 3, long).as_deref(), Ok("hel"));
        assert!(run("no-such-program", &[], 3, long).is_err());
        let late = run("tail", &["-f", "/dev/null"], 3, Duration::from_millis(20));
        assert!(late.is_err_and(|why| why.contains("took longer")));
    }
}
