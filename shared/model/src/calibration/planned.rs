//! The light before anybody has read: whether severity could be corrected for, if these readers read these applications.
//! Not the light of real scores.

use std::collections::BTreeSet;

use serde::Serialize;

use super::design::{Design, Read};
use super::light::{Groups, SIMULATIONS, Simulated, programme, simulate};
use super::reml::Variances;
use super::{Light, MAX_LEVELS, TOP_OF, equations::Equations, light, named};
use crate::chance::Chance;
use crate::figure::{printed, size};
use crate::further::Rule;
use crate::moderation::{CLEAR, NEAR_ONE_IN};
use crate::reviewers::Reviewers;
use crate::sentence::{Advice, Saying};

/// Shares of the variance of one read where nothing is known yet: a third is quality, a fifth severity, the rest chance
/// (why so: `calibration/DECISION.md`).
const USUAL: Variances = Variances { application: 0.35, reader: 0.2, residual: 0.45 };

/// How many standard deviations of one read a scale is usually wide, where nothing is known yet.
const SCALE_WIDTH: f64 = 5.0;

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
    /// Further reads that the round's rule will usually ask for, counted in; none where it has no such rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub further: Option<usize>,
    /// What it says, and what to do.
    #[serde(flatten)]
    pub advice: Advice,
}

/// Simulates programmes on the graph of planned `reads`, by application and reader, with [`USUAL`] variances. Where the round
/// asks for further readers by a `rule`, as many further reads are added as it would usually ask for: of applications by chance,
/// by whoever reads least. What only they would join counts as apart, because nobody knows where they will be.
#[must_use]
pub fn planned(
    reads: &BTreeSet<(String, String)>,
    reviewers: Option<&Reviewers>,
    seats: Option<usize>,
    rule: Option<&Rule>,
    seed: u64,
) -> Planned {
    let mut design = graph(reads);
    let (components, _) = design.parts();
    let top = seats.unwrap_or(design.applications.len().div_ceil(TOP_OF)).min(design.applications.len());
    let groups = Groups::of(&design, reviewers, seed);
    let further = rule.map(|rule| match components {
        1 => add_further(&mut design, rule, &groups, top, seed),
        _ => 0,
    });
    let small = || Equations::of(&design).levels().1 <= MAX_LEVELS;
    let simulated = (design.separable().is_ok() && small())
        .then(|| simulate(&design, &USUAL, &groups, top, seed, &|| false))
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
        further,
    }
}

/// Adds as many further reads as `rule` asks for in the mean of programmes by chance; gives how many.
fn add_further(design: &mut Design, rule: &Rule, groups: &Groups, top: usize, seed: u64) -> usize {
    let mut of: Vec<Vec<usize>> = vec![Vec::new(); design.applications.len()];
    design.reads.iter().enumerate().for_each(|(at, read)| of[read.application].push(at));
    let open: Vec<usize> =
        (0..of.len()).filter(|at| (rule.first..rule.most).contains(&of[*at].len())).collect();
    let counts: Vec<f64> = of.iter().map(|reads| size(reads.len())).collect();
    let mut chance = Chance::new(seed, "further");
    let mut asked = 0;
    for _ in 0..SIMULATIONS {
        let (_, figures) = programme(design, &counts, &USUAL, groups, &mut chance);
        let own: Vec<Vec<f64>> =
            of.iter().map(|reads| reads.iter().map(|at| figures[*at]).collect()).collect();
        let means: Vec<f64> =
            own.iter().zip(&counts).map(|(own, count)| own.iter().sum::<f64>() / count).collect();
        let bounds = Bounds::of(&means, rule, top);
        asked += open.iter().filter(|at| bounds.ask(means[**at], &own[**at])).count();
    }
    // Half up.
    let further = (2 * asked + SIMULATIONS) / (2 * SIMULATIONS);
    let mut loads = vec![0_usize; design.readers.len()];
    design.reads.iter().for_each(|read| loads[read.reader] += 1);
    let mut added = 0;
    for at in chance.order(open.len()).into_iter().take(further) {
        let readers: BTreeSet<usize> = of[open[at]].iter().map(|read| design.reads[*read].reader).collect();
        let others = (0..loads.len()).filter(|reader| !readers.contains(reader));
        let Some(reader) = others.min_by_key(|reader| loads[*reader]) else { continue };
        loads[reader] += 1;
        added += 1;
        let figure = size(design.reads.len());
        design.reads.push(Read { application: open[at], reader, figure });
    }
    design.reads.sort_by_key(|read| (read.application, read.reader));
    added
}

/// Where a simulated programme asks for one more reader, by its figures.
struct Bounds {
    /// From here on a spread is wide.
    wide: f64,
    /// Clearly on the good side of the line, and on the other.
    sides: Option<(f64, f64)>,
    /// The least and the greatest mean near the line.
    near: Option<(f64, f64)>,
}

