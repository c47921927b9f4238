//! An app against a stand-in for the provider.

mod provider;
pub(in crate::demo) mod signer;
mod story;
