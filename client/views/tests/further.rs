//! Further readers on a real home, without a window: the first proposal asks two of each, a third one is proposed where they differ,
//! drafted and published as any, and the board counts what remains.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::sync::Arc;

use tempfile::TempDir;
use tessera_engine::bundle::For;
use tessera_model::documents::{Manifest, Row};
use tessera_model::programme::Programme;
use tessera_vault::enrol::{About, Invitation};
use tessera_views::assignment::further::FurtherView;
use tessera_views::assignment::search::{self, ProposalView, Readers};
use tessera_views::assignment::{AssignmentView, assignment, draft};
use tessera_views::board::{self, Whole, board};
use tessera_views::draft::{AnswerValue, DraftView, save_note};
use tessera_views::me::{self, Role};
use tessera_views::record::{RecordForm, card, record};
use tessera_views::shelf::Shelf;
use tessera_views::{Failure, Session, people};

const SEMINAR: &str = include_str!("../../../shared/model/programmes/seminar.toml");
const PASSPHRASE: &str = "four wide rivers cross";
const RULE: &str = "[round.further]\nup_to = 3\nnear = 0\n";

/// The seminar, of which two read each application first, with or without a rule for a third one.
fn definition(rule: &str) -> String {
    let said = "reads = 3\nconflict = \"on-device\"\n";
    assert!(SEMINAR.contains(said));
    SEMINAR.replacen(said, &format!("reads = 2\nconflict = \"on-device\"\n{rule}"), 1)
}

struct Office {
    _folder: TempDir,
    alice: Session,
}

impl Office {
    fn new(rule: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let shelf = Shelf::new(folder.path().join("homes"));
        let text = definition(rule);
        let (_, mut alice) = me::found(&shelf, &text, "seminar", PASSPHRASE, "Alice").unwrap();
        let programme = Programme::parse(&text).unwrap();
        alice
            .together(|acts| {
                acts.publish(&programme, "the first")?;
                acts.hand_over()
            })
            .unwrap();
        for name in ["Bob", "Carol", "Dan"] {
            enrol(&mut alice, &folder, name);
        }
        for key in ["A-1", "A-2"] {
            let row = Row { key_column: "key".into(), key: key.into(), ..Row::default() };
            alice
                .together(|acts| {
                    acts.take_application(&programme, &row, &Manifest::default())?;
                    acts.hand_over()
                })
                .unwrap();
        }
        Self { _folder: folder, alice }
    }

    fn view(&mut self) -> AssignmentView {
        assignment(&mut self.alice, None, "en").unwrap()
    }

    fn further(&mut self) -> FurtherView {
        self.view().further.unwrap()
    }

    /// Who reads an application.
    fn readers(&mut self, key: &str) -> BTreeSet<String> {
        let row = self.view().applications.into_iter().find(|row| row.key == key).unwrap();
        row.readers.into_iter().map(|one| one.member).collect()
    }

    fn propose(&mut self, readers: Readers) -> Result<ProposalView, Failure> {
        let (rules, stop) = (self.view().rules, Arc::default());
        let search = search::search(&mut self.alice, "reading", &rules, readers, stop)?;
        search::take(&mut self.alice, &search.run()?, false)
    }

    fn read(&mut self, key: &str, member: &str, score: &str) {
        let row = self.view().applications.into_iter().find(|row| row.key == key).unwrap();
        let card = card(&mut self.alice, &row.application, member, "reading", "en").unwrap();
        let answer = AnswerValue { score: Some(score.into()), not_applicable: None };
        let answers = card.criteria.into_iter().map(|one| (one.key, answer.clone())).collect();
        let sheet = RecordForm {
            application: row.application,
            member: member.to_owned(),
            round: "reading".into(),
            source: "phone".into(),
            reason: None,
            draft: DraftView { answers, confidence: Some("4".into()), ..DraftView::default() },
        };
        assert_eq!(record(&mut self.alice, &sheet).unwrap().became, "submitted");
    }

    /// What the board counts: done, to be done, to be asked for; and of which applications.
    fn counts(&mut self, whole: &Whole) -> ((u32, u32, u32), Vec<String>) {
        let reads = board(&mut self.alice, whole, "en").unwrap().reads;
        let rows = serde_json::to_value(&whole.rows).unwrap();
        let further = rows.as_array().unwrap().iter().filter(|row| row["row"]["further"] == true);
        let keys = further.map(|row| row["row"]["key"].as_str().unwrap().to_owned()).collect();
        ((reads.done, reads.wanted, reads.further), keys)
    }
}

