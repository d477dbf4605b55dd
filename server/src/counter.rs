//! Numbers of requests: each counts once. No clock: a window of 64 below the highest number seen is kept
//! per start of a device; what lies below it is taken as seen.

/// The highest number seen and which of the 64 up to it were: bit `n` stands for `highest − n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The highest number seen.
    pub highest: u64,
    /// Those seen; bit 0 is the highest itself.
    pub seen: u64,
}

impl Window {
    /// The window after `counter`, or `None` where `counter` was seen or is too old to tell.
    #[must_use]
    pub fn after(before: Option<Self>, counter: u64) -> Option<Self> {
        let Some(Self { highest, seen }) = before else {
            return Some(Self { highest: counter, seen: 1 });
        };
        if counter > highest {
            let shift = u32::try_from(counter - highest).ok().filter(|shift| *shift < 64);
            let seen = shift.map_or(0, |shift| seen << shift);
            return Some(Self { highest: counter, seen: seen | 1 });
        }
        let age = highest - counter;
        if age >= 64 || seen >> age & 1 == 1 {
            return None;
        }
        Some(Self { highest, seen: seen | 1 << age })
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[track_caller]
    fn check(counters: &[u64], taken: &[bool]) {
        let mut window = None;
        for (counter, expected) in counters.iter().zip(taken) {
            let after = Window::after(window, *counter);
            assert_eq!(after.is_some(), *expected, "counter {counter}");
            window = after.or(window);
        }
    }

    #[test]
    fn every_number_counts_once() {
        check(&[1, 2, 2, 1, 3], &[true, true, false, false, true]);
        check(&[5, 3, 4, 3, 5], &[true, true, true, false, false]);
        check(&[100, 36, 37, 37], &[true, false, true, false]);
        check(&[1, 65, 1, 2, 66, 2], &[true, true, false, true, true, false]);
        check(&[0, u64::MAX, 0, u64::MAX, u64::MAX - 63], &[true, true, false, false, true]);
    }
}
