//! What was measured, as a file that others can read and as a table.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::reference;
use crate::world::Measured;

/// One task at one size.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// The task.
    pub(crate) task: &'static str,
    /// How many applications.
    pub(crate) applications: usize,
    /// From the start of the client's program to its end.
    pub(crate) wall_ms: f64,
    /// User and system time of the client's program and its worker.
    pub(crate) client_cpu_ms: f64,
    /// User and system time of the relay.
    pub(crate) server_cpu_ms: f64,
    /// Bytes to the relay, counted at the socket.
    pub(crate) bytes_up: u64,
    /// Bytes from the relay, counted at the socket.
    pub(crate) bytes_down: u64,
    /// Requests that had to be answered before the next one.
    pub(crate) round_trips: u64,
    /// The most memory that the client's program or its worker held.
    pub(crate) client_rss_mib: f64,
    /// The most memory that the relay held.
    pub(crate) server_rss_mib: f64,
    /// Of the client's time: what deriving the home's key from the passphrase costs alone.
    pub(crate) key_cpu_ms: f64,
    /// Memory that deriving the key needs alone.
    pub(crate) key_rss_mib: f64,
    /// Only of T5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crowd: Option<Crowd>,
}

/// What many clients at once came to.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Crowd {
    /// How many clients.
    pub(crate) clients: usize,
    /// Durable edits for a second of the relay's time, one in an exchange.
    pub(crate) alone_per_server_cpu_second: f64,
    /// The same, four in an exchange.
    pub(crate) grouped_per_server_cpu_second: f64,
    /// Packs that reached a client that waited for them, for a second of the relay's time.
    pub(crate) deliveries_per_server_cpu_second: f64,
    /// The same, where clients ask without waiting, each time over another connection.
    pub(crate) asked_deliveries_per_server_cpu_second: f64,
    /// Bytes to the relay for an edit, one in an exchange.
    pub(crate) bytes_up_per_edit_alone: f64,
    /// The same, four in an exchange.
    pub(crate) bytes_up_per_edit_grouped: f64,
}

impl Row {
    /// A row of what was measured.
    pub(crate) fn of(task: &'static str, applications: usize, measured: Measured) -> Self {
        Self {
            task,
            applications,
            wall_ms: measured.client.wall_ms,
            client_cpu_ms: measured.client.cpu_ms,
            server_cpu_ms: measured.server_cpu_ms,
            bytes_up: measured.passed.up,
            bytes_down: measured.passed.down,
            round_trips: measured.passed.turns,
            client_rss_mib: measured.client.rss_mib,
            server_rss_mib: measured.server_rss_mib,
            key_cpu_ms: 0.0,
            key_rss_mib: 0.0,
            crowd: None,
        }
    }
}

/// Writes all rows in place of what was there.
pub(crate) fn write(path: &Path, rows: &[Row]) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(rows)?;
    bytes.push(b'\n');
    Ok(std::fs::write(path, bytes)?)
}

/// Prints every row with what stands beside it.
#[expect(clippy::print_stdout, reason = "the result of a command")]
pub(crate) fn print(rows: &[Row]) {
    println!(
        "\n{:8} {:>6} {:>10} {:>10} {:>9} {:>9} {:>9} {:>7} {:>6} {:>8} {:>8}",
        "task",
        "apps",
        "up B",
        "down B",
        "client s",
        "of it key",
        "relay ms",
        "wall s",
        "turns",
        "MiB",
        "relay MiB"
    );
    for row in rows {
        println!(
            "{:8} {:>6} {:>10} {:>10} {:>9.2} {:>9.2} {:>9.1} {:>7.2} {:>6} {:>8.0} {:>8.0}",
            row.task,
            row.applications,
            row.bytes_up,
            row.bytes_down,
            row.client_cpu_ms / 1000.0,
            row.key_cpu_ms / 1000.0,
            row.server_cpu_ms,
            row.wall_ms / 1000.0,
            row.round_trips,
            row.client_rss_mib,
            row.server_rss_mib
        );
        if let Some(crowd) = &row.crowd {
            println!(
                "         edits per relay CPU s: {:.0} alone, {:.0} in fours; deliveries: {:.0} waited for, {:.0} asked for; bytes up per edit: {:.0} alone, {:.0} in fours",
                crowd.alone_per_server_cpu_second,
                crowd.grouped_per_server_cpu_second,
                crowd.deliveries_per_server_cpu_second,
                crowd.asked_deliveries_per_server_cpu_second,
                crowd.bytes_up_per_edit_alone,
                crowd.bytes_up_per_edit_grouped
            );
        }
        let beside = reference::of(row.task, row.applications);
        for (mark, text) in [("", beside.what), ("others: ", beside.others), ("to reach: ", beside.reach)] {
            if !text.is_empty() {
                println!("         {mark}{text}");
            }
        }
    }
}