fn enrol(alice: &mut Session, folder: &TempDir, name: &str) {
    let invited = people::invite(alice, name, &[Role::Reviewer]).unwrap();
    let invitation = Invitation::from_link(&invited.link).unwrap();
    let passphrase = tessera_vault::passphrase::Passphrase::new(PASSPHRASE);
    let about = About { name: name.try_into().unwrap(), ..About::default() };
    let (mut session, answer) =
        Session::enrol(&folder.path().join(name), &passphrase, &invitation, about).unwrap();
    let member = people::admit(alice, &answer, "en").unwrap().member;
    people::confirm_words(alice, &member).unwrap();
    let whom = session.engine().member();
    let bundle = alice.work(|engine| engine.export(For::Member(whom))).unwrap();
    session.work(|engine| engine.import(&bundle)).unwrap();
}

#[test]
fn a_third_reader_is_proposed_where_two_differ() {
    let mut office = Office::new(RULE);
    let seen = office.further();
    assert_eq!((seen.first, seen.most, seen.needed.len(), seen.early), (2, 3, 0, 2));
    assert_eq!(office.view().rules.reads, 2);
    assert_eq!(office.propose(Readers::Further).unwrap_err().code, "no-further-needed");
    let first = office.propose(Readers::First).unwrap();
    assert_eq!((first.whole, first.added), (true, 4));
    let light = search::light(&mut office.alice, "reading").unwrap().run();
    assert!(light.further.is_some());
    assert_eq!(draft::publish(&mut office.alice, false).unwrap().assigned, 4);

    let before = board::whole(&mut office.alice, None, "en").unwrap();
    assert_eq!(office.counts(&before), ((0, 4, 0), vec![]));
    for (key, scores) in [("A-1", ["5", "1"]), ("A-2", ["4", "4"])] {
        for (member, score) in office.readers(key).into_iter().zip(scores) {
            office.read(key, &member, score);
        }
    }
    let seen = office.further();
    assert_eq!((seen.needed.len(), seen.early), (1, 0));
    let line = &seen.needed[0];
    assert_eq!((line.key.as_str(), line.reads, line.reasons.len()), ("A-1", 2, 1));
    assert_eq!(line.reasons[0].code, "moderation-wide-spread");
    let differ = board::whole(&mut office.alice, Some(before), "en").unwrap();
    assert_eq!(office.counts(&differ), ((4, 4, 1), vec!["A-1".to_owned()]));
    // A note on it changes nothing of that.
    let application = line.application.clone();
    save_note(&mut office.alice, &application, "", "to be talked about").unwrap();
    let noted = board::whole(&mut office.alice, Some(Arc::clone(&differ)), "en").unwrap();
    assert!(!Arc::ptr_eq(&noted, &differ), "its row is read anew");
    assert_eq!(office.counts(&noted), ((4, 4, 1), vec!["A-1".to_owned()]));

    let two = office.readers("A-1");
    let proposal = office.propose(Readers::Further).unwrap();
    assert_eq!((proposal.whole, proposal.drafted, proposal.added), (true, true, 1));
    assert_eq!((proposal.taken_back, proposal.stays), (0, 0));
    assert_eq!(proposal.advice.sentence.code, "further-assigned");
    // What is only drafted is asked of nobody, and a second proposal takes its place.
    assert_eq!((office.view().draft.added, office.further().needed.len()), (1, 1));
    assert_eq!(office.propose(Readers::Further).unwrap().added, 1);
    assert_eq!(office.view().draft.added, 1);
    assert_eq!(draft::publish(&mut office.alice, false).unwrap().assigned, 1);

    // Asked once, and waited for.
    assert!(office.further().needed.is_empty());
    assert_eq!(office.propose(Readers::Further).unwrap_err().code, "no-further-needed");
    let asked = board::whole(&mut office.alice, Some(noted), "en").unwrap();
    assert_eq!(office.counts(&asked), ((4, 5, 0), vec![]));
    let three = office.readers("A-1");
    assert!(three.len() == 3 && three.is_superset(&two));
    let third = three.difference(&two).next().unwrap().clone();
    office.read("A-1", &third, "3");
    assert!(office.further().needed.is_empty(), "three is the most");
    let read = board::whole(&mut office.alice, Some(asked), "en").unwrap();
    assert_eq!(office.counts(&read), ((5, 5, 0), vec![]));
}

#[test]
fn without_the_rule_nobody_is_asked() {
    let mut office = Office::new("");
    assert!(office.view().further.is_none());
    assert_eq!(office.propose(Readers::Further).unwrap_err().code, "no-further-readers");
    assert_eq!(search::light(&mut office.alice, "reading").unwrap().run().further, None);
}
