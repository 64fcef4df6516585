//! The line master: one owner of one serial line, without I/O, stepped with time.

pub mod counters;
