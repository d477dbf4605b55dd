//! Makes one component of applications and readers, so that everybody's scores can be compared with everybody's. By
//! exchanges that keep all rules: the cheapest one that joins two components, again and again. Not a proof that no other
//! assignment in one component would be better.
//!
//! Two pairs of two components exchange their readers; they join where one of the two pairs is no bridge of its
//! component. Or one application takes a reader of the other component instead of one of its own. Whoever reads
//! nothing belongs to no component.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use tessera_model::exact::Exact;

use super::problem::Problem;
use super::{Objective, Rules, loads, objective, scores};

/// Joins components as long as an exchange can; gives how many exchanges it took.
pub(super) fn connect(problem: &Problem, rules: &Rules, chosen: &mut BTreeSet<usize>) -> usize {
    let mut swaps = 0;
    loop {
        let parts = components(problem, chosen);
        if parts.len() < 2 {
            return swaps;
        }
        let Some(best) = cheapest(problem, rules, chosen, &parts) else { return swaps };
        *chosen = best;
        swaps += 1;
    }
}

/// Pairs by component, the component with the fewest pairs first.
pub(super) fn components(problem: &Problem, chosen: &BTreeSet<usize>) -> Vec<BTreeSet<usize>> {
    let applications = problem.applications.len();
    let mut parent: Vec<usize> = (0..applications + problem.reviewers.len()).collect();
    fn root(parent: &mut [usize], mut node: usize) -> usize {
        while parent[node] != node {
            parent[node] = parent[parent[node]];
            node = parent[node];
        }
        node
    }
    for place in chosen {
        let pair = &problem.pairs[*place];
        let one = root(&mut parent, pair.application);
        let other = root(&mut parent, applications + pair.reviewer);
        parent[one.max(other)] = one.min(other);
    }
    let mut parts: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for place in chosen {
        let node = root(&mut parent, problem.pairs[*place].application);
        parts.entry(node).or_default().insert(*place);
    }
    let mut parts: Vec<BTreeSet<usize>> = parts.into_values().collect();
    parts.sort_by_key(BTreeSet::len);
    parts
}

/// The best of the exchanges that leave fewer components, between the smallest component that has one and the others.
fn cheapest(
    problem: &Problem,
    rules: &Rules,
    chosen: &BTreeSet<usize>,
    parts: &[BTreeSet<usize>],
) -> Option<BTreeSet<usize>> {
    let loads = loads(problem, chosen);
    let scores = scores(problem, chosen);
    let firm: BTreeSet<usize> = parts.iter().flat_map(|part| firm(problem, part)).collect();
    for (index, part) in parts.iter().enumerate() {
        let mut best: Option<(Exchange, Value)> = None;
        for one in part {
            for other in parts.iter().enumerate().filter(|(at, _)| *at != index).flat_map(|(_, part)| part) {
                for exchange in exchanges(problem, &loads, &firm, *one, *other).into_iter().flatten() {
                    if !exchange.keeps_rules(problem, rules, chosen) {
                        continue;
                    }
                    let value = exchange.value(problem, rules, chosen, &loads, &scores);
                    if best
                        .as_ref()
                        .is_none_or(|(_, best)| value.better(best, rules.objective) == Ordering::Greater)
                    {
                        best = Some((exchange, value));
                    }
                }
            }
        }
        if let Some((exchange, _)) = best {
            return Some(exchange.made(chosen));
        }
    }
    None
}

/// Pairs that go and pairs that come.
#[derive(Clone, Debug)]
struct Exchange {
    gone: Vec<usize>,
    new: Vec<usize>,
}

/// The worst score and the total after an exchange.
struct Value {
    worst: Option<Exact>,
    total: Exact,
}

impl Value {
    fn better(&self, other: &Self, objective: Objective) -> Ordering {
        match objective {
            Objective::Total => self.total.cmp(&other.total),
            _ => self.worst.cmp(&other.worst).then_with(|| self.total.cmp(&other.total)),
        }
    }
}

/// The exchanges between two pairs of different components that join these.
fn exchanges(
    problem: &Problem,
    loads: &[usize],
    firm: &BTreeSet<usize>,
    one: usize,
    other: usize,
) -> [Option<Exchange>; 3] {
    let (a, b) = (&problem.pairs[one], &problem.pairs[other]);
    let crossed = problem.place(a.application, b.reviewer).zip(problem.place(b.application, a.reviewer));
    let swap = crossed
        .filter(|_| !firm.contains(&one) || !firm.contains(&other))
        .map(|(new, also)| Exchange { gone: vec![one, other], new: vec![new, also] });
    // The reader who gives up a read stays where it reads elsewhere too, or leaves the graph with its only read.
    let take = |of: usize, from: usize, with: usize| {
        let (gives, takes) = (&problem.reviewers[from], &problem.reviewers[with]);
        let fits = loads[from] > gives.min && loads[with] < takes.max;
        let joins = !firm.contains(&of) || loads[from] == 1;
        let new = problem.place(problem.pairs[of].application, with)?;
        (fits && joins).then(|| Exchange { gone: vec![of], new: vec![new] })
    };
    [swap, take(one, a.reviewer, b.reviewer), take(other, b.reviewer, a.reviewer)]
}

