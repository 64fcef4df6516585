//! Whole buildings: real processes on a wire with true timing. `tests/run` runs these one after the other.

mod bundle;
mod commission;
mod doctor;
mod eye;
mod intruder;
mod kept;
mod kills;
mod line;
mod mbpoll;
mod monitoring;
mod others;
mod reader;
mod record;
mod rounds;
mod scanner;
mod spine;
mod staff;
mod trace;
mod walk;
