//! What is said of chosen pairs: exact figures, who is short and why, which rules were given up. Not the choice.

use std::collections::{BTreeMap, BTreeSet};

use tessera_model::exact::Exact;
use tessera_model::sentence::{Advice, Saying};

use super::connect::components;
use super::problem::Problem;
use super::{
    Broken, Chosen, Connection, Figures, Kept, Plan, Row, Rules, Unmet, Worst, loads, objective, scores,
};

/// Puts the result together.
pub(super) fn plan(
    problem: &Problem,
    rules: &Rules,
    chosen: &Chosen,
    connection: Option<Connection>,
    old: Option<&BTreeSet<(String, String)>>,
) -> Plan {
    let rows: Vec<Row> = chosen.pairs.iter().map(|place| row(problem, *place)).collect();
    let loads = loads(problem, &chosen.pairs);
    let unmet = unmet_of(problem, rules, chosen);
    let mut soft_broken = own_regions(problem, rules, &chosen.pairs);
    let apart = connection.as_ref().map_or(1, |connection| connection.after.components);
    if apart > 1 {
        let message = format!("{apart} groups of readers share no application; no exchange joins them");
        soft_broken.push(Broken { rule: "connected", application: None, message });
    }
    let worst = worst(problem, &chosen.pairs).filter(|_| problem.preferences);
    let (advice, acts) = match unmet.first() {
        Some(first) => unmet_advice(problem, &unmet, first),
        None => (advice(problem, rules, chosen, worst.as_ref()), Vec::new()),
    };
    Plan {
        preferences: problem.preferences,
        acts,
        objective: objective(problem, rules, &chosen.pairs).to_f64(),
        optimal: chosen.gap.is_none(),
        gap: chosen.gap.clone(),
        worst: worst.map(|(application, score)| Worst { application, score: score.to_f64() }),
        loads: problem.reviewers.iter().map(|reader| reader.id.clone()).zip(loads).collect(),
        unmet,
        soft_broken,
        connected: connection,
        kept: old.map(|old| kept(old, &rows)),
        advice,
        rows,
    }
}

/// Calculates the figures of chosen pairs.
pub(super) fn figures(problem: &Problem, rules: &Rules, chosen: &BTreeSet<usize>) -> Figures {
    Figures {
        objective: objective(problem, rules, chosen).to_f64(),
        worst: worst(problem, chosen).map(|(_, score)| score.to_f64()),
        components: components(problem, chosen).len(),
    }
}

/// Finds the application with the lowest score, the first by id of several.
pub(super) fn worst(problem: &Problem, chosen: &BTreeSet<usize>) -> Option<(String, Exact)> {
    let scores = scores(problem, chosen);
    let ids = problem.applications.iter().map(|one| one.id.clone());
    ids.zip(scores).min_by(|(_, one), (_, other)| one.cmp(other))
}

fn row(problem: &Problem, place: usize) -> Row {
    let pair = &problem.pairs[place];
    Row {
        application: problem.applications[pair.application].id.clone(),
        reviewer: problem.reviewers[pair.reviewer].id.clone(),
        affinity: pair.known.then(|| pair.affinity.to_f64()),
    }
}

fn kept(old: &BTreeSet<(String, String)>, rows: &[Row]) -> Kept {
    let new: BTreeSet<(String, String)> =
        rows.iter().map(|row| (row.application.clone(), row.reviewer.clone())).collect();
    Kept {
        kept: old.intersection(&new).count(),
        dropped: old.difference(&new).cloned().collect(),
        added: new.difference(old).count(),
    }
}

/// The reviewers of every application.
fn readers(problem: &Problem, chosen: &BTreeSet<usize>) -> Vec<BTreeSet<usize>> {
    let mut readers = vec![BTreeSet::new(); problem.applications.len()];
    for place in chosen {
        readers[problem.pairs[*place].application].insert(problem.pairs[*place].reviewer);
    }
    readers
}

fn own_regions(problem: &Problem, rules: &Rules, chosen: &BTreeSet<usize>) -> Vec<Broken> {
    let most = rules.own_region();
    let readers = readers(problem, chosen);
    let broken = |(a, readers): (usize, &BTreeSet<usize>)| {
        let own = readers.iter().filter(|reader| problem.own_region(a, **reader)).count();
        (own > most).then(|| {
            let application = problem.applications[a].id.clone();
            let message = format!("{own} of {} readers are from the applicant's own region", readers.len());
            Broken { rule: "own-region", application: Some(application), message }
        })
    };
    readers.iter().enumerate().filter_map(broken).collect()
}

/// Says who is short in what was chosen, and why.
pub(super) fn unmet_of(problem: &Problem, rules: &Rules, chosen: &Chosen) -> Vec<Unmet> {
    if chosen.complete {
        return Vec::new();
    }
    unmet(problem, rules, &chosen.pairs, &loads(problem, &chosen.pairs))
}

