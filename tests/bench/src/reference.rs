//! What others need for the same work, and what this project set out to reach. The figures of others were measured on two
//! cores with the same workload, in plain text, without TLS and without `fsync`; they carry the whole history of
//! editing, where Tessera carries submitted values and keeps drafts with their author. The floor is everything with full
//! history in batches of 256 KiB, compressed, sealed and signed once a batch, in one exchange.

/// What stands beside a task in the table.
pub(crate) struct Reference {
    /// The work, in words.
    pub(crate) what: &'static str,
    /// What others need: samod 0.16, PouchDB 9 and the floor.
    pub(crate) others: &'static str,
    /// What is to be reached first, then the goal.
    pub(crate) reach: &'static str,
}

/// The reference figures of a task at a size.
pub(crate) fn of(task: &str, applications: usize) -> Reference {
    let (what, others, reach) = match (task, applications) {
        ("T1", 100) => (
            "a fresh coordinator gets everything",
            "down: samod 830 K, PouchDB 547 K, floor 460 K",
            "down ≤ 640 K, goal ≤ 492 K with an archive",
        ),
        ("T1", 1000) => (
            "a fresh coordinator gets everything",
            "down: samod 8.29 M, PouchDB 5.47 M, floor 4.59 M; CPU client/server s: 34.9/40.0, 1.4/2.5, 0.2",
            "CPU ≤ 2 s client and ≤ 1 s relay, goal 0.5 and 0.3; relay ≤ 128 MiB, goal 64",
        ),
        ("T1", 5000) => ("a fresh coordinator gets everything", "", "CPU beyond the goal ≤ 3 s client"),
        ("T1", _) => ("a fresh coordinator gets everything", "", ""),
        ("T1r", _) => ("a fresh laptop of a reviewer gets its assignment", "", ""),
        ("T2", _) => (
            "50 reviews edited offline, 15 changes each",
            "both ways: samod 268 K at 100, 1.47 M at 1,000; PouchDB 217 K; floor 69 K",
            "both ways ≤ 80 K, goal 65 K",
        ),
        ("T2-desk", _) => ("the same, with a backup of drafts", "", "both ways ≤ 140 K, goal 125 K"),
        ("T3", _) => (
            "an exchange with nothing new",
            "both ways: samod 131 K at 100, 1.31 M at 1,000; PouchDB 5.0 K; floor 150 B",
            "one exchange, both ways ≤ 500 B, goal 400",
        ),
        ("T5", _) => (
            "20 clients: small edits, and one whom 20 watch",
            "per server CPU s: samod 898 edits and 3,846 deliveries, PouchDB ~550 edits",
            "per relay CPU s ≥ 2,000 edits and ≥ 8,000 deliveries, goal 5,000 and 20,000; ≤ 250 B an edit in fours, 450 alone",
        ),
        _ => ("", "", ""),
    };
    Reference { what, others, reach }
}
