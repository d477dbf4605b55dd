//! What a calibration says in one sentence, and what to do. Not the light.

use super::light::Simulated;
use super::{Calibration, Light, Reason};
use crate::sentence::{Advice, Saying};

/// Returns the words for no scores.
pub(super) fn nothing() -> Advice {
    unknown(Reason::NoScores)
}

/// Returns the words for a calibration.
pub(super) fn advice(calibration: &Calibration, simulated: Option<&Simulated>) -> Advice {
    if let Some(reason) = calibration.reason {
        return unknown(reason);
    }
    if calibration.components > 1 {
        return Advice {
            sentence: Saying::new(
                "calibration-not-connected",
                "Readers and applications fall into {components} parts that no read joins, so severity in one part \
                 cannot be compared with severity in another.",
            )
            .with("components", calibration.components),
            act: Saying::new(
                "join-parts",
                "Rank by raw totals, or let readers of each part read applications of the others.",
            ),
        };
    }
    let with_recalls = |code, template| {
        Saying::new(code, template)
            .with("raw", calibration.recall_raw.unwrap_or_default())
            .with("model", calibration.recall_model.unwrap_or_default())
    };
    match calibration.light {
        Light::Red => Advice {
            sentence: with_recalls(
                "calibration-harms",
                "Correcting for severity would find fewer of the best: {model} of them against {raw} by raw means.",
            ),
            act: Saying::new(
                "use-raw",
                "Rank by raw totals; next time let more applications be read across regions.",
            ),
        },
        Light::Amber if simulated.is_some_and(|simulated| !simulated.clear) => Advice {
            sentence: with_recalls(
                "calibration-no-clear-gain",
                "Correcting for severity finds {model} of the best, raw means {raw}: no clear difference.",
            ),
            act: Saying::new("show-both", "Look at both orders, and discuss whom they place differently."),
        },
        Light::Amber => Advice {
            sentence: with_recalls(
                "calibration-hangs-on-readers",
                "Correcting for severity helps ({model} of the best against {raw}), but hangs on single readers: \
                 {readers}.",
            )
            .with("readers", &calibration.cut_readers[..]),
            act: Saying::new(
                "back-up-readers",
                "Let others read what {readers} read, or look at both orders.",
            )
            .with("readers", &calibration.cut_readers[..]),
        },
        Light::Green => {
            let band = calibration.rows.iter().filter(|row| row.band == Some(true)).count();
            Advice {
                sentence: with_recalls(
                    "calibration-helps",
                    "Correcting for severity finds more of the best: {model} of them against {raw} by raw means.",
                ),
                act: Saying::new(
                    "use-corrected",
                    "Use the corrected order, and discuss the {band} applications around the seat line.",
                )
                .with("band", band),
            }
        }
    }
}

fn unknown(reason: Reason) -> Advice {
    let (code, sentence, act) = match reason {
        Reason::NoScores => (
            "calibration-no-scores",
            "There is no complete review to compare.",
            ("wait-for-reviews", "Calibrate when reviews have come in."),
        ),
        Reason::SingleReviewer => (
            "calibration-single-reviewer",
            "One reader read everything, so severity is the same for all.",
            USE_TOTALS,
        ),
        Reason::SingleApplication => (
            "calibration-single-application",
            "There is one application, so there is nothing to compare it with.",
            USE_TOTALS,
        ),
        Reason::NoVariation => (
            "calibration-no-variation",
            "All reviews give the same figure, so there is nothing to correct.",
            USE_TOTALS,
        ),
        Reason::TooFewReads => (
            "calibration-too-few-reads",
            "Too few applications have several readers in common to tell severity from quality.",
            ("add-reads", "Rank by raw totals, or let more applications have a second reader."),
        ),
        Reason::NoResidual => (
            "calibration-no-residual",
            "Quality and severity explain every figure exactly, so chance cannot be told from either.",
            ("add-reads", "Rank by raw totals, or let more applications have a second reader."),
        ),
        Reason::ApplicationsAlike => (
            "calibration-applications-alike",
            "Applications differ by no more than chance, so no order of them is better than another.",
            (
                "discuss-all",
                "Let readers discuss, or read again, before anything is decided by these scores.",
            ),
        ),
        Reason::TooLarge => (
            "calibration-too-large",
            "There are too many readers and applications to calibrate together.",
            ("split-rounds", "Rank by raw totals, or calibrate one round at a time."),
        ),
        Reason::NotFound => {
            ("calibration-not-found", "No estimate of severity was found for these scores.", USE_TOTALS)
        }
    };
    Advice { sentence: Saying::new(code, sentence), act: Saying::new(act.0, act.1) }
}

const USE_TOTALS: (&str, &str) = ("use-totals", "Rank by raw totals.");
