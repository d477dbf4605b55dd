//! Bugs that can be planted, to see that the oracle finds them. Each sits in what surrounds the engine: the
//! relay, the driver that carries frames, or the eyes of the oracle. Nothing that ships knows of them.

/// A planted bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The relay signs receipts before it keeps the packs, and forgets these when it crashes.
    AckBeforeCommit,
    /// The driver clears the outbox when it sends, not when a receipt comes.
    LostOutbox,
    /// Of two versions of one review the last one counts, and nobody is asked.
    LastWriterWins,
    /// Work outside the cut of a removal counts at once.
    AcceptRemoved,
    /// A review that came by two roads is counted twice.
    DoubleCount,
    /// A relay that was restored does not say what it has, and nobody fills it again.
    NoRefill,
    /// Packs whose key is not here yet are forgotten.
    ForgetKeyless,
    /// A bundle carries a review in the clear.
    Plaintext,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 8] = [
        Self::AckBeforeCommit,
        Self::LostOutbox,
        Self::LastWriterWins,
        Self::AcceptRemoved,
        Self::DoubleCount,
        Self::NoRefill,
        Self::ForgetKeyless,
        Self::Plaintext,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AckBeforeCommit => "ack-before-commit",
            Self::LostOutbox => "lost-outbox",
            Self::LastWriterWins => "last-writer-wins",
            Self::AcceptRemoved => "accept-removed",
            Self::DoubleCount => "double-count",
            Self::NoRefill => "no-refill",
            Self::ForgetKeyless => "forget-keyless",
            Self::Plaintext => "plaintext",
        }
    }

    /// The bug of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bug| bug.name() == name)
    }
}