impl Exchange {
    fn made(&self, chosen: &BTreeSet<usize>) -> BTreeSet<usize> {
        let gone: BTreeSet<usize> = self.gone.iter().copied().collect();
        chosen.difference(&gone).chain(&self.new).copied().collect()
    }

    /// Says whether the applications that it touches are served as before. Loads are looked at before.
    fn keeps_rules(&self, problem: &Problem, rules: &Rules, chosen: &BTreeSet<usize>) -> bool {
        self.new.iter().all(|new| {
            let a = problem.pairs[*new].application;
            let range = problem.pairs.partition_point(|pair| pair.application < a)
                ..problem.pairs.partition_point(|pair| pair.application <= a);
            let before: BTreeSet<usize> =
                chosen.range(range).map(|place| problem.pairs[*place].reviewer).collect();
            let mut after = before.clone();
            for gone in self.gone.iter().filter(|gone| problem.pairs[**gone].application == a) {
                after.remove(&problem.pairs[*gone].reviewer);
            }
            after.insert(problem.pairs[*new].reviewer);
            let own = |of: &BTreeSet<usize>| of.iter().filter(|r| problem.own_region(a, **r)).count();
            let able = |of: &BTreeSet<usize>, competence: &String| {
                of.iter().any(|r| problem.reviewers[*r].competences.contains(competence))
            };
            after.len() == before.len()
                && own(&after) <= rules.own_region().max(own(&before))
                && problem.applications[a].competences.iter().all(|c| able(&after, c) || !able(&before, c))
                && after.iter().all(|r| problem.reviewers[*r].apart.is_disjoint(&after))
        })
    }

    fn value(
        &self,
        problem: &Problem,
        rules: &Rules,
        chosen: &BTreeSet<usize>,
        loads: &[usize],
        scores: &[Exact],
    ) -> Value {
        if rules.objective != Objective::Total {
            let mut scores = scores.to_vec();
            for (places, comes) in [(&self.gone, false), (&self.new, true)] {
                for pair in places.iter().map(|place| &problem.pairs[*place]) {
                    let score = &scores[pair.application];
                    scores[pair.application] =
                        if comes { score + &pair.affinity } else { score - &pair.affinity };
                }
            }
            let made = self.made(chosen);
            return Value { worst: scores.into_iter().min(), total: objective(problem, rules, &made) };
        }
        // Only what changes: Σ affinity − C·Σ n(n−1)/2.
        let sum =
            |places: &[usize]| places.iter().map(|place| &problem.pairs[*place].affinity).sum::<Exact>();
        let mut total = &sum(&self.new) - &sum(&self.gone);
        if let ([gone], [new]) = (&self.gone[..], &self.new[..]) {
            let (from, with) = (loads[problem.pairs[*gone].reviewer], loads[problem.pairs[*new].reviewer]);
            let cost = Exact::from(rules.load_cost);
            total = &total - &(&cost * &Exact::count(with));
            total = &total + &(&cost * &Exact::count(from.saturating_sub(1)));
        }
        Value { worst: None, total }
    }
}

/// The pairs of a component without which it falls apart: its bridges, found by one walk (Tarjan 1974).
fn firm(problem: &Problem, part: &BTreeSet<usize>) -> BTreeSet<usize> {
    let node = |place: &usize| {
        let pair = &problem.pairs[*place];
        (pair.application, problem.applications.len() + pair.reviewer)
    };
    let mut beside: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
    for place in part {
        let (one, other) = node(place);
        beside.entry(one).or_default().push((other, *place));
        beside.entry(other).or_default().push((one, *place));
    }
    let Some(first) = beside.keys().next().copied() else { return BTreeSet::new() };
    // A walk without recursion: (node, pair that led here, neighbour to look at next).
    let (mut order, mut low) = (BTreeMap::from([(first, 0)]), BTreeMap::from([(first, 0)]));
    let mut path: Vec<(usize, Option<usize>, usize)> = vec![(first, None, 0)];
    let mut bridges = BTreeSet::new();
    while let Some((here, by, next)) = path.last_mut() {
        let (at, led) = (*here, *by);
        if let Some((to, place)) = beside[&at].get(*next).copied() {
            *next += 1;
            if Some(place) == led {
                continue;
            }
            match order.get(&to) {
                Some(seen) => {
                    let lowest = low[&at].min(*seen);
                    low.insert(at, lowest);
                }
                None => {
                    let number = order.len();
                    order.insert(to, number);
                    low.insert(to, number);
                    path.push((to, Some(place), 0));
                }
            }
            continue;
        }
        path.pop();
        if let (Some((above, _, _)), Some(place)) = (path.last(), led) {
            if low[&at] > order[above] {
                bridges.insert(place);
            }
            let lowest = low[above].min(low[&at]);
            low.insert(*above, lowest);
        }
    }
    bridges
}
