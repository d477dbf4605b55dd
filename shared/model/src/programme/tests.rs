//! Definitions: the examples, what is refused and where, what is missing, and the canonical form.

use super::*;
use crate::policy::Policy;

const SEMINAR: &str = include_str!("../../programmes/seminar.toml");
const FELLOWSHIP: &str = include_str!("../../programmes/fellowship.toml");
const GRANT: &str = include_str!("../../programmes/grant.toml");

#[test]
fn the_examples_are_complete() {
    for (name, text) in [("seminar", SEMINAR), ("fellowship", FELLOWSHIP), ("grant", GRANT)] {
        let programme = Programme::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let blocking: Vec<_> = programme.check().into_iter().filter(Finding::blocks).collect();
        assert_eq!(blocking, [], "{name}");
        Policy::of(&programme).unwrap();
    }
}

#[test]
fn the_seminar_says_what_its_call_says() {
    let seminar = Programme::parse(SEMINAR).unwrap();
    assert_eq!(seminar.seats.as_ref().unwrap().n, 20);
    let of_call: Vec<_> = ["profile", "network", "reputation", "english", "age"]
        .map(|key| seminar.criterion(key).unwrap().kind)
        .to_vec();
    use scoring::CriterionKind::{Advantage, Gate};
    assert_eq!(of_call, [Gate, Advantage, Gate, Gate, Gate]);
    let scored: Vec<_> = seminar.scored().map(|c| c.key.as_str()).collect();
    assert_eq!(scored, ["profile", "network", "reputation", "english", "insight"]);
    assert_eq!(seminar.attachments.iter().find(|a| a.key.as_str() == "letters").unwrap().min, 2);
    assert_eq!(seminar.attachments.iter().find(|a| a.key.as_str() == "media").unwrap().min, 1);
    assert!(seminar.demo);
    let card: Vec<_> = seminar.card().map(|f| f.key.as_str()).collect();
    assert_eq!(card, ["country", "organisation"]);
    let closes = seminar.call.as_ref().unwrap().closes.unwrap();
    assert_eq!(closes.instant("Asia/Shanghai").unwrap().to_string(), "2019-03-31T15:59:59Z");
}

#[test]
fn the_part_for_arithmetic_is_a_definition_too() {
    let text = "[scale]\nmin = 0\nmax = 10\nbest = \"high\"\n[[criterion]]\nkey = \"c0\"\nweight = 1.6\n\
                [[criterion]]\nkey = \"c1\"\nweight = 2\n[scoring]\norder = \"criterion-first\"\ncentre = \"trimmed\"\n\
                trim = 1\ncombine = \"sum\"\nround = { criterion = 2, product = 2, total = 2 }\nadd = [\"elements\"]\n\
                subtract = [\"deductions\"]\nties = [\"elements\", \"draw\"]\nabsent = [\"0.0\"]\n";
    let programme = Programme::parse(text).unwrap();
    assert_eq!(programme.criteria[0].effective_weight().to_string(), "1.6");
    let missing: Vec<_> = programme.check().into_iter().filter(Finding::blocks).map(|f| f.at).collect();
    for at in [
        "name",
        "languages",
        "time_zone",
        "call.closes",
        "seats",
        "waitlist",
        "round",
        "field",
        "criterion.c0.label",
    ] {
        assert!(missing.iter().any(|m| m == at), "{at} in {missing:?}");
    }
    assert!(Programme::parse("").unwrap().check().iter().any(Finding::blocks));
}

#[test]
fn what_is_undecided_is_named() {
    fn check(replace: &str, with: &str, expected: &str) {
        assert!(SEMINAR.contains(replace), "{replace}");
        let programme = Programme::parse(&SEMINAR.replacen(replace, with, 1)).unwrap();
        let found: Vec<_> = programme.check().into_iter().filter(Finding::blocks).map(|f| f.at).collect();
        assert_eq!(found, [expected]);
    }
    check("value = \"At most 3.\"\n", "", "decision.academic-seats");
    check(
        "reason = \"Enough for an exchange",
        "# reason = \"Enough for an exchange",
        "decision.academic-seats",
    );
    check("time_zone = \"Asia/Shanghai\"\n", "", "time_zone");
    check("second_person = true", "second_person = false", "exception.second_person");
    check("closes = 2019-05-05T23:59:59\n", "", "round.reading.closes");
    check("ties = [\"insight\", \"profile\", \"draw\"]\n", "", "scoring.ties");
    check("label = \"Curriculum vitae\"\n", "", "attachment.cv.label");
    check("[[gate]]\nkey = \"age\"", "[[gate]]\nkey = \"old\"", "gate.age");
}

