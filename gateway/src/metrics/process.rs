//! The process that is asked, under the names that every collector knows. What /proc does not show is left out.

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use rustix::param::{clock_ticks_per_second, page_size};

use super::families::{Families, bytes, plain, seconds};

/// Fields of /proc/self/stat after the name in parentheses, counted from 0 (proc(5) counts from 3): user and system time.
const TIMES: [usize; 2] = [11, 12];

/// One look at the process.
#[derive(Debug, Default)]
pub(super) struct Process {
    cpu_ticks: Option<u64>,
    resident_pages: Option<u64>,
    descriptors: Option<u64>,
    threads: Option<u64>,
}

impl Process {
    /// Looks now.
    pub(super) fn read() -> Self {
        let count =
            |folder| fs::read_dir(folder).ok().map(|all| u64::try_from(all.count()).unwrap_or(u64::MAX));
        Self {
            cpu_ticks: fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_ticks),
            resident_pages: fs::read_to_string("/proc/self/statm").ok().as_deref().and_then(resident_pages),
            descriptors: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
        }
    }
}

impl Collector for Process {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(encoder);
        if let Some(spent) = self.cpu_ticks.and_then(cpu_seconds) {
            families.counter(seconds("process_cpu", "User and system time spent."), spent)?;
        }
        if let Some(pages) = self.resident_pages {
            let size = u64::try_from(page_size()).unwrap_or(u64::MAX);
            let help = "Memory that is resident, shared pages included.";
            families.gauge(bytes("process_resident_memory", help), pages.saturating_mul(size))?;
        }
        if let Some(open) = self.descriptors {
            families.gauge(plain("process_open_fds", "Open file descriptors."), open)?;
        }
        if let Some(threads) = self.threads {
            families.gauge(plain("process_threads", "Threads."), threads)?;
        }
        Ok(())
    }
}

fn cpu_seconds(ticks: u64) -> Option<f64> {
    let millis = ticks.checked_mul(1_000)?.checked_div(clock_ticks_per_second())?;
    Some(std::time::Duration::from_millis(millis).as_secs_f64())
}

/// The name may hold anything, closing parentheses too, so counting starts after the last one.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    TIMES.iter().map(|at| fields.get(*at)?.parse::<u64>().ok()).sum()
}

fn resident_pages(statm: &str) -> Option<u64> {
    statm.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_when_the_name_holds_parentheses() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 2 0 250 50 0 0 20 0 4 0 100 1000 200";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("7 (a) S 1"), None);
        assert_eq!(resident_pages("1000 200 50 1 0 1 0"), Some(200));
    }

    #[test]
    fn this_process_has_all_of_them() {
        let process = Process::read();
        assert!(
            process.resident_pages > Some(0) && process.descriptors > Some(0) && process.threads > Some(0)
        );
        assert!(process.cpu_ticks.is_some());
    }
}
