use std::collections::HashMap;

use super::*;

/// A table of groups that reached stages: the last stage of each application, by group.
fn shares(least: u32, stages: usize, groups: &[(&str, &[u32])]) -> Shares {
    let mut reached = Vec::new();
    for (name, counts) in groups {
        for stage in 0..stages {
            let here = counts[stage] - counts.get(stage + 1).copied().unwrap_or(0);
            reached.extend(std::iter::repeat_n((*name, stage), here as usize));
        }
    }
    Shares::of(stages, least, reached)
}

/// What is shown of a table: `·` for what is hidden.
fn shown(shares: &Shares) -> Vec<String> {
    let figure = |count: &Option<u32>| count.map_or_else(|| "·".to_owned(), |count| count.to_string());
    let line = |name: &str, counts: &[Option<u32>]| {
        std::iter::once(name.to_owned()).chain(counts.iter().map(figure)).collect::<Vec<_>>().join(" ")
    };
    let groups =
        shares.groups.iter().map(|group| line(group.name.as_deref().unwrap_or("others"), &group.counts));
    groups.chain([line("all", &shares.totals)]).collect()
}

#[test]
fn small_counts_are_hidden_and_never_alone() {
    let table = shares(5, 3, &[("a", &[30, 20, 9]), ("b", &[12, 7, 3]), ("c", &[8, 8, 8])]);
    // At the third stage b is hidden, and c with it: else b is the total less the others.
    assert_eq!(shown(&table), ["a 30 20 9", "b 12 7 ·", "c 8 8 ·", "all 50 35 20"]);
    assert_eq!(table.share(&table.groups[0], 1), Some(20.0 / 35.0));
    assert_eq!(table.share(&table.groups[1], 2), None);
    assert!(table.hides());
}

#[test]
fn what_was_hidden_once_is_hidden_at_every_later_stage() {
    let table = shares(5, 3, &[("a", &[30, 29, 20]), ("b", &[12, 2, 0]), ("c", &[8, 7, 6])]);
    assert_eq!(shown(&table), ["a 30 29 20", "b 12 · ·", "c 8 · ·", "all 50 38 26"]);
}

#[test]
fn nought_is_shown_and_a_total_of_few_hides_all() {
    let nobody = shares(5, 2, &[("a", &[9, 6]), ("b", &[8, 0])]);
    assert_eq!(shown(&nobody), ["a 9 6", "b 8 0", "all 17 6"]);
    assert!(!nobody.hides());
    let few = shares(5, 3, &[("a", &[9, 3, 0]), ("b", &[8, 1, 0])]);
    assert_eq!(shown(&few), ["a 9 · 0", "b 8 · 0", "all 17 · 0"]);
}

#[test]
fn small_groups_are_named_nowhere_and_are_two_at_least() {
    let table = shares(5, 1, &[("a", &[30]), ("b", &[9]), ("c", &[6]), ("d", &[1])]);
    assert_eq!(shown(&table), ["a 30", "b 9", "others 7", "all 46"]);
    let single = shares(5, 1, &[("a", &[3]), ("b", &[1])]);
    assert_eq!(shown(&single), ["others ·", "all ·"]);
    // One group alone says what the total says.
    assert_eq!(shown(&shares(5, 2, &[("mail", &[9, 7])])), ["mail 9 7", "all 9 7"]);
    assert_eq!(shown(&shares(5, 2, &[])), ["all 0 0"]);
}

#[test]
fn a_threshold_that_protects_nobody_is_not_taken() {
    assert_eq!(
        shares(1, 1, &[("a", &[9]), ("b", &[2]), ("c", &[4])]),
        shares(3, 1, &[("a", &[9]), ("b", &[2]), ("c", &[4])])
    );
}