fn unmet(problem: &Problem, rules: &Rules, chosen: &BTreeSet<usize>, loads: &[usize]) -> Vec<Unmet> {
    let readers = readers(problem, chosen);
    let mut unmet = Vec::new();
    for (a, has) in readers.iter().enumerate() {
        if has.len() < rules.reads {
            unmet.push(short_of_readers(problem, rules, a, &readers, loads));
        }
        for competence in &problem.applications[a].competences {
            if !has.iter().any(|r| problem.reviewers[*r].competences.contains(competence)) {
                unmet.push(short_of_competence(problem, a, competence));
            }
        }
    }
    for (r, reader) in problem.reviewers.iter().enumerate() {
        if loads[r] < reader.min {
            unmet.push(short_of_reads(problem, r, loads[r]));
        }
    }
    unmet
}

fn short_of_readers(
    problem: &Problem,
    rules: &Rules,
    a: usize,
    readers: &[BTreeSet<usize>],
    loads: &[usize],
) -> Unmet {
    let id = &problem.applications[a].id;
    let allowed: Vec<usize> = allowed(problem, a).collect();
    let own = allowed.iter().filter(|r| problem.own_region(a, **r)).count();
    let barred = barred(problem, |(application, _)| application == a);
    let (competing, shared, full) = competitors(problem, a, readers, loads);
    let missing = rules.reads - readers[a].len();
    let (code, why) = if allowed.len() < rules.reads {
        let message = format!("{} of {} reviewers may read it", allowed.len(), problem.reviewers.len());
        ("too-few-readers", [message, in_words(&barred)].concat())
    } else if rules.own_region_max.is_some()
        && allowed.len() - own + own.min(rules.own_region()) < rules.reads
    {
        let outside = allowed.len() - own;
        ("own-region", format!("{outside} of the reviewers who may read it are from another region"))
    } else if full {
        let room: usize = shared.iter().map(|r| problem.reviewers[*r].max).sum();
        let message = format!(
            "{} applications need {} reads of {} reviewers who have room for {room}",
            competing.len(),
            competing.len() * rules.reads,
            shared.len()
        );
        (
            "no-room",
            if competing.len() == 1 {
                format!("all {} who may read it are full", shared.len())
            } else {
                message
            },
        )
    } else {
        ("apart", "whoever has room may not read it together with its other readers".to_owned())
    };
    let names = |places: &BTreeSet<usize>| places.iter().map(|r| problem.reviewers[*r].id.clone()).collect();
    let (applications, reviewers) = if code == "no-room" {
        (competing.iter().map(|a| problem.applications[*a].id.clone()).collect(), names(&shared))
    } else {
        (Vec::new(), Vec::new())
    };
    Unmet {
        application: Some(id.clone()),
        reviewer: None,
        missing,
        code,
        competence: None,
        barred,
        applications,
        reviewers,
        message: format!("{id} lacks {missing} of {} readers: {why}", rules.reads),
    }
}

fn short_of_competence(problem: &Problem, a: usize, competence: &str) -> Unmet {
    let id = &problem.applications[a].id;
    let has = |r: usize| problem.reviewers[r].competences.contains(competence);
    let able = allowed(problem, a).filter(|r| has(*r)).count();
    let barred = barred(problem, |(application, reviewer)| application == a && has(reviewer));
    let why = match able {
        0 => ["no reviewer who has it may read it".to_owned(), in_words(&barred)].concat(),
        _ => format!("the {able} who have it are needed elsewhere"),
    };
    Unmet {
        application: Some(id.clone()),
        reviewer: None,
        missing: 1,
        code: "competence",
        competence: Some(competence.to_owned()),
        barred,
        applications: Vec::new(),
        reviewers: Vec::new(),
        message: format!("{id} has no reader with the competence `{competence}`: {why}"),
    }
}

fn short_of_reads(problem: &Problem, r: usize, load: usize) -> Unmet {
    let reader = &problem.reviewers[r];
    let allowed = problem.pairs.iter().filter(|pair| pair.reviewer == r).count();
    let barred = barred(problem, |(_, reviewer)| reviewer == r);
    let (code, why) = if allowed < reader.min {
        let message = format!("it may read {allowed} of {} applications", problem.applications.len());
        ("too-few-applications", [message, in_words(&barred)].concat())
    } else {
        ("no-reads-left", "what it may read is needed by others who have to read as well".to_owned())
    };
    let missing = reader.min - load;
    Unmet {
        application: None,
        reviewer: Some(reader.id.clone()),
        missing,
        code,
        competence: None,
        barred,
        applications: Vec::new(),
        reviewers: Vec::new(),
        message: format!("{} lacks {missing} of {} reads: {why}", reader.id, reader.min),
    }
}

fn allowed(problem: &Problem, a: usize) -> impl Iterator<Item = usize> {
    problem.pairs.iter().filter(move |pair| pair.application == a).map(|pair| pair.reviewer)
}

fn barred(problem: &Problem, about: impl Fn((usize, usize)) -> bool) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for (pair, bar) in &problem.barred {
        if about(*pair) {
            *counts.entry(bar.code()).or_default() += 1;
        }
    }
    counts
}

