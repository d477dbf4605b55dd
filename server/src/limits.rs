//! Every limit of a relay that an operator may set, with what it is where nothing is said. Limits of the
//! formats are in [`tessera_protocol::limits`] and cannot be set.

use serde::Deserialize;

/// Limits. Sizes in bytes, times in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The database never grows beyond this.
    pub disk_bytes: u64,
    /// Programmes that this relay takes.
    pub programmes: usize,
    /// What one programme may hold.
    pub programme_bytes: u64,
    /// What the devices of one member may hold together, who is no coordinator.
    pub member_bytes: u64,
    /// What one device may hold whose member is no coordinator.
    pub device_bytes: u64,
    /// What a member may still add who is out.
    pub removed_bytes: u64,
    /// One attachment; never more than the format allows.
    pub attachment_bytes: u64,
    /// Requests of one device in a second, in the long run.
    pub requests_per_second: u32,
    /// Requests that one device may make at once.
    pub requests_at_once: u32,
    /// Open connections.
    pub connections: usize,
    /// Open connections from one address; not counted behind a proxy.
    pub connections_per_address: usize,
    /// Requests that are read or answered at the same time.
    pub exchanges: usize,
    /// Requests that wait for news; others are answered at once. Each holds a connection: never more than a quarter of them.
    pub waiting: usize,
    /// The longest that a request waits for news.
    pub wait_seconds: u64,
    /// Until the first byte of a request, and from there until the end of its headers.
    pub header_seconds: u64,
    /// Between two pieces of a body, and for each piece of an answer to be taken.
    pub idle_seconds: u64,
    /// How long requests may go on after a signal to end.
    pub drain_seconds: u64,
}

const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Self {
            disk_bytes: 256 * 1024 * MIB,
            programmes: 64,
            programme_bytes: 64 * 1024 * MIB,
            member_bytes: 1024 * MIB,
            device_bytes: 512 * MIB,
            removed_bytes: 8 * MIB,
            attachment_bytes: tessera_protocol::limits::ATTACHMENT_BYTES,
            requests_per_second: 50,
            requests_at_once: 200,
            connections: 1024,
            connections_per_address: 128,
            exchanges: 64,
            waiting: 256,
            wait_seconds: 50,
            header_seconds: 10,
            idle_seconds: 60,
            drain_seconds: 20,
        }
    }
}
