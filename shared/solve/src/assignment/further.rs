//! One more reader for some applications, beside those who read them: nobody who stands is moved, and every rule holds for all
//! readers of an application together. Not which applications these are (`tessera_model::further`).

use std::collections::BTreeSet;

use tessera_model::sentence::{Advice, Saying};

use super::problem::{Bar, Problem};
use super::{Chosen, Plan, Refused, Rules, account, assign};

/// Assigns one reader to each application of the problem. `standing` is who reads what in the round already, by application and
/// reviewer, also of applications that the problem does not have: it fills loads, answers for competences, counts among readers
/// from the applicant's own region, and keeps those apart who are. Nobody reads an application twice.
///
/// Only the pairs that come are in the plan; loads are theirs too.
///
/// # Errors
/// [`Refused`].
pub fn further(
    problem: &Problem,
    rules: &Rules,
    standing: &BTreeSet<(String, String)>,
) -> Result<Plan, Refused> {
    let (problem, rules) = beside(problem.clone(), rules, standing);
    let mut plan = match problem.applications.is_empty() {
        true => {
            let nothing = Chosen { pairs: BTreeSet::new(), gap: None, complete: true };
            account::plan(&problem, &rules, &nothing, None, None)
        }
        false => assign(&problem, &rules, None)?,
    };
    if plan.is_whole() {
        let all = problem.applications.len();
        let sentence = Saying::new(
            "further-assigned",
            "Each of the {all} applications that need one more reader has one; nobody who reads already was moved.",
        );
        plan.advice = Advice {
            sentence: sentence.with("all", all),
            act: Saying::new("publish", "Look at who reads what, then publish."),
        };
    }
    Ok(plan)
}

/// What is left of a problem and its rules for one reader more.
fn beside(mut problem: Problem, rules: &Rules, standing: &BTreeSet<(String, String)>) -> (Problem, Rules) {
    let mut has: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); problem.applications.len()];
    for (application, reviewer) in standing {
        let Some(r) = problem.reviewer(reviewer) else { continue };
        problem.reviewers[r].max = problem.reviewers[r].max.saturating_sub(1);
        if let Some(a) = problem.application(application) {
            has[a].insert(r);
        }
    }
    // Nobody has to read more, only because others differ.
    problem.reviewers.iter_mut().for_each(|reader| reader.min = 0);
    for (a, has) in has.iter().enumerate() {
        let own = has.iter().filter(|r| problem.own_region(a, **r)).count();
        let able =
            |competence: &String| has.iter().any(|r| problem.reviewers[*r].competences.contains(competence));
        let asks = problem.applications[a].competences.iter().filter(|one| !able(one)).cloned().collect();
        problem.applications[a].competences = asks;
        // Where there is room for one more from there, regions are no matter.
        if own < rules.own_region_max.unwrap_or(has.len()) {
            problem.applications[a].region.clear();
        }
    }
    let mut barred: Vec<((usize, usize), Bar)> = Vec::new();
    problem.pairs.retain(|pair| {
        let has = &has[pair.application];
        let code = if has.contains(&pair.reviewer) {
            "reads-it"
        } else if !problem.reviewers[pair.reviewer].apart.is_disjoint(has) {
            "apart"
        } else {
            return true;
        };
        barred.push(((pair.application, pair.reviewer), Bar::Programme(code)));
        false
    });
    problem.barred.extend(barred);
    let rules = Rules {
        reads: 1,
        min_load: 0,
        connected: false,
        own_region_max: rules.own_region_max.map(|_| 0),
        ..rules.clone()
    };
    (problem, rules)
}
