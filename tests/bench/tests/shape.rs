//! The bench runs with three applications and writes what it says it writes. No time is judged here.

#![allow(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::process::Command;

use serde_json::Value;

#[test]
fn every_task_is_measured_and_written() {
    let out = tempfile::tempdir().unwrap();
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_tessera-bench")).parent().unwrap();
    assert!(programs.join("tessera").is_file(), "the whole workspace has to be built");
    let output = Command::new(env!("CARGO_BIN_EXE_tessera-bench"))
        .args(["--applications", "3", "--demo", "--rounds", "2", "--out"])
        .arg(out.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read(out.path().join("results.json")).unwrap();
    let rows: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let tasks: Vec<&str> = rows.iter().map(|row| row["task"].as_str().unwrap()).collect();
    assert_eq!(tasks, ["T1", "T3", "T1r", "T2", "T2-desk", "T5"]);
    for row in &rows {
        assert_eq!(row["applications"], 3, "{row}");
        for count in ["bytes_up", "bytes_down", "round_trips"] {
            assert!(row[count].as_u64().unwrap() > 0, "{count} of {row}");
        }
        for figure in ["wall_ms", "client_cpu_ms", "server_cpu_ms", "client_rss_mib", "server_rss_mib"] {
            assert!(row[figure].as_f64().unwrap() > 0.0, "{figure} of {row}");
        }
    }
    let idle = &rows[1];
    let both = idle["bytes_up"].as_u64().unwrap() + idle["bytes_down"].as_u64().unwrap();
    assert!(both <= 500 && idle["round_trips"] == 1, "{idle}");
}
