//! (empty yet)
#![no_std]
