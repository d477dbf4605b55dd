//! Selections against exhaustive search, promotions, and the record that every build writes byte for byte.

#![expect(clippy::unwrap_used, reason = "a test stops where something unexpected happens")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use tessera_model::applications::Applications;
use tessera_model::compute::File;
use tessera_solve::compute::{SelectionError, SelectionFiles, selection};
use tessera_solve::selection::{Before, Pool, Quota, Ranked, Seats, Selection, Unselected, select};

/// A small invented case: for each application in order whether it has the first and the second value.
#[derive(Clone, Debug)]
struct Small {
    applications: Vec<(bool, bool)>,
    n: usize,
    /// Of which value (first, second, first without), floor and cap.
    quotas: Vec<(u8, usize, Option<usize>)>,
}

fn small() -> impl Strategy<Value = Small> {
    let quota = (0_u8..3, 0_usize..3, prop::option::of(0_usize..3));
    (
        prop::collection::vec((any::<bool>(), any::<bool>()), 1..8),
        1_usize..5,
        prop::collection::vec(quota, 0..4),
    )
        .prop_map(|(applications, n, quotas)| {
            let quotas = quotas
                .into_iter()
                .map(|(of, min, max)| (of, min.min(n), max.map(|max| max.max(min.min(n)))))
                .collect();
            Small { applications, n, quotas }
        })
}

impl Small {
    fn counts(&self, of: u8, application: usize) -> bool {
        let (one, other) = self.applications[application];
        match of {
            0 => one,
            1 => other,
            _ => !one,
        }
    }

    fn seats(&self) -> Seats {
        let quota = |(of, min, max): &(u8, usize, Option<usize>)| {
            let (field, value) = [("one", "true"), ("other", "true"), ("one", "false")][usize::from(*of)];
            let name = format!("{field} {value} from {min} to {max:?}");
            Quota { field: field.into(), max: *max, min: *min, name, value: value.into() }
        };
        Seats { n: self.n, waitlist: None, quotas: self.quotas.iter().map(quota).collect() }
    }

    fn pool(&self, turned: bool) -> Pool {
        let mut ranked: Vec<Ranked> = (0..self.applications.len())
            .map(|at| Ranked { application: format!("a{at}"), rank: Some(at as u64 + 1), total: None })
            .collect();
        let mut rows: Vec<Vec<String>> = (0..self.applications.len())
            .map(|at| {
                let (one, other) = self.applications[at];
                vec![format!("a{at}"), one.to_string(), other.to_string()]
            })
            .collect();
        if turned {
            ranked.reverse();
            rows.reverse();
        }
        let columns = ["application", "one", "other"].map(str::to_owned).to_vec();
        Pool::new(ranked, &self.seats(), Some(&Applications::collect(columns, rows).unwrap()), 0).unwrap()
    }

    /// The first by the order of all largest choices that keep every rule and hold `held`, leaving out `gone`.
    fn best(&self, held: u32, gone: u32) -> Option<u32> {
        let all = 0_u32..1 << self.applications.len();
        let keeps = |choice: &u32| {
            let count = |of: u8| {
                (0..self.applications.len())
                    .filter(|at| choice >> at & 1 == 1 && self.counts(of, *at))
                    .count()
            };
            let size = choice.count_ones() as usize;
            size <= self.n
                && choice & held == held
                && choice & gone == 0
                && self
                    .quotas
                    .iter()
                    .all(|(of, min, max)| count(*of) >= *min && max.is_none_or(|max| count(*of) <= max))
        };
        let largest = all.clone().filter(keeps).map(u32::count_ones).max()?;
        // The lowest bit is the best in order.
        all.filter(keeps)
            .filter(|choice| choice.count_ones() == largest)
            .max_by_key(|choice| choice.reverse_bits())
    }
}

fn ids(choice: u32) -> BTreeSet<String> {
    (0..32).filter(|at| choice >> at & 1 == 1).map(|at| format!("a{at}")).collect()
}

