//! The rules of the specifications. Pure: no I/O, no async, time as a parameter; one file per noun.

pub mod client;
