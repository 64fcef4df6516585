//! What a process that stays takes of memory once it has started.

use std::ffi::c_void;
use std::fs::{read_link, read_to_string};
use std::ops::Range;
use std::path::Path;
use std::ptr;
use std::time::Duration;

use rustix::mm::{Advice, madvise};
use tokio::time::sleep;
use tracing::debug;

/// After this the lines are set up, and the broker and the cloud have been reached where they can be.
const SETTLED: Duration = Duration::from_secs(60);

/// Lets go, once all has been set up, of the code that did it.
///
/// What is called again the kernel maps again, from the page cache; what only the start called (arguments, configuration,
/// profiles) no longer counts: `building_figures day` prints what is left.
pub async fn forget_start() {
    sleep(SETTLED).await;
    forget_code();
}

/// Where the system refuses, it costs memory only.
fn forget_code() {
    let Some(code) = own_code() else { return };
    let start = ptr::with_exposed_provenance_mut::<c_void>(code.start);
    #[expect(unsafe_code, reason = "rustix leaves it to its caller what is at the address")]
    // SAFETY: a mapping of the program's file that can be executed and not written holds what the file holds; so does a page that
    // is read from the file again.
    let let_go = unsafe { madvise(start, code.len(), Advice::LinuxDontNeed) };
    if let Err(why) = let_go {
        debug!(error = %why, "the code of the start stays in memory");
    }
}

/// Where the kernel mapped the program's code.
fn own_code() -> Option<Range<usize>> {
    let program = read_link("/proc/self/exe").ok()?;
    read_to_string("/proc/self/maps").ok()?.lines().find_map(|line| code_of(&program, line))
}

/// The addresses of `line` of /proc/self/maps (`55d0-55e0 r-xp 00001000 fe:00 123   /usr/bin/vestibule`) if it is `program`'s code.
fn code_of(program: &Path, line: &str) -> Option<Range<usize>> {
    let (addresses, rest) = line.split_once(' ')?;
    let path = rest.strip_prefix("r-xp ")?.splitn(4, ' ').nth(3)?.trim_start();
    if Path::new(path) != program {
        return None;
    }
    let (start, end) = addresses.split_once('-')?;
    let address = |hex| usize::from_str_radix(hex, 16).ok();
    Some(address(start)?..address(end)?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{code_of, forget_code, own_code};

    #[test]
    fn only_what_is_executed_and_never_written_is_the_programs_code() {
        let program = Path::new("/usr/bin/vestibule");
        let code = |line: &str| code_of(program, line);
        assert_eq!(
            code("1000-3000 r-xp 00001000 fe:00 123          /usr/bin/vestibule"),
            Some(0x1000..0x3000)
        );
        assert_eq!(code("1000-3000 r--p 00001000 fe:00 123          /usr/bin/vestibule"), None);
        assert_eq!(code("1000-3000 rwxp 00001000 fe:00 123          /usr/bin/vestibule"), None);
        assert_eq!(code("1000-3000 r-xp 00001000 fe:00 123          /usr/lib/libc.so.6"), None);
        assert_eq!(code("1000-3000 r-xp 00000000 00:00 0            [vdso]"), None);
        assert_eq!(code("1000-3000 r-xp 00000000 00:00 0"), None);
        assert_eq!(code("nonsense"), None);
        let gone = Path::new("/usr/bin/vestibule (deleted)");
        let line = "1000-3000 r-xp 00001000 fe:00 123          /usr/bin/vestibule (deleted)";
        assert_eq!(code_of(gone, line), Some(0x1000..0x3000), "upgraded while it runs");
    }

    #[test]
    fn program_goes_on_when_its_code_was_let_go_of() {
        let code = own_code().expect("this test's own code");
        let here = (own_code as fn() -> _) as usize;
        assert!(code.contains(&here));
        forget_code();
        assert_eq!(own_code(), Some(code));
    }
}