fn in_words(barred: &BTreeMap<&'static str, usize>) -> String {
    let parts: Vec<String> = barred.iter().map(|(code, count)| format!("{code}: {count}")).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// The applications that compete with one for the same reviewers, those reviewers, and whether all of them are full:
/// what is reached from it along pairs that could be and pairs that are (Hall 1935: together they need more than
/// there is).
fn competitors(
    problem: &Problem,
    a: usize,
    readers: &[BTreeSet<usize>],
    loads: &[usize],
) -> (BTreeSet<usize>, BTreeSet<usize>, bool) {
    let (mut applications, mut reviewers) = (BTreeSet::from([a]), BTreeSet::new());
    let mut ahead = vec![a];
    while let Some(next) = ahead.pop() {
        for r in allowed(problem, next).filter(|r| next != a || !readers[a].contains(r)) {
            if reviewers.insert(r) {
                let reading = (0..readers.len()).filter(|other| readers[*other].contains(&r));
                ahead.extend(reading.filter(|other| applications.insert(*other)));
            }
        }
    }
    // Those who read it already give it no second read, yet whoever competes for them is listed.
    let full = reviewers.iter().all(|r: &usize| loads[*r] >= problem.reviewers[*r].max);
    (applications, reviewers, full)
}

/// Says in one sentence how much is unmet, and what would make it whole: one act for each kind of want.
fn unmet_advice(problem: &Problem, unmet: &[Unmet], first: &Unmet) -> (Advice, Vec<Saying>) {
    let short: BTreeSet<_> = unmet.iter().filter_map(|one| one.application.as_deref()).collect();
    let idle: BTreeSet<_> = unmet.iter().filter_map(|one| one.reviewer.as_deref()).collect();
    let sentence = Saying::new(
        "unmet",
        "Not everybody can be served: {unmet} unmet, at {applications} of {all} applications and {reviewers} of {everybody} reviewers; the first: {first}.",
    );
    let sentence = sentence.with("unmet", unmet.len());
    let sentence = sentence.with("applications", short.len()).with("all", problem.applications.len());
    let sentence = sentence.with("reviewers", idle.len()).with("everybody", problem.reviewers.len());
    let sentence = sentence.with("first", first.message.as_str());
    let mut acts: Vec<Saying> = Vec::new();
    for one in unmet {
        let act = remedy(one, unmet);
        if acts.iter().all(|other| other.code() != act.code()) {
            acts.push(act);
        }
    }
    (Advice { sentence, act: remedy(first, unmet) }, acts)
}

/// What would meet one want, and all others of its kind with it.
fn remedy(one: &Unmet, unmet: &[Unmet]) -> Saying {
    let missing = |codes: &[&str]| -> usize {
        unmet.iter().filter(|other| codes.contains(&other.code)).map(|other| other.missing).sum()
    };
    match one.code {
        "no-room" => Saying::new(
            "raise-load",
            "Raise the most reads of the full reviewers by {missing} in all, or ask more reviewers.",
        )
        .with("missing", missing(&["no-room"])),
        "own-region" => Saying::new(
            "raise-own-region",
            "Allow more readers from the applicant's own region, or ask reviewers from others.",
        ),
        "too-few-applications" | "no-reads-left" => {
            Saying::new("lower-least-load", "Lower the fewest reads of these reviewers, {missing} in all.")
                .with("missing", missing(&["too-few-applications", "no-reads-left"]))
        }
        "competence" => {
            Saying::new("ask-competence", "Ask reviewers who have the competences that are missing.")
        }
        _ => Saying::new(
            "ask-reviewers",
            "Ask more reviewers who may read these applications, or accept fewer reads.",
        ),
    }
}

/// Says the result in one sentence, and what to do.
fn advice(problem: &Problem, rules: &Rules, chosen: &Chosen, worst: Option<&(String, Exact)>) -> Advice {
    let most = loads(problem, &chosen.pairs).into_iter().max().unwrap_or(0);
    let all = problem.applications.len();
    let Some((worst, score)) = worst else {
        let sentence = Saying::new(
            "assigned-without-preferences",
            "All {all} applications have all their readers, {reads} each, and nobody reads more than {most}; no preferences were given, so none of the pairs is better than another.",
        );
        let sentence = sentence.with("all", all).with("reads", rules.reads).with("most", most);
        return Advice { sentence, act: Saying::new("publish", "Look at who reads what, then publish.") };
    };
    let (code, act) = match &chosen.gap {
        None => ("assigned", Saying::new("publish", "Look at what the worst application got, then publish.")),
        Some(_) => (
            "assigned-not-proven",
            Saying::new("search-longer", "Search longer for a better one, or publish this one."),
        ),
    };
    let sentence = Saying::new(
        code,
        "All {all} applications have all their readers, {reads} each; nobody reads more than {most}, and the worst off is {worst} with {score}.",
    );
    let sentence = sentence.with("all", all).with("reads", rules.reads).with("most", most);
    Advice { sentence: sentence.with("worst", worst.as_str()).with("score", score.to_f64()), act }
}
