//! Assignments of a published matrix against results that others computed. The data is no part of the project: where it
//! is absent the test prints `skipped 1`, and fails where `TESSERA_REQUIRE_DATA` is set.

use std::path::Path;

use tessera_model::compute::File;
use tessera_solve::assignment::{Objective, Rules, assign};
use tessera_solve::compute::{AssignmentFiles, AssignmentInputs};

#[test]
fn thirty_readers_and_twenty_papers_reach_the_published_optimum() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/assignment/midl_30x20.csv");
    let matrix = match std::fs::read(&file) {
        Ok(matrix) => matrix,
        Err(error) => {
            let required = std::env::var("TESSERA_REQUIRE_DATA").is_ok_and(|v| v == "1");
            assert!(!required, "{}: {error}", file.display());
            println!("skipped 1: no {}", file.display());
            return;
        }
    };
    let solve = |objective| {
        let rules = Rules {
            reads: 3,
            min_load: 0,
            max_load: 4,
            load_cost: "0".parse().unwrap(),
            objective,
            connected: false,
            own_region_max: None,
            seed: 0,
            time_limit_s: 120.0,
            stop: None,
        };
        let files = AssignmentFiles {
            matrix: Some(File { name: "m", bytes: &matrix }),
            conflict_below: Some("0".parse().unwrap()),
            ..AssignmentFiles::default()
        };
        let inputs = AssignmentInputs::read(&files, &rules).unwrap();
        assign(&inputs.problem, &rules, None).unwrap()
    };
    let total = solve(Objective::Total);
    assert!((total.objective - 19.197_567).abs() < 1e-6, "{}", total.objective);
    assert_eq!((total.rows.len(), total.optimal), (60, true));
    let fair = solve(Objective::FairestThenTotal);
    let worst = |plan: &tessera_solve::assignment::Plan| plan.worst.as_ref().unwrap().score;
    println!(
        "total {} worst {}; fairest {} worst {}",
        total.objective,
        worst(&total),
        fair.objective,
        worst(&fair)
    );
    assert!(fair.optimal && worst(&fair) >= worst(&total) && fair.objective <= total.objective + 1e-9);
}
