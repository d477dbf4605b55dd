//! The light before anybody has read: whether severity could be corrected for, if these readers read these applications.
//! Not the light of real scores.

use std::collections::BTreeSet;

use serde::Serialize;

use super::design::{Design, Read};
use super::light::{Groups, Simulated, simulate};
use super::reml::Variances;
use super::{Light, MAX_LEVELS, TOP_OF, equations::Equations, light, named};
use crate::figure::{printed, size};
use crate::reviewers::Reviewers;
use crate::sentence::{Advice, Saying};

/// Shares of the variance of one read where nothing is known yet: a third is quality, a fifth severity, the rest chance
/// (why so: `calibration/DECISION.md`).
const USUAL: Variances = Variances { application: 0.35, reader: 0.2, residual: 0.45 };

/// What can be said of a correction before the reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Planned {
    /// Whether a correction would help.
    pub light: Light,
    /// Parts of the graph of who reads what that no read joins.
    pub components: usize,
    /// Readers without any one of whom the light would be red.
    pub cut_readers: Vec<String>,
    /// Share of the true top that raw means would find.
    pub recall_raw: Option<f64>,
    /// Share that the model would find.
    pub recall_model: Option<f64>,
    /// What it says, and what to do.
    #[serde(flatten)]
    pub advice: Advice,
}

/// Simulates programmes on the graph of planned `reads`, by application and reader, with [`USUAL`] variances.
#[must_use]
pub fn planned(
    reads: &BTreeSet<(String, String)>,
    reviewers: Option<&Reviewers>,
    seats: Option<usize>,
    seed: u64,
) -> Planned {
    let design = graph(reads);
    let (components, _) = design.parts();
    let top = seats.unwrap_or(design.applications.len().div_ceil(TOP_OF)).min(design.applications.len());
    let groups = Groups::of(&design, reviewers, seed);
    let small = || Equations::of(&design).levels().1 <= MAX_LEVELS;
    let simulated = (design.separable().is_ok() && small())
        .then(|| simulate(&design, &USUAL, &groups, top, seed))
        .flatten();
    let light = light(components, simulated.as_ref());
    let cut_readers = named(&design, simulated.as_ref());
    Planned {
        advice: advice(light, components, &cut_readers, simulated.as_ref()),
        light,
        components,
        cut_readers,
        recall_raw: simulated.as_ref().and_then(|found| printed(found.recall_raw)),
        recall_model: simulated.as_ref().and_then(|found| printed(found.recall_model)),
    }
}

fn graph(reads: &BTreeSet<(String, String)>) -> Design {
    let names = |of: fn(&(String, String)) -> &String| -> Vec<String> {
        reads.iter().map(of).cloned().collect::<BTreeSet<_>>().into_iter().collect()
    };
    let (applications, readers) = (names(|pair| &pair.0), names(|pair| &pair.1));
    let read = |(at, (application, reader)): (usize, &(String, String))| Read {
        application: applications.partition_point(|name| name < application),
        reader: readers.partition_point(|name| name < reader),
        // What is given is drawn; that these differ says only that reads can.
        figure: size(at),
    };
    let reads = reads.iter().enumerate().map(read).collect();
    Design { applications, readers, reads }
}

fn advice(light: Light, components: usize, cut: &[String], simulated: Option<&Simulated>) -> Advice {
    let Some(found) = simulated.filter(|_| components == 1) else {
        return apart(components);
    };
    let with_recalls = |code, template| {
        Saying::new(code, template)
            .with("raw", printed(found.recall_raw).unwrap_or_default())
            .with("model", printed(found.recall_model).unwrap_or_default())
    };
    match light {
        Light::Green => Advice {
            sentence: with_recalls(
                "planned-helps",
                "If it is read like this, severe and lenient readers can be told apart: a correction would find {model} \
                 of the best, raw means {raw}.",
            ),
            act: Saying::new("planned-publish", "Publish it as it is."),
        },
        Light::Amber if !found.clear => Advice {
            sentence: with_recalls(
                "planned-no-clear-gain",
                "If it is read like this, correcting for severity would make no clear difference: {model} of the best \
                 against {raw} by raw means.",
            ),
            act: Saying::new(
                "planned-mix",
                "It can be published; more reads of each application, or readers who share more of them, would make the \
                 correction worth something.",
            ),
        },
        Light::Amber => Advice {
            sentence: Saying::new(
                "planned-hangs-on-readers",
                "A correction would help, but only if each of these readers finishes: {readers}.",
            )
            .with("readers", cut),
            act: Saying::new(
                "planned-back-up",
                "Let others read some of what they read, or publish and remind them in time.",
            ),
        },
        Light::Red => Advice {
            sentence: with_recalls(
                "planned-harms",
                "If it is read like this, correcting for severity would do harm: {model} of the best against {raw} by \
                 raw means.",
            ),
            act: Saying::new(
                "planned-across",
                "Let more applications be read across regions, or decide now to rank by raw totals.",
            ),
        },
    }
}

fn apart(components: usize) -> Advice {
    if components > 1 {
        return Advice {
            sentence: Saying::new(
                "planned-not-connected",
                "Readers and applications fall into {components} parts that no read joins: severity in one part could \
                 never be compared with severity in another.",
            )
            .with("components", components),
            act: Saying::new("planned-join", "Ask for readers who join all parts, or exchange some by hand."),
        };
    }
    Advice {
        sentence: Saying::new(
            "planned-too-few-reads",
            "Too few applications have several readers in common to tell severity from quality.",
        ),
        act: Saying::new(
            "planned-add-reads",
            "Ask for more reads of each application, or rank by raw totals.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 24 applications by 8 readers, 3 reads each; `across` of them by readers of both halves.
    fn reads(across: bool) -> BTreeSet<(String, String)> {
        let mut reads = BTreeSet::new();
        for application in 0..24 {
            for read in 0..3 {
                let reader = match across {
                    true => (application * 3 + read * (1 + application % 2)) % 8,
                    false => application % 2 * 4 + (application / 2 + read) % 4,
                };
                reads.insert((format!("a{application:02}"), format!("r{reader}")));
            }
        }
        reads
    }

    #[test]
    fn the_light_is_red_where_no_read_joins_the_parts() {
        let found = planned(&reads(false), None, Some(6), 0);
        assert_eq!((found.light, found.components), (Light::Red, 2));
        assert_eq!(found.advice.sentence.code(), "planned-not-connected");
    }

    #[test]
    fn the_light_of_readers_who_share_applications_is_not_red() {
        let found = planned(&reads(true), None, Some(6), 0);
        assert_eq!(found.components, 1);
        assert_ne!(found.light, Light::Red);
        assert!(found.recall_model >= found.recall_raw, "{found:?}");
        assert_eq!(found, planned(&reads(true), None, Some(6), 0));
    }

    #[test]
    fn one_read_of_each_application_can_say_nothing() {
        let reads = (0..6).map(|at| (format!("a{at}"), "r0".to_owned())).collect();
        let found = planned(&reads, None, None, 0);
        assert_eq!(found.advice.sentence.code(), "planned-too-few-reads");
        assert_eq!(planned(&BTreeSet::new(), None, None, 0).light, Light::Red);
    }
}
