//! Assignments against exhaustive search, and what must not change them.

#![expect(clippy::unwrap_used, reason = "a test stops where something unexpected happens")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use tessera_model::compute::File;
use tessera_solve::assignment::explain::explain;
use tessera_solve::assignment::further::further;
use tessera_solve::assignment::{Objective, Plan, Refused, Rules, assign};
use tessera_solve::compute::{AssignmentFiles, AssignmentInputs};

/// A small invented case, as files say it.
#[derive(Clone, Debug)]
struct Small {
    /// Affinity in tenths and conflict, by application and reviewer.
    pairs: Vec<Vec<(u32, bool)>>,
    /// Region, language and competence of applications.
    applications: Vec<(u8, u8, bool)>,
    /// Most reads, region, knows the second language too, has the competence.
    reviewers: Vec<(usize, u8, bool, bool)>,
    apart: bool,
    reads: usize,
    min_load: usize,
    load_cost: u32,
    own_region_max: Option<usize>,
}

fn small() -> impl Strategy<Value = Small> {
    let (applications, reviewers) = (3_usize, 4_usize);
    let row = prop::collection::vec((0_u32..12, prop::bool::weighted(0.15)), reviewers);
    (
        prop::collection::vec(row, applications),
        prop::collection::vec((0_u8..3, 0_u8..2, prop::bool::weighted(0.3)), applications),
        prop::collection::vec((1_usize..4, 0_u8..3, prop::bool::weighted(0.7), any::<bool>()), reviewers),
        any::<bool>(),
        1_usize..3,
        0_usize..2,
        0_u32..3,
        prop::option::of(0_usize..2),
    )
        .prop_map(
            |(pairs, applications, reviewers, apart, reads, min_load, load_cost, own_region_max)| Small {
                pairs,
                applications,
                reviewers,
                apart,
                reads,
                min_load,
                load_cost,
                own_region_max,
            },
        )
}

const REGIONS: [&str; 3] = ["", "north", "south"];
const LANGUAGES: [&str; 2] = ["en", "fr"];

impl Small {
    fn rules(&self, objective: Objective) -> Rules {
        Rules {
            reads: self.reads,
            min_load: self.min_load,
            max_load: 3,
            load_cost: format!("0.{}", self.load_cost).parse().unwrap(),
            objective,
            connected: false,
            own_region_max: self.own_region_max,
            seed: 7,
            time_limit_s: 60.0,
            stop: None,
        }
    }

    /// The three tables; rows in another order where `turned`.
    fn tables(&self, turned: bool) -> [String; 3] {
        let table = |header: &str, mut rows: Vec<String>| {
            if turned {
                rows.reverse();
            }
            format!("{header}\n{}\n", rows.join("\n"))
        };
        let mut pairs = Vec::new();
        for (a, row) in self.pairs.iter().enumerate() {
            for (r, (affinity, conflict)) in row.iter().enumerate() {
                pairs.push(format!("r{r},a{a},{}.{},{}", affinity / 10, affinity % 10, u8::from(*conflict)));
            }
        }
        let applications = self.applications.iter().enumerate().map(|(a, (region, language, competence))| {
            let (region, language) = (REGIONS[usize::from(*region)], LANGUAGES[usize::from(*language)]);
            format!("a{a},{region},{language},{}", if *competence { "law" } else { "" })
        });
        let reviewers = self.reviewers.iter().enumerate().map(|(r, (max, region, both, able))| {
            let apart = if self.apart && r == 0 { "r1" } else { "" };
            let languages = if *both { "en;fr" } else { "en" };
            let competence = if *able { "law" } else { "" };
            format!("r{r},{max},{},{languages},{competence},{apart}", REGIONS[usize::from(*region)])
        });
        [
            table("reviewer,application,affinity,conflict", pairs),
            table("application,region,language,competences", applications.collect()),
            table("reviewer,max,region,languages,competences,apart", reviewers.collect()),
        ]
    }

    fn solve(&self, rules: &Rules, tables: &[String; 3]) -> Plan {
        let inputs = inputs(tables, rules);
        assign(&inputs.problem, rules, None).unwrap()
    }

