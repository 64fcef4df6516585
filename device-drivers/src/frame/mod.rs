//! Wire formats: one codec a format, from bytes to a checked view and back.

pub mod crc;
pub mod modbus_rtu;
pub mod modbus_view;
