//! Who looks after whom: parts that must not end, tasks that are started again, signals, and systemd.

mod alarm;
mod child;
mod tasks;
mod watch;

pub use alarm::{Alarm, Fallen, Guard, Part};
pub use child::{ChildCommand, ChildError, child};
pub use tasks::{Chain, TaskResult, keep};
pub use watch::{Ending, Signals, feed, tell, watch};