    fn allowed(&self, a: usize, r: usize) -> bool {
        !self.pairs[a][r].1 && (self.applications[a].1 == 0 || self.reviewers[r].2)
    }

    /// Says whether a choice of readers keeps every rule but the number of reads and the fewest loads.
    fn keeps(&self, choice: &[BTreeSet<usize>], own_region: usize) -> bool {
        let mut loads = [0; 4];
        for (a, readers) in choice.iter().enumerate() {
            let region = self.applications[a].0;
            let own = readers.iter().filter(|r| region != 0 && self.reviewers[**r].1 == region).count();
            let together = self.apart && readers.contains(&0) && readers.contains(&1);
            if own > own_region || together || readers.iter().any(|r| !self.allowed(a, *r)) {
                return false;
            }
            readers.iter().for_each(|r| loads[*r] += 1);
        }
        (0..4).all(|r| loads[r] <= self.reviewers[r].0)
    }

    fn complete(&self, choice: &[BTreeSet<usize>]) -> bool {
        let loads = (0..4).map(|r| choice.iter().filter(|readers| readers.contains(&r)).count());
        choice.iter().enumerate().all(|(a, readers)| {
            readers.len() == self.reads
                && (!self.applications[a].2 || readers.iter().any(|r| self.reviewers[*r].3))
        }) && loads.zip(&self.reviewers).all(|(load, (max, ..))| load >= self.min_load.min(*max))
    }

    /// Worst score and total, in tenths.
    fn figures(&self, choice: &[BTreeSet<usize>]) -> (i64, i64) {
        let score = |(a, readers): (usize, &BTreeSet<usize>)| -> i64 {
            readers.iter().map(|r| i64::from(self.pairs[a][*r].0)).sum()
        };
        let scores: Vec<i64> = choice.iter().enumerate().map(score).collect();
        let cost: i64 = (0..4)
            .map(|r| i64::try_from(choice.iter().filter(|readers| readers.contains(&r)).count()).unwrap())
            .map(|n| n * (n - 1) / 2 * i64::from(self.load_cost))
            .sum();
        (scores.iter().copied().min().unwrap(), scores.iter().sum::<i64>() - cost)
    }

    /// Every choice of at most `reads` readers for each application.
    fn choices(&self) -> Vec<Vec<BTreeSet<usize>>> {
        let subsets: Vec<BTreeSet<usize>> = (0_u32..16)
            .map(|bits| (0..4).filter(|r| bits >> r & 1 == 1).collect::<BTreeSet<usize>>())
            .filter(|subset| subset.len() <= self.reads)
            .collect();
        let mut choices = vec![Vec::new()];
        for _ in &self.applications {
            choices = choices
                .into_iter()
                .flat_map(|choice: Vec<BTreeSet<usize>>| {
                    subsets.iter().map(move |subset| [choice.clone(), vec![subset.clone()]].concat())
                })
                .collect();
        }
        choices
    }
}

fn inputs(tables: &[String; 3], rules: &Rules) -> AssignmentInputs {
    let [pairs, applications, reviewers] = tables;
    let files = AssignmentFiles {
        affinity: Some(File { name: "w", bytes: pairs.as_bytes() }),
        applications: Some(File { name: "a", bytes: applications.as_bytes() }),
        reviewers: Some(File { name: "v", bytes: reviewers.as_bytes() }),
        ..AssignmentFiles::default()
    };
    AssignmentInputs::read(&files, rules).unwrap()
}

/// The choice that a plan is.
fn choice(plan: &Plan, applications: usize) -> Vec<BTreeSet<usize>> {
    let mut choice = vec![BTreeSet::new(); applications];
    for row in &plan.rows {
        let place = |id: &str| id[1..].parse::<usize>().unwrap();
        choice[place(&row.application)].insert(place(&row.reviewer));
    }
    choice
}

fn pairs(plan: &Plan) -> BTreeSet<(String, String)> {
    plan.rows.iter().map(|row| (row.application.clone(), row.reviewer.clone())).collect()
}

fn tenths(figure: f64) -> i64 {
    format!("{:.0}", figure * 10.0).parse().unwrap()
}

