//! The broker from outside: real clients over TLS against the guard, and the same rights against a real Mosquitto.

mod bench;
mod hostile;
mod matrix;
mod mosquitto;
mod probe;
mod raw;
mod sessions;