#[test]
fn the_sentence_names_who_moves_the_most() {
    let said = |groups: &[(&str, &[u32])]| {
        let advice = shares(5, 2, groups).advice(5, &["received", "eligible"], str::to_uppercase);
        (advice.sentence.code(), advice.sentence.text(), advice.act.code())
    };
    let (code, text, act) = said(&[("a", &[50, 45]), ("b", &[50, 15])]);
    assert_eq!((code, act), ("shares-moved", "shares-look"));
    assert_eq!(text, "A moves the most: from 50 % of what was received to 75 % at the stage eligible.");
    assert_eq!(said(&[("a", &[50, 25]), ("b", &[50, 26])]).0, "shares-steady");
    assert_eq!(said(&[("a", &[5, 1]), ("b", &[5, 1])]).0, "shares-too-few");
}

/// Every way in which a count can fall over `stages`, from at most `most`.
fn falling(stages: usize, most: u32) -> Vec<Vec<u32>> {
    let mut all: Vec<Vec<u32>> = (0..=most).map(|count| vec![count]).collect();
    for _ in 1..stages {
        all = all
            .into_iter()
            .flat_map(|one| (0..=one[one.len() - 1]).map(move |next| [one.as_slice(), &[next]].concat()))
            .collect();
    }
    all
}

/// Visits every choice of one of `of` for each of `places`.
fn each_choice(of: &[Vec<Vec<u32>>], chosen: &mut Vec<Vec<u32>>, visit: &mut dyn FnMut(&[Vec<u32>])) {
    let Some(here) = of.get(chosen.len()) else { return visit(chosen) };
    for one in here {
        chosen.push(one.clone());
        each_choice(of, chosen, visit);
        chosen.pop();
    }
}

/// For every table of `groups` groups whose counts are at most `most`: whoever knows what is shown, that counts only fall and that they
/// add up, finds two values at least for each hidden count.
fn nothing_follows(groups: usize, stages: usize, most: u32, least: u32) {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    let all = falling(stages, most);
    let named: Vec<Vec<u32>> = all.iter().filter(|one| one[0] >= least).cloned().collect();
    let mut tables: HashMap<Vec<String>, Shares> = HashMap::new();
    each_choice(&vec![named; groups], &mut Vec::new(), &mut |counts| {
        let table: Vec<(&str, &[u32])> = NAMES.into_iter().zip(counts.iter().map(Vec::as_slice)).collect();
        let mut table = shares(least, stages, &table);
        table.groups.sort_by(|one, other| one.name.cmp(&other.name));
        tables.entry(shown(&table)).or_insert(table);
    });
    let mut hidden = 0;
    for table in tables.values().filter(|table| table.hides()) {
        let fits = |shown: &Group| -> Vec<Vec<u32>> {
            let same = |one: &&Vec<u32>| {
                one.iter().zip(&shown.counts).all(|(is, shown)| shown.is_none_or(|shown| shown == *is))
            };
            all.iter().filter(same).cloned().collect()
        };
        let fitting: Vec<Vec<Vec<u32>>> = table.groups.iter().map(fits).collect();
        let mut values = vec![vec![BTreeSet::new(); stages]; groups];
        each_choice(&fitting, &mut Vec::new(), &mut |counts| {
            let adds_up = |stage: usize| {
                let sum: u32 = counts.iter().map(|one| one[stage]).sum();
                table.totals[stage].map_or((1..least).contains(&sum), |total| total == sum)
            };
            if (0..stages).all(adds_up) {
                for (values, counts) in values.iter_mut().zip(counts) {
                    for (values, count) in values.iter_mut().zip(counts) {
                        values.insert(*count);
                    }
                }
            }
        });
        for (group, values) in table.groups.iter().zip(&values) {
            for (count, values) in group.counts.iter().zip(values).filter(|(count, _)| count.is_none()) {
                hidden += 1;
                assert!(
                    values.len() > 1,
                    "{count:?} of {:?} can be {values:?} alone:\n{}",
                    group.name,
                    shown(table).join("\n")
                );
            }
        }
    }
    assert!(hidden > 100, "only {hidden} counts were hidden");
}

#[test]
fn no_hidden_count_follows_from_totals_other_counts_and_stages() {
    nothing_follows(2, 2, 7, 3);
    nothing_follows(2, 3, 6, 3);
    nothing_follows(3, 2, 5, 3);
    nothing_follows(2, 2, 8, 5);
}
