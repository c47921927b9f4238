//! The servers that the tests start: one that cannot be stopped, lost or killed proves nothing.

mod failover;
mod orphans;
mod postgres;
mod redis_server;
mod shared;