#[test]
fn mistakes_are_refused_where_they_are() {
    let mut differ = Vec::new();
    let mut check = |text: &str, code: &str, line: u32, column: u32, words: &str| {
        let error = Programme::parse(text).expect_err(text);
        let got = (error.code.as_str(), error.line, error.column);
        if got != (code, line, column) || !error.message.contains(words) {
            differ.push(format!("{text}\n  {got:?} {}", error.message));
        }
    };
    check("name = ", "programme-bad-definition", 1, 8, "");
    check("nmae = \"x\"", "programme-bad-definition", 1, 1, "unknown field `nmae`, expected one of `name`");
    check("[scale]\nmin = 0\nmaximum = 3", "programme-bad-definition", 3, 1, "expected one of `min`, `max`");
    check("[scale]\nbest = \"highest\"", "programme-bad-definition", 2, 8, "`high` or `low`");
    check(
        "[[field]]\nkey = \"a\"",
        "programme-bad-definition",
        1,
        1,
        "`kind`, one of `text`, `number`, `date`",
    );
    check(
        "[[field]]\nkey = \"a\"\nkind = \"text\"\n[[ attachment ]]\nkey = \"b\"",
        "programme-bad-definition",
        4,
        1,
        "`kind`, one of `letter`, `cv`, `form`",
    );
    check("[scale]\nmin = nan", "programme-bad-definition", 2, 7, "not a number");
    check("[scale]\nmin = -0.0", "programme-bad-definition", 2, 7, "minus zero");
    check("[scale]\nmax = 1e308", "programme-bad-definition", 2, 7, "too large");
    check("[scale]\nmin = 3\nmax = 3", "programme-bad-value", 3, 7, "not above");
    check("[[criterion]]\nkey = \" x\"", "programme-bad-definition", 2, 7, "a key has");
    check("[[criterion]]\nkey = \"draw\"", "programme-bad-value", 2, 7, "choose another");
    check(
        "[[criterion]]\nkey = \"a\"\n[[criterion]]\nkey = \"a\"",
        "programme-duplicate",
        4,
        7,
        "`a` is there twice",
    );
    check("[[criterion]]\nkey = \"a\"\nweight = -1", "programme-bad-value", 3, 10, "0 or more");
    check(
        "[[criterion]]\nkey = \"a\"\n[scoring]\nties = [\"a\", \"b\"]",
        "programme-unknown-name",
        4,
        14,
        "`b` is no",
    );
    check("[scoring]\nround = { total = 13 }", "programme-bad-value", 2, 19, "at most 12");
    check("[scoring]\nadd = [\"x\"]\nsubtract = [\"x\"]", "programme-duplicate", 3, 13, "twice");
    check("[seats]\nn = 0", "programme-bad-value", 2, 5, "between 1");
    check(
        "[seats]\nn = 2\nquotas = [{ name = \"q\", field = \"f\", value = 1, min = 3 }]",
        "programme-bad-value",
        3,
        55,
        "2 seats",
    );
    check("time_zone = \"Mars/Olympus\"", "programme-unknown-name", 1, 13, "IANA");
    check("[call]\ncloses = 2019-03-31", "programme-bad-definition", 2, 10, "date and time");
    check("[call]\ncloses = 2019-03-31T10:00:00Z", "programme-bad-definition", 2, 10, "zone is named apart");
    let gap = "time_zone = \"Europe/Berlin\"\n[call]\ncloses = 2019-03-31T02:30:00";
    check(gap, "programme-bad-value", 3, 10, "does not exist");
    let order = "time_zone = \"UTC\"\n[[round]]\nkey = \"r\"\nopens = 2019-02-01T00:00:00\ncloses = 2019-01-01T00:00:00";
    check(order, "programme-bad-value", 5, 10, "before it opens");
    check("[[field]]\nkey = \"f\"\nkind = \"choice\"", "programme-bad-value", 1, 1, "options");
    check("[[field]]\nkey = \"f\"\nkind = \"movie\"", "programme-bad-definition", 3, 8, "essay");
    check("name = { xx = \"a\\u0007\" }", "programme-bad-definition", 1, 8, "control");
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn sizes_are_bounded() {
    let long = "#".repeat(MAX_DEFINITION_BYTES + 1);
    assert_eq!(Programme::parse(&long).unwrap_err().code, ProgrammeErrorCode::TooLarge);
    let many: String = (0..65).map(|n| format!("[[criterion]]\nkey = \"k{n}\"\n")).collect();
    assert_eq!(Programme::parse(&many).unwrap_err().code, ProgrammeErrorCode::TooMany);
    let long_text = format!("name = \"{}\"", "x".repeat(words::MAX_TEXT_BYTES + 1));
    assert_eq!(Programme::parse(&long_text).unwrap_err().code, ProgrammeErrorCode::BadDefinition);
    let deep = format!("name = {}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(Programme::parse(&deep).unwrap_err().code, ProgrammeErrorCode::BadDefinition);
}

#[test]
fn the_canonical_form_comes_back_and_is_pinned() {
    for text in [SEMINAR, FELLOWSHIP, GRANT, ""] {
        let programme = Programme::parse(text).unwrap();
        let canonical = programme.canonical();
        assert_eq!(Programme::from_canonical(&canonical).unwrap(), programme);
    }
    let small = Programme::parse("name = \"é\"\n[seats]\nn = 2\n[[criterion]]\nkey = \"b\"\nweight = 1.50\n")
        .unwrap();
    let expected = "{\"criterion\":[{\"key\":\"b\",\"kind\":\"score\",\"required\":false,\"weight\":\"1.5\"}],\
                    \"demo\":false,\"name\":\"é\",\"seats\":{\"n\":2}}";
    assert_eq!(String::from_utf8(small.canonical()).unwrap(), expected);
    let hash: String = small.definition_sha256().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hash, "e6ea2564b39c1ddb28e66d90caa4efe5d2537fd9394ba271bdcafe8eb4534270");
}

#[test]
fn only_the_canonical_form_is_read_as_such() {
    for bytes in [
        &b"{\"demo\":false }"[..],
        b"{\"name\":null,\"demo\":false}",
        b"{}",
        b"{\"demo\":false,\"x\":1}",
        b"[]",
        b"",
    ] {
        assert_eq!(Programme::from_canonical(bytes).unwrap_err().code, ProgrammeErrorCode::BadDefinition);
    }
    assert!(Programme::from_canonical(b"{\"demo\":false}").is_ok());
}

#[test]
fn order_of_tables_does_not_change_the_hash() {
    let one = Programme::parse("[seats]\nn = 2\n[scale]\nmin = 1\nmax = 5").unwrap();
    let other = Programme::parse("[scale]\nmax = 5.0\nmin = 1\n[seats]\nn = 2\nquotas = []").unwrap();
    assert_eq!(one.definition_sha256(), other.definition_sha256());
}

#[test]
fn further_readers_are_said_by_the_round_and_change_no_other_definition() {
    let round = "[[round]]\nkey = \"reading\"\nreads = 2\n";
    let before = Programme::parse(round).unwrap();
    assert!(!String::from_utf8(before.canonical()).unwrap().contains("further"));
    assert!(!serde_json::to_string(&before).unwrap().contains("further"));
    let said = Programme::parse(&format!("{round}[round.further]\nup_to = 3\nnear = 4\n")).unwrap();
    let canonical = said.canonical();
    assert!(String::from_utf8(canonical.clone()).unwrap().contains("\"further\":{\"near\":4,\"up_to\":3}"));
    assert_eq!(Programme::from_canonical(&canonical).unwrap(), said);
    assert_eq!(Programme::parse(&toml::to_string_pretty(&said).unwrap()).unwrap(), said);
    assert_ne!(said.definition_sha256(), before.definition_sha256());

    let at = |text: &str| -> Vec<String> {
        let found = Programme::parse(&format!("{round}{text}")).unwrap().check();
        found.into_iter().filter(|f| f.code == FindingCode::Contradiction).map(|f| f.at).collect()
    };
    assert!(!at("[round.further]\nup_to = 3\n").contains(&"round.reading.further".to_owned()));
    assert!(at("[round.further]\nup_to = 2\n").contains(&"round.reading.further".to_owned()));
    for (wrong, line) in
        [("up_to = 0", 5), ("up_to = 101", 5), ("up_to = 3\napart = 0", 6), ("up_to = 3\napart = 11", 6)]
    {
        let error = Programme::parse(&format!("{round}[round.further]\n{wrong}\n")).expect_err(wrong);
        assert_eq!((error.code, error.line), (ProgrammeErrorCode::BadValue, line), "{wrong}");
    }
    assert!(Programme::parse(&format!("{round}[round.further]\nnear = 3\n")).is_err());
}
