//! This device's clock, for what people see beside decisions. No clock decides.

use std::time::{SystemTime, UNIX_EPOCH};

/// The time by this device's clock, in milliseconds since 1970.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
