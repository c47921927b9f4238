//! The servers that the tests start: one that cannot be stopped, lost or killed proves nothing.

mod cluster;
mod failover;
mod orphans;
mod postgres;
mod redis_server;
mod shared;
