//! (empty yet)

pub mod enroll;