fn chosen(selection: &Selection) -> BTreeSet<String> {
    selection.selected.iter().cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn selections_agree_with_exhaustive_search(small in small(), leaves in 0_usize..8) {
        let (pool, seats) = (small.pool(false), small.seats());
        let result = select(&pool, &seats, None, 0);
        prop_assert_eq!(&result, &select(&small.pool(true), &seats, None, 0), "the order of rows");
        let Some(best) = small.best(0, 0) else {
            prop_assert!(matches!(result, Err(Unselected::Impossible { kept: false, .. })), "{result:?}");
            return Ok(());
        };
        let selection = result.unwrap();
        prop_assert_eq!(chosen(&selection), ids(best));
        // Everybody else waits, in order; passed over is whoever stands above the last who was seated.
        prop_assert_eq!(selection.selected.len() + selection.waitlist.len(), small.applications.len());
        let last = (0..8).rev().find(|at| best >> at & 1 == 1).unwrap_or(0);
        let above: Vec<String> = (0..last).filter(|at| best >> at & 1 == 0).map(|at| format!("a{at}")).collect();
        let passed: Vec<String> = selection.passed_over.iter().map(|one| one.application.clone()).collect();
        prop_assert_eq!(&above, &passed);
        for one in &selection.passed_over {
            prop_assert!(!one.together.is_empty());
        }

        // Somebody withdraws: all others stay, and whoever moves up keeps the same rules.
        if selection.selected.is_empty() {
            return Ok(());
        }
        let gone = selection.selected[leaves % selection.selected.len()].clone();
        let bit = 1 << gone[1..].parse::<u32>().unwrap();
        let before = Before { selected: chosen(&selection), withdrawn: BTreeSet::from([gone.clone()]) };
        let promoted = select(&pool, &seats, Some(&before), 0);
        match small.best(best & !bit, bit) {
            None => prop_assert!(matches!(promoted, Err(Unselected::Impossible { .. })), "{promoted:?}"),
            Some(after) => {
                let promoted = promoted.unwrap();
                prop_assert_eq!(chosen(&promoted), ids(after));
                prop_assert!(!promoted.waitlist.contains(&gone));
            }
        }
    }
}

const PROGRAMME: &str = "\
[scale]\nmin = 1\nmax = 5\n[[criterion]]\nkey = \"k\"\n[waitlist]\nn = 3\n[seats]\nn = 4\nquotas = [\n\
{ name = \"Africa\", field = \"region\", value = \"africa\", min = 2 },\n\
{ name = \"academics\", field = \"group\", value = \"academic\", max = 1 },\n\
{ name = \"women\", field = \"gender\", value = \"woman\", min = 2, max = 3 } ]\n";
const APPLICATIONS: &str = "application,region,group,gender\na,europe,academic,man\nb,europe,academic,woman\n\
c,asia,lawyer,man\nd,europe,lawyer,man\ne,africa,lawyer,woman\nf,africa,lawyer,man\ng,africa,academic,woman\n\
h,asia,lawyer,woman\ni,africa,lawyer,woman\n";
const RANKING: &str = r#"{"schema":"tessera/ranking/1","rows":[
{"rank":1,"application":"a","total":4.75,"tied_with":[],"tie_broken_by":null},
{"rank":2,"application":"b","total":4.5,"tied_with":["c"],"tie_broken_by":"draw"},
{"rank":3,"application":"c","total":4.5,"tied_with":["b"],"tie_broken_by":"draw"},
{"rank":4,"application":"d","total":4.333333333333333,"tied_with":[],"tie_broken_by":null},
{"rank":5,"application":"e","total":4.0,"tied_with":[],"tie_broken_by":null},
{"rank":6,"application":"f","total":3.0,"tied_with":["g"],"tie_broken_by":null},
{"rank":6,"application":"g","total":3.0,"tied_with":["f"],"tie_broken_by":null},
{"rank":8,"application":"h","total":2.5,"tied_with":[],"tie_broken_by":null},
{"rank":null,"application":"i","total":null,"tied_with":[],"tie_broken_by":null}]}"#;

fn files<'a>(ranking: &'a str, programme: &'a str, applications: &'a str) -> SelectionFiles<'a> {
    let file = |name, text: &'a str| File { name, bytes: text.as_bytes() };
    SelectionFiles {
        ranking: file("r.json", ranking),
        programme: file("p.toml", programme),
        applications: Some(file("a.csv", applications)),
        scores: None,
        round: None,
        keep: None,
    }
}

fn names(letters: &str) -> Vec<String> {
    letters.chars().map(String::from).collect()
}