/// What chance once found.
fn found_by_chance() -> Small {
    let row = |row: [(u32, bool); 4]| row.to_vec();
    Small {
        pairs: vec![
            row([(1, false), (3, false), (3, false), (3, false)]),
            row([(0, true), (0, false), (0, false), (1, false)]),
            row([(1, false), (0, true), (0, false), (2, false)]),
        ],
        applications: vec![(0, 0, true), (0, 0, false), (0, 0, false)],
        reviewers: vec![(2, 0, false, false), (1, 0, false, true), (3, 0, false, true), (1, 0, false, true)],
        apart: true,
        reads: 2,
        min_load: 0,
        load_cost: 1,
        own_region_max: None,
    }
}

#[test]
fn the_fairest_is_the_fairest() {
    let small = found_by_chance();
    let rules = small.rules(Objective::Fairest);
    let plan = small.solve(&rules, &small.tables(false));
    assert_eq!(small.figures(&choice(&plan, 3)).0, 1);
}

#[test]
fn where_everything_is_barred_the_worst_has_nothing() {
    let row = || vec![(0, false); 4];
    let small = Small {
        pairs: vec![row(), row(), row()],
        applications: vec![(0, 1, false); 3],
        reviewers: vec![(1, 0, false, false); 4],
        apart: false,
        reads: 1,
        min_load: 0,
        load_cost: 0,
        own_region_max: None,
    };
    let plan = small.solve(&small.rules(Objective::Total), &small.tables(false));
    assert!(plan.rows.is_empty());
    assert_eq!(plan.unmet.len(), 3);
    assert_eq!(plan.worst.map(|worst| tenths(worst.score)), Some(0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_three_objectives_agree_with_exhaustive_search(small in small()) {
        let own_region = small.own_region_max.unwrap_or(small.reads - 1);
        let choices = small.choices();
        let best: Vec<(i64, i64)> = choices
            .iter()
            .filter(|choice| small.complete(choice) && small.keeps(choice, own_region))
            .map(|choice| small.figures(choice))
            .collect();
        for objective in [Objective::Total, Objective::Fairest, Objective::FairestThenTotal] {
            let rules = small.rules(objective);
            let plan = small.solve(&rules, &small.tables(false));
            let chosen = choice(&plan, 3);
            let hard = if small.own_region_max.is_some() { own_region } else { small.reads };
            prop_assert!(small.keeps(&chosen, hard), "{plan:?}");
            prop_assert!(plan.optimal);
            prop_assert_eq!(&plan, &small.solve(&rules, &small.tables(true)), "the order of rows");
            let (worst, total) = small.figures(&chosen);
            prop_assert_eq!(tenths(plan.objective), total);
            prop_assert_eq!(plan.worst.as_ref().map(|worst| tenths(worst.score)), Some(worst));
            if best.is_empty() {
                // As many reads as anyone can give, and whoever is short is named with a reason.
                prop_assert!(!plan.unmet.is_empty() || !plan.soft_broken.is_empty(), "{plan:?}");
                let most = choices
                    .iter()
                    .filter(|choice| small.keeps(choice, hard))
                    .map(|choice| choice.iter().map(BTreeSet::len).sum::<usize>())
                    .max();
                prop_assert_eq!(Some(plan.rows.len()), most);
                continue;
            }
            prop_assert!(plan.unmet.is_empty() && plan.soft_broken.is_empty(), "{plan:?}");
            prop_assert!(small.complete(&chosen) && small.keeps(&chosen, own_region), "{plan:?}");
            let most = |figures: &mut dyn Iterator<Item = i64>| figures.max().unwrap();
            let fairest = most(&mut best.iter().map(|(worst, _)| *worst));
            match objective {
                Objective::Total => prop_assert_eq!(total, most(&mut best.iter().map(|(_, total)| *total))),
                Objective::Fairest => prop_assert_eq!(worst, fairest),
                Objective::FairestThenTotal => {
                    prop_assert_eq!(worst, fairest);
                    let of_fair = &mut best.iter().filter(|(worst, _)| *worst == fairest).map(|(_, total)| *total);
                    prop_assert_eq!(total, most(of_fair));
                }
            }
        }
    }

    #[test]
    fn a_reader_without_capacity_changes_nothing(small in small()) {
        let rules = small.rules(Objective::Total);
        let mut tables = small.tables(false);
        let plan = small.solve(&rules, &tables);
        tables[2].push_str("r9,0,,en;fr,law,\n");
        tables[0].push_str("r9,a0,99,0\n");
        let more = small.solve(&rules, &tables);
        prop_assert_eq!(&plan.rows, &more.rows);
        prop_assert_eq!((plan.objective, plan.worst), (more.objective, more.worst));
    }

    #[test]
    fn connecting_keeps_every_rule(small in small()) {
        let rules = Rules { connected: true, ..small.rules(Objective::Total) };
        let plan = small.solve(&rules, &small.tables(false));
        let connection = plan.connected.clone().unwrap();
        let hard = small.own_region_max.unwrap_or(small.reads);
        prop_assert!(small.keeps(&choice(&plan, 3), hard), "{plan:?}");
        prop_assert!(connection.after.components <= connection.before.components);
        prop_assert!(connection.after.objective <= connection.before.objective + 1e-9);
        prop_assert_eq!(connection.before.components - connection.after.components, connection.swaps);
        if plan.unmet.is_empty() {
            prop_assert!(small.complete(&choice(&plan, 3)), "{plan:?}");
        }
        prop_assert_eq!(connection.after.components > 1, plan.soft_broken.iter().any(|one| one.rule == "connected"));
    }

    #[test]
    fn a_further_reader_keeps_every_rule_beside_those_who_stand(small in small()) {
        let rules = small.rules(Objective::Total);
        let tables = small.tables(false);
        let first = small.solve(&rules, &tables);
        let before = choice(&first, 3);
        let plan = further(&inputs(&tables, &rules).problem, &rules, &pairs(&first)).unwrap();
        let more = choice(&plan, 3);
        let joined = |more: &[BTreeSet<usize>]| -> Vec<BTreeSet<usize>> {
            before.iter().zip(more).map(|(one, other)| one.union(other).copied().collect()).collect()
        };
        let hard = small.own_region_max.unwrap_or(4);
        prop_assert!(before.iter().zip(&more).all(|(one, other)| one.is_disjoint(other)), "{plan:?}");
        prop_assert!(more.iter().all(|readers| readers.len() <= 1), "{plan:?}");
        prop_assert!(small.keeps(&joined(&more), hard), "{plan:?}");
        if plan.unmet.is_empty() && plan.soft_broken.is_empty() {
            prop_assert_eq!(plan.rows.len(), 3);
        }
        // As many as anybody can find.
        let one = |before: &BTreeSet<usize>| -> Vec<BTreeSet<usize>> {
            let each = (0..4).filter(|r| !before.contains(r)).map(|r| BTreeSet::from([r]));
            each.chain([BTreeSet::new()]).collect()
        };
        let mut choices: Vec<Vec<BTreeSet<usize>>> = vec![Vec::new()];
        for before in &before {
            let each = one(before);
            choices = choices
                .iter()
                .flat_map(|choice| each.iter().map(|one| [choice.clone(), vec![one.clone()]].concat()))
                .collect();
        }
        let found = choices.iter().filter(|more| small.keeps(&joined(more), hard));
        let most = found.map(|more| more.iter().map(BTreeSet::len).sum::<usize>()).max();
        prop_assert_eq!(Some(plan.rows.len()), most, "{:?}", plan);
    }
}

fn rules(reads: usize, max_load: usize) -> Rules {
    Rules {
        reads,
        min_load: 0,
        max_load,
        load_cost: "0".parse().unwrap(),
        objective: Objective::Total,
        connected: false,
        own_region_max: None,
        seed: 0,
        time_limit_s: 60.0,
        stop: None,
    }
}

fn of_pairs(pairs: &str, rules: &Rules) -> AssignmentInputs {
    let text = format!("reviewer,application,affinity,conflict\n{pairs}");
    let file = File { name: "w", bytes: text.as_bytes() };
    AssignmentInputs::read(&AssignmentFiles { affinity: Some(file), ..AssignmentFiles::default() }, rules)
        .unwrap()
}

#[test]
fn who_cannot_be_served_is_named_with_the_reason() {
    // One reader left for two reads; and three applications that share two full readers.
    let rules = rules(2, 2);
    let conflicts = of_pairs("r1,a1,1,\nr2,a1,1,yes\nr3,a1,1,yes\n", &rules);
    let plan = assign(&conflicts.problem, &rules, None).unwrap();
    assert_eq!((plan.rows.len(), plan.unmet.len()), (1, 1));
    let unmet = &plan.unmet[0];
    assert_eq!((unmet.application.as_deref(), unmet.code, unmet.missing), (Some("a1"), "too-few-readers", 1));
    assert_eq!(unmet.barred, BTreeMap::from([("conflict", 2)]));
    assert_eq!(plan.advice.sentence.code(), "unmet");

    let pairs: String = (1..=3).flat_map(|a| (1..=2).map(move |r| format!("r{r},a{a},1,\n"))).collect();
    let shared = of_pairs(&pairs, &rules);
    let plan = assign(&shared.problem, &rules, None).unwrap();
    assert_eq!((plan.rows.len(), plan.unmet[0].code), (4, "no-room"));
    assert_eq!(plan.unmet[0].applications, ["a1", "a2", "a3"]);
    assert_eq!(plan.unmet[0].reviewers, ["r1", "r2"]);

    // Two kinds of want: each has its act, and all lines count the same.
    let mixed = Rules { min_load: 3, ..rules.clone() };
    let both = of_pairs("r1,a1,1,\nr2,a1,1,\nr1,a2,1,\nr2,a2,1,yes\n", &mixed);
    let plan = assign(&both.problem, &mixed, None).unwrap();
    assert!(!plan.is_whole());
    let codes: Vec<&str> = plan.acts.iter().map(|act| act.code()).collect();
    assert_eq!(codes, ["ask-reviewers", "lower-least-load"]);
    let text = plan.advice.sentence.text();
    let counts = format!("{} unmet, at 1 of 2 applications and 1 of 2 reviewers", plan.unmet.len());
    assert!(text.contains(&counts), "{text}");

    let busy = Rules { min_load: 2, ..rules };
    let idle = of_pairs("r1,a1,1,\nr2,a1,1,\nr3,a1,1,\n", &busy);
    let plan = assign(&idle.problem, &busy, None).unwrap();
    assert!(plan.unmet.iter().all(|one| one.reviewer.is_some() && one.code == "too-few-applications"));
}

#[test]
fn two_islands_are_joined_by_the_cheapest_exchange() {
    let rules = Rules { connected: true, ..rules(2, 2) };
    let mut pairs = String::new();
    for a in 1..=4 {
        for r in 1..=4 {
            let near = (a <= 2) == (r <= 2);
            pairs += &format!(
                "r{r},a{a},{},\n",
                if near {
                    "9"
                } else if (a, r) == (2, 3) {
                    "5"
                } else {
                    "1"
                }
            );
        }
    }
    let inputs = of_pairs(&pairs, &rules);
    let plan = assign(&inputs.problem, &rules, None).unwrap();
    let connection = plan.connected.unwrap();
    assert_eq!((connection.before.components, connection.after.components, connection.swaps), (2, 1, 1));
    // 9 + 9 become 5 + 1.
    assert_eq!((connection.before.objective, connection.after.objective), (72.0, 60.0));
    assert_eq!(plan.objective, 60.0);
    assert!(plan.soft_broken.is_empty());
}

#[test]
fn what_stands_is_kept_as_far_as_it_can() {
    let rules = rules(1, 1);
    let pairs = "r1,a1,1,\nr1,a2,9,\nr2,a1,9,\nr2,a2,1,\nr3,a1,0,\nr3,a2,5,\n";
    let inputs = of_pairs(pairs, &rules);
    let best = assign(&inputs.problem, &rules, None).unwrap();
    assert_eq!(best.objective, 18.0);
    let old = BTreeSet::from([("a1".to_owned(), "r1".to_owned()), ("a2".to_owned(), "gone".to_owned())]);
    let kept = assign(&inputs.problem, &rules, Some(&old)).unwrap();
    assert_eq!(kept.objective, 6.0, "a1 keeps r1, and a2 gets the best of the others");
    let account = kept.kept.unwrap();
    assert_eq!((account.kept, account.dropped.len(), account.added), (1, 1, 1));
}

#[test]
fn every_pair_can_be_asked_about() {
    let rules = rules(1, 1);
    let inputs = of_pairs("r1,a1,5,\nr2,a1,3,\nr1,a2,4,\nr2,a2,4,\nr3,a1,9,x\nr3,a2,1,\n", &rules);
    let ask = |a: &str, r: &str| explain(&inputs.problem, &rules, None, a, r).unwrap().unwrap();
    let state = |a: &str, r: &str| (ask(a, r).state, ask(a, r).advice.sentence.code());
    assert_eq!(state("a1", "r1"), ("assigned", "assigned"));
    assert_eq!(state("a1", "r2"), ("possible", "costs"));
    assert_eq!(state("a1", "r3"), ("forbidden", "conflict"));
    let loss = ask("a1", "r2");
    assert_eq!((loss.objective, loss.objective_if), (9.0, Some(7.0)));
    assert!(explain(&inputs.problem, &rules, None, "a9", "r1").unwrap().is_none());
}

#[test]
fn equally_good_assignments_are_separated_by_the_seed() {
    let pairs: String = (1..=4).flat_map(|a| (1..=4).map(move |r| format!("r{r},a{a},1,\n"))).collect();
    let drawn: BTreeSet<String> = (0..12)
        .map(|seed| {
            let rules = Rules { seed, ..rules(1, 1) };
            let inputs = of_pairs(&pairs, &rules);
            format!("{:?}", assign(&inputs.problem, &rules, None).unwrap().rows)
        })
        .collect();
    assert!(drawn.len() > 4, "{}", drawn.len());
}

#[test]
fn a_search_that_somebody_stopped_gives_nothing() {
    let stop = Arc::new(AtomicBool::new(true));
    let rules = Rules { stop: Some(Arc::clone(&stop)), ..rules(1, 1) };
    let inputs = of_pairs("r1,a1,1,\nr2,a1,2,\n", &rules);
    assert_eq!(assign(&inputs.problem, &rules, None).unwrap_err(), Refused::Stopped);
    stop.store(false, Ordering::Relaxed);
    assert!(assign(&inputs.problem, &rules, None).unwrap().is_whole());
}

#[test]
fn contradicting_loads_are_refused() {
    let file = |name, text: &'static str| Some(File { name, bytes: text.as_bytes() });
    let files = AssignmentFiles {
        matrix: file("m", "1,2\n3,4\n"),
        reviewers: file("v", "reviewer,min\nr1,5\n"),
        ..AssignmentFiles::default()
    };
    let refused = AssignmentInputs::read(&files, &rules(1, 2)).unwrap_err();
    assert_eq!(refused, Refused::Loads { reviewer: "r1".into(), min: 5, max: 2 });
}

#[test]
fn where_nobody_needs_a_further_reader_nobody_is_asked() {
    let small = found_by_chance();
    let rules = small.rules(Objective::FairestThenTotal);
    let mut problem = inputs(&small.tables(false), &rules).problem;
    problem.applications.clear();
    problem.pairs.clear();
    problem.barred.clear();
    let plan = further(&problem, &rules, &BTreeSet::new()).unwrap();
    assert!(plan.rows.is_empty() && plan.is_whole() && plan.optimal);
    assert_eq!(plan.advice.sentence.code(), "further-assigned");
}

#[test]
fn full_readers_are_given_as_the_reason() {
    let small = found_by_chance();
    let rules = small.rules(Objective::Total);
    let inputs = inputs(&small.tables(false), &rules);
    let everybody = |r: usize, max: usize| (0..max).map(move |n| (format!("other{n}"), format!("r{r}")));
    let standing = [2, 1, 3, 1].into_iter().enumerate().flat_map(|(r, max)| everybody(r, max)).collect();
    let plan = further(&inputs.problem, &rules, &standing).unwrap();
    assert!(plan.rows.is_empty());
    assert!(plan.unmet.iter().any(|one| one.code == "no-room"), "{:?}", plan.unmet);
}
