//! The one way in which a defence against a numbered attack or fault is written (README, threat model):
//!
//! ```
//! # use tessera_defence::defence;
//! # let (signed_by, author) = (1, 1);
//! if !defence!(G17, signed_by == author) {
//!     // refuse
//! }
//! ```
//!
//! So the code says what defends against what, and `make attacks` can ask whether a test would notice: a build with the
//! feature `attack-proof`, and no other, passes over the defences that `TESSERA_WITHOUT` names, and their tests have to
//! go red. What ships is built without the feature and does not know that variable.

/// Checks a condition that must hold, under the number of the attack that it defends against.
///
/// True where it holds. The condition is an expression and is evaluated at most once.
#[macro_export]
macro_rules! defence {
    ($number:ident, $holds:expr) => {
        $crate::holds(stringify!($number), || $holds)
    };
}

/// True but where a build for attacks passes over the defence of that number: for a defence that is something done, and
/// no condition that is checked.
#[macro_export]
macro_rules! defended {
    ($number:ident) => {
        !$crate::defence!($number, false)
    };
}

/// What [`defence!`] calls.
#[cfg(not(feature = "attack-proof"))]
#[inline(always)]
pub fn holds(_number: &'static str, check: impl FnOnce() -> bool) -> bool {
    check()
}

/// What [`defence!`] calls; passes over a defence that `TESSERA_WITHOUT` names.
#[cfg(feature = "attack-proof")]
pub fn holds(number: &'static str, check: impl FnOnce() -> bool) -> bool {
    use std::sync::OnceLock;
    static WITHOUT: OnceLock<Option<String>> = OnceLock::new();
    let without = WITHOUT.get_or_init(|| std::env::var("TESSERA_WITHOUT").ok());
    without.as_deref() == Some(number) || check()
}

/// True in a build that can pass over its defences.
pub const ATTACK_PROOF: bool = cfg!(feature = "attack-proof");

#[cfg(test)]
mod tests {
    #[test]
    fn a_condition_is_its_value() {
        assert!(crate::defence!(X00, 1 + 1 == 2));
        assert!(!crate::defence!(X00, 1 + 1 == 3));
    }
}
