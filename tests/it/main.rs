//! What needs more than one room: contracts of the seams, flows over HTTP, stories in a browser.
//!
//! `cfg(test)` marks the helpers as tests for clippy, where they may panic.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod demo_pages;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod support;
