//! Tasks that may end and are started again: bus, uplink and console. Doors do not wait for them.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::error;

/// First pause before a task is started again.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// Longest pause: a broken disk or certificate is looked at by a person, not by haste.
const PAUSE_LONGEST: Duration = Duration::from_secs(60);
/// A task that worked for this long is started again with the first pause.
const WORKED: Duration = Duration::from_secs(300);

const _: () = assert!(PAUSE_FIRST.as_millis() < PAUSE_LONGEST.as_millis());

/// What a kept task ends with.
pub type TaskResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Runs a task until `stop` turns true: whenever it ends before, by a panic too, it is logged and made anew after a
/// pause. After that it may end in its own time.
pub async fn keep<Made, Task>(name: &'static str, mut stop: watch::Receiver<bool>, mut make: Made)
where
    Made: FnMut() -> Task,
    Task: Future<Output = TaskResult> + Send + 'static,
{
    let mut pause = PAUSE_FIRST;
    while !*stop.borrow_and_update() {
        let begun = Instant::now();
        let ended = Kept::spawn(make()).join().await;
        if *stop.borrow() {
            return;
        }
        match ended {
            Ok(Ok(())) => error!(task = name, "task ended; it is started again"),
            Ok(Err(why)) => error!(task = name, error = %Chain(&*why), "task failed; it is started again"),
            Err(why) => error!(task = name, error = %why, "task panicked; it is started again"),
        }
        pause = next_pause(pause, begun.elapsed());
        tokio::select! {
            () = sleep(pause) => {}
            // Turned true, or nobody is left who could.
            _ = stop.changed() => return,
        }
    }
}

fn next_pause(former: Duration, worked: Duration) -> Duration {
    if worked >= WORKED { PAUSE_FIRST } else { (former * 2).min(PAUSE_LONGEST) }
}

/// A task that ends with its keeper.
struct Kept<T>(tokio::task::JoinHandle<T>);

impl<T: Send + 'static> Kept<T> {
    fn spawn(task: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(task))
    }

    async fn join(mut self) -> Result<T, tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An error with its causes, on one line.
pub struct Chain<'a>(pub &'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn task_is_started_again_when_it_ends_fails_or_panics() {
        let starts = Arc::new(AtomicU32::new(0));
        let (told, mut listener) = tokio::sync::mpsc::channel(8);
        let make = {
            let starts = Arc::clone(&starts);
            move || {
                let number = starts.fetch_add(1, Ordering::Relaxed);
                let told = told.clone();
                async move {
                    told.send(number).await?;
                    match number {
                        0 => Ok(()),
                        1 => Err("as a test".into()),
                        _ => panic!("as a test"),
                    }
                }
            }
        };
        let (stop, stopped) = watch::channel(false);
        let keeper = tokio::spawn(keep("test", stopped, make));
        for expected in 0..4 {
            assert_eq!(listener.recv().await, Some(expected));
        }
        stop.send_replace(true);
        assert!(keeper.await.is_ok());
    }

    #[test]
    fn pause_grows_to_its_limit_and_falls_back_after_good_work() {
        let quick = Duration::ZERO;
        assert_eq!(next_pause(PAUSE_FIRST, quick), Duration::from_secs(2));
        assert_eq!(next_pause(Duration::from_secs(50), quick), PAUSE_LONGEST);
        assert_eq!(next_pause(PAUSE_LONGEST, WORKED), PAUSE_FIRST);
    }
}
