//! OSDP readers against libosdp's peripheral side: the channel, what is believed, alarms and install windows. On virtual time;
//! the wire itself is in `readers/wire.rs`.

mod alarms;
mod bench;
mod channel;
mod forgery;
mod install;
mod libosdp;
mod wire;