#[test]
fn every_build_writes_the_same_record() {
    let golden = include_str!("golden/selection.json").trim_end();
    let selected = selection(&files(RANKING, PROGRAMME, APPLICATIONS), &BTreeSet::new(), 3).unwrap();
    assert_eq!(std::str::from_utf8(&selected.snapshot).unwrap(), golden);
    assert_eq!(selected.selection.snapshot_sha256, include_str!("golden/selection.sha256").trim_end());
    // Rows in another order, spaces and digits that say the same: the same bytes.
    let mut turned: Vec<&str> = APPLICATIONS.lines().skip(1).collect();
    turned.reverse();
    let turned = format!("application,region,group,gender\n{}\n", turned.join("\n"));
    let ranking = RANKING.replace("4.5,", "4.50,").replace("\n", "\n  ");
    let again = selection(&files(&ranking, PROGRAMME, &turned), &BTreeSet::new(), 3).unwrap();
    assert_eq!(again.snapshot, selected.snapshot);
}

#[test]
fn who_was_passed_over_is_told_by_which_quota() {
    let selected = selection(&files(RANKING, PROGRAMME, APPLICATIONS), &BTreeSet::new(), 3).unwrap();
    let Selection { selected, waitlist, passed_over, quotas, unranked, .. } = selected.selection;
    // a is the one academic; c and d would leave Africa or the women short.
    assert_eq!((selected, waitlist), (names("aefh"), names("bcd")));
    assert_eq!(unranked, names("i"));
    let of = |id: &str| passed_over.iter().find(|one| one.application == id).unwrap();
    assert_eq!((of("b").constraint.as_str(), of("b").rule), ("academics", "cap"));
    assert_eq!(of("b").together, ["academics"]);
    assert_eq!((of("c").constraint.as_str(), of("c").rule), ("Africa", "floor"));
    assert_eq!(of("c").together, ["Africa", "women", "seats", "academics"]);
    assert_eq!(quotas.iter().map(|quota| quota.selected).collect::<Vec<_>>(), [2, 1, 2]);
}

#[test]
fn floors_that_no_order_can_meet_are_named() {
    let many = PROGRAMME.replace("min = 2 }", "min = 4 }");
    let error = selection(&files(RANKING, &many, APPLICATIONS), &BTreeSet::new(), 3).unwrap_err();
    let SelectionError::Unselected(Unselected::Impossible { quotas, kept }) = error else {
        panic!("{error}")
    };
    assert_eq!((quotas, kept), (vec!["Africa".to_owned()], false));
}

#[test]
fn whoever_moves_up_keeps_the_quotas() {
    let first = selection(&files(RANKING, PROGRAMME, APPLICATIONS), &BTreeSet::new(), 3).unwrap();
    let old = serde_json::to_string(&first.selection).unwrap();
    let keep = Some(File { name: "old.json", bytes: old.as_bytes() });
    let files = SelectionFiles { keep, ..files(RANKING, PROGRAMME, APPLICATIONS) };
    // a leaves: b may now be the one academic.
    let after = selection(&files, &BTreeSet::from(["a".to_owned()]), 3).unwrap().selection;
    assert_eq!((after.selected, after.promoted), (names("befh"), Some(names("b"))));
    // f leaves: the only African left is an academic, and a, who is one, keeps the seat.
    let error = selection(&files, &BTreeSet::from(["f".to_owned()]), 3).unwrap_err();
    assert!(
        matches!(error, SelectionError::Unselected(Unselected::Impossible { kept: true, .. })),
        "{error}"
    );
}

#[test]
fn one_reader_on_whom_the_list_hangs_is_named() {
    let scores = "application,reviewer,k\na,r1,5\na,r2,3\nb,r1,1\nb,r2,4\nc,r3,1\n";
    let programme = "[scale]\nmin = 1\nmax = 5\n[[criterion]]\nkey = \"k\"\n[seats]\nn = 1\n";
    let ranking = r#"[{"rank":1,"application":"a","total":4.0},{"rank":2,"application":"b","total":2.5},
                      {"rank":3,"application":"c","total":1.0}]"#;
    let file = |name, text: &'static str| File { name, bytes: text.as_bytes() };
    let files = SelectionFiles {
        ranking: file("r.json", ranking),
        programme: file("p.toml", programme),
        applications: None,
        scores: Some(file("s.csv", scores)),
        round: None,
        keep: None,
    };
    let selection = selection(&files, &BTreeSet::new(), 0).unwrap().selection;
    assert_eq!(selection.depends_on_one_reader, Some(true));
    assert_eq!(selection.readers_who_matter, ["r1"]);
}