impl Bounds {
    fn of(means: &[f64], rule: &Rule, top: usize) -> Self {
        let tenths = |many: usize| size(many) * SCALE_WIDTH / 10.0;
        let mut order: Vec<f64> = means.to_vec();
        order.sort_by(|one, other| other.total_cmp(one));
        let on = top.checked_sub(1).and_then(|last| Some((*order.get(last)?, *order.get(top)?)));
        let each = rule.limits.near.unwrap_or_else(|| top.div_ceil(NEAR_ONE_IN));
        let near =
            &order[top.saturating_sub(each).min(order.len())..top.saturating_add(each).min(order.len())];
        Self {
            wide: tenths(rule.limits.wide),
            sides: on
                .map(|(last, next)| (last + next) / 2.0)
                .map(|line| (line + tenths(CLEAR), line - tenths(CLEAR))),
            near: on.and_then(|_| Some((*near.last()?, *near.first()?))),
        }
    }

    fn ask(&self, mean: f64, own: &[f64]) -> bool {
        let (low, high) = own
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), own| (low.min(*own), high.max(*own)));
        high - low >= self.wide
            || self.sides.is_some_and(|(above, below)| high >= above && low <= below)
            || self.near.is_some_and(|(least, most)| (least..=most).contains(&mean))
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
    use crate::moderation::Limits;

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
        let found = planned(&reads(false), None, Some(6), None, 0);
        assert_eq!((found.light, found.components), (Light::Red, 2));
        assert_eq!(found.advice.sentence.code(), "planned-not-connected");
    }

    #[test]
    fn the_light_of_readers_who_share_applications_is_not_red() {
        let found = planned(&reads(true), None, Some(6), None, 0);
        assert_eq!(found.components, 1);
        assert_ne!(found.light, Light::Red);
        assert!(found.recall_model >= found.recall_raw, "{found:?}");
        assert_eq!(found, planned(&reads(true), None, Some(6), None, 0));
    }

    #[test]
    fn one_read_of_each_application_can_say_nothing() {
        let reads = (0..6).map(|at| (format!("a{at}"), "r0".to_owned())).collect();
        let found = planned(&reads, None, None, None, 0);
        assert_eq!(found.advice.sentence.code(), "planned-too-few-reads");
        assert_eq!(planned(&BTreeSet::new(), None, None, None, 0).light, Light::Red);
    }

    /// 24 applications by 8 readers, 2 reads each, every reader beside every other.
    fn two_each() -> BTreeSet<(String, String)> {
        let pair = |application: usize, step: usize| {
            (format!("a{application:02}"), format!("r{}", (application + step) % 8))
        };
        (0..24).flat_map(|one| [pair(one, 0), pair(one, 1 + one / 8)]).collect()
    }

    fn rule(most: usize, wide: usize, near: usize) -> Rule {
        Rule { first: 2, most, limits: Limits { wide, near: Some(near) } }
    }

    #[test]
    fn the_light_counts_further_reads_in() {
        let reads = two_each();
        let without = planned(&reads, None, Some(6), None, 0);
        assert_eq!(without.further, None);
        let some = planned(&reads, None, Some(6), Some(&rule(3, 3, 2)), 0);
        let strict = planned(&reads, None, Some(6), Some(&rule(3, 10, 0)), 0);
        let (Some(many), Some(few)) = (some.further, strict.further) else { panic!("{some:?} {strict:?}") };
        // Four are near the line in every programme, and some more differ.
        assert!(many > 4 && many < 24, "{some:?}");
        assert!(few < many, "{strict:?}");
        assert_ne!(some.recall_model, without.recall_model);
        assert_eq!(some, planned(&reads, None, Some(6), Some(&rule(3, 3, 2)), 0));
    }

    #[test]
    fn a_rule_that_asks_nobody_changes_no_light() {
        let reads = two_each();
        let without = planned(&reads, None, Some(6), None, 0);
        for (most, first) in [(2, 2), (9, 3)] {
            let rule = Rule { first, ..rule(most, 1, 6) };
            let with = planned(&reads, None, Some(6), Some(&rule), 0);
            assert_eq!(with.further, Some(0));
            assert_eq!(Planned { further: None, ..with }, without);
        }
    }

    #[test]
    fn what_further_reads_might_join_counts_as_apart() {
        let found = planned(&reads(false), None, Some(6), Some(&rule(4, 1, 6)), 0);
        let rule = Rule { first: 3, ..rule(4, 1, 6) };
        assert_eq!((found.light, found.components), (Light::Red, 2));
        assert_eq!(planned(&reads(false), None, Some(6), Some(&rule), 0).further, Some(0));
    }
}
