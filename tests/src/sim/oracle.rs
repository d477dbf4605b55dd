//! The oracle. It was written apart from the engine and asks it nothing: it knows what reviewers were told
//! ("submitted"), what coordinators decided, what admins stated (from the statements themselves), and which
//! disks were lost. At the end it compares that with what coordinators' screens show.
//!
//! What it demands of every coordinator's device:
//! - every submitted review is there: it counts, or was amended by one that counts, or waits in the queue under
//!   a name, or a person set it aside; unless every disk that held it was lost;
//! - nothing counts twice, and nothing that nobody submitted;
//! - versions that knew nothing of one another are shown side by side, and nobody chose for the reviewer;
//! - work outside the cut of a removal counts only after somebody accepted it;
//! - all show the same reviews, the same queue and the same totals.

use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::codec::Wire;
use tessera_protocol::frontier::Frontier;
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::{ApplicationId, DeviceId, MemberId, PackId, RoundId};
use tessera_protocol::pack::Pack;
use tessera_protocol::statement::{Statement, Target};

use super::shown::{Shown, ShownReview};

/// Why all of a review waits, whichever version of it.
const WHOLE: [&str; 2] = ["review-after-recusal", "review-after-unassignment"];

/// The words of one submission, unlike all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(pub u32);

/// What begins every text that must never be seen in the clear.
pub const CANARY: &[u8] = b"canary";
const REVIEW: &[u8] = b"canary-review-";
const DIGITS: usize = 6;

impl Text {
    /// The words.
    #[must_use]
    pub fn words(self) -> String {
        format!("canary-review-{:06} is worth reading", self.0)
    }

    /// The submission whose words stand in some bytes.
    #[must_use]
    pub fn find(bytes: &[u8]) -> Option<Self> {
        let at = position(bytes, REVIEW)? + REVIEW.len();
        let digits = std::str::from_utf8(bytes.get(at..at + DIGITS)?).ok()?;
        digits.parse().ok().map(Self)
    }
}

/// Where `needle` begins.
#[must_use]
pub fn position(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

/// A reviewer, an application, a round.
pub(crate) type Place = (MemberId, ApplicationId, RoundId);

/// Something submitted.
#[derive(Debug, Clone)]
pub(crate) struct Submission {
    pub(crate) place: Place,
    pub(crate) answers: BTreeMap<String, String>,
    /// True where the reviewer was told so; else the program ended before it could tell.
    pub(crate) told: bool,
    /// Submissions of the same review that were on the laptop before.
    pub(crate) after: BTreeSet<Text>,
    /// Every disk that held it was lost, and nobody had promised to keep it.
    pub(crate) destroyed: bool,
}

/// A coordinator's decision.
#[derive(Debug, Clone)]
pub(crate) struct Decided {
    pub(crate) accepted: BTreeSet<PackId>,
    pub(crate) set_aside: BTreeSet<PackId>,
}

/// What the oracle was told.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) submissions: BTreeMap<Text, Submission>,
    pub(crate) decided: Vec<Decided>,
    /// Readings where somebody withdrew the assignment, or declared a conflict of interest.
    pub(crate) disturbed: BTreeSet<(MemberId, ApplicationId)>,
    /// Packs that a relay signed for and was not restored since.
    pub(crate) promised: BTreeSet<PackId>,
    /// Whose each device is.
    pub(crate) devices: BTreeMap<DeviceId, MemberId>,
    /// Bytes outside of a laptop that held words in the clear.
    pub(crate) leaks: u64,
}

/// What is there when everybody is quiet.
pub(crate) struct Evidence {
    /// Everything that the relay holds.
    pub(crate) log: BTreeMap<PackId, Pack>,
    /// Coordinators' laptops: name, screen, and the packs of each text on the disk.
    pub(crate) coordinators: Vec<(String, Shown, BTreeMap<Text, BTreeSet<PackId>>)>,
}

/// What the statements say.
#[derive(Default)]
struct Stated {
    /// By member that is out: what still counts.
    out: BTreeMap<MemberId, BTreeSet<PackId>>,
    /// By round that is closed: what came in time.
    closed: BTreeMap<RoundId, BTreeSet<PackId>>,
}

impl Oracle {
    /// Submissions that reviewers were told of.
    pub(crate) fn reviews(&self) -> u64 {
        self.submissions.values().filter(|one| one.told).count() as u64
    }

    /// Looks at bytes that leave a laptop.
    pub(crate) fn watch(&mut self, bytes: &[u8]) {
        self.leaks += u64::from(position(bytes, CANARY).is_some());
    }

    /// Compares.
    pub(crate) fn judge(&self, evidence: &Evidence) -> Result<(), String> {
        if self.leaks > 0 {
            return Err(format!("{} times words were seen in the clear", self.leaks));
        }
        let stated = stated(evidence);
        for (name, shown, texts) in &evidence.coordinators {
            self.judge_one(&stated, shown, texts).map_err(|what| format!("at {name}: {what}"))?;
        }
        let mut screens = evidence.coordinators.iter();
        if let Some((first, expected, _)) = screens.next() {
            for (other, shown, _) in screens {
                if shown != expected {
                    return Err(format!("{first} and {other} differ: {}", difference(expected, shown)));
                }
            }
        }
        Ok(())
    }

    fn judge_one(
        &self,
        stated: &Stated,
        shown: &Shown,
        texts: &BTreeMap<Text, BTreeSet<PackId>>,
    ) -> Result<(), String> {
        let mut reviews: BTreeMap<Place, &ShownReview> = BTreeMap::new();
        for review in &shown.reviews {
            let place = (review.member, review.application, review.round);
            if reviews.insert(place, review).is_some() {
                return Err(format!("twice: a review of {} stands twice", review.member));
            }
        }
        for text in texts.keys() {
            if !self.submissions.contains_key(text) {
                return Err(format!("{text:?} was never submitted"));
            }
        }
        for (text, submission) in &self.submissions {
            let due = submission.told && !submission.destroyed;
            let Some(packs) = texts.get(text) else {
                if due {
                    return Err(format!("lost: {text:?} of {} is not there", submission.place.0));
                }
                continue;
            };
            let Some(review) = reviews.get(&submission.place) else {
                return Err(format!("lost: the review of {text:?} is not shown"));
            };
            self.judge_text(stated, shown, review, *text, packs, texts)?;
        }
        for review in reviews.values() {
            self.judge_heads(review, texts)?;
        }
        // A courier's stick may hold work whose key was on a disk that is lost.
        let lost = |member| self.submissions.values().any(|one| one.destroyed && one.place.0 == member);
        for item in &shown.queue {
            let blamed = match item.code {
                "no-key" => !item.member.is_some_and(lost),
                code => code == "unreadable",
            };
            if blamed {
                return Err(format!("honest work of {:?} is {}", item.member, item.code));
            }
        }
        Ok(())
    }

    /// One submission: counted, amended, waiting under a name, or set aside by a person.
    /// A laptop that was copied while it waited sealed it on both sides: one pack that counts is enough.
    fn judge_text(
        &self,
        stated: &Stated,
        shown: &Shown,
        review: &ShownReview,
        text: Text,
        packs: &BTreeSet<PackId>,
        texts: &BTreeMap<Text, BTreeSet<PackId>>,
    ) -> Result<(), String> {
        let submission = &self.submissions[&text];
        let (member, application, round) = submission.place;
        let stands = |text: Text| review.versions.iter().any(|(one, _)| *one == Some(text));
        let amended = self.submissions.iter().any(|(later, one)| one.after.contains(&text) && stands(*later));
        let waiting = |pack: &PackId| review.waits.values().any(|packs| packs.contains(pack));
        let free = packs.iter().any(|pack| !waiting(pack) && !review.set_aside.contains(pack));
        let among = |some: &BTreeSet<PackId>| !free && !some.is_disjoint(packs);
        let waits: Vec<&str> =
            review.waits.iter().filter(|(_, some)| among(some)).map(|(code, _)| *code).collect();
        for code in &waits {
            let named = shown.queue.iter().any(|item| {
                item.code == *code
                    && item.member == Some(member)
                    && !item.packs.is_disjoint(packs)
                    && item.applications.contains(&(application, Some(round)))
            });
            // Of what its author was not to write the newest is named, and stands for what it amends.
            if !named && (stands(text) || !WHOLE.contains(code)) {
                return Err(format!("{text:?} waits as {code}, and the queue does not name it"));
            }
        }
        // A pack of what waits may hold, of a copied laptop, an earlier version too, and that may be set aside.
        let set_aside = waits.is_empty() && among(&review.set_aside);
        if set_aside && !self.decided.iter().any(|one| !one.set_aside.is_disjoint(packs)) {
            return Err(format!("{text:?} is set aside, and nobody did that"));
        }
        if !stands(text) && !amended && waits.is_empty() && !set_aside {
            return Err(format!("lost: {text:?} of {packs:?} neither counts nor waits: {review:?}"));
        }
        let accepted = self.touched(review, texts, |one| &one.accepted);
        let refused = self.touched(review, texts, |one| &one.set_aside);
        let out = packs.iter().all(|pack| outside(stated.out.get(&member), *pack));
        let late = packs.iter().all(|pack| outside(stated.closed.get(&round), *pack));
        let counts = stands(text) && waits.iter().all(|code| *code == "two-versions");
        if counts && out && !accepted {
            return Err(format!("{text:?} of {packs:?} counts, and its author was removed before"));
        }
        if counts && late && !accepted {
            return Err(format!("{text:?} counts, and the round was closed before"));
        }
        let quiet = !accepted && !refused && !out && !late;
        let undisturbed = quiet && !self.disturbed.contains(&(member, application));
        if undisturbed && !amended && !counts {
            return Err(format!("{text:?} ought to count and waits as {waits:?}"));
        }
        if undisturbed && amended && waits.iter().any(|code| *code != "two-versions") {
            return Err(format!("{text:?} ought to count as amended and waits as {waits:?}"));
        }
        Ok(())
    }

    /// True where a decision touched any pack of a review.
    fn touched(
        &self,
        review: &ShownReview,
        texts: &BTreeMap<Text, BTreeSet<PackId>>,
        which: impl Fn(&Decided) -> &BTreeSet<PackId>,
    ) -> bool {
        let place = (review.member, review.application, review.round);
        let of_review = texts.iter().filter(|(text, _)| self.submissions[text].place == place);
        let packs: BTreeSet<PackId> = of_review.flat_map(|(_, packs)| packs.iter().copied()).collect();
        self.decided.iter().any(|one| !which(one).is_disjoint(&packs))
    }

    /// The versions that stand are those that knew nothing of one another; one alone counts as it was told.
    fn judge_heads(
        &self,
        review: &ShownReview,
        texts: &BTreeMap<Text, BTreeSet<PackId>>,
    ) -> Result<(), String> {
        let place = (review.member, review.application, review.round);
        let aside = |pack: &PackId| {
            review.set_aside.contains(pack)
                || review.waits.iter().any(|(code, packs)| {
                    *code != "two-versions" && !WHOLE.contains(code) && packs.contains(pack)
                })
        };
        let whole = review.waits.keys().any(|code| WHOLE.contains(code));
        let mut inside: BTreeSet<Text> = texts
            .iter()
            .filter(|(text, packs)| self.submissions[text].place == place && !packs.iter().all(aside))
            .map(|(text, _)| *text)
            .collect();
        // What an accepted change builds on is accepted with it.
        for text in inside.clone() {
            inside.extend(self.submissions[&text].after.iter().copied());
        }
        let amended = |text: &Text| inside.iter().any(|other| self.submissions[other].after.contains(text));
        let heads: BTreeSet<Text> = inside.iter().filter(|text| !amended(text)).copied().collect();
        let standing: BTreeSet<Text> = review.versions.iter().filter_map(|(text, _)| *text).collect();
        if heads != standing || review.versions.len() != standing.len() {
            return Err(format!("{heads:?} ought to stand, and {:?} do", review.versions));
        }
        // Comments stand beside one another: a person is asked where the answers differ.
        let asks = review.waits.contains_key("two-versions");
        let said: BTreeSet<_> = heads.iter().map(|text| &self.submissions[text].answers).collect();
        if asks != (said.len() > 1) {
            return Err(format!("{heads:?} stand, and a person is asked: {asks}"));
        }
        match (heads.len(), &review.counted) {
            (0, None) => Ok(()),
            (0, Some(_)) => Err("something counts that nobody submitted".into()),
            (_, None) if whole => Ok(()),
            (_, Some(_)) if whole => Err(format!("{heads:?} wait as a whole, and something counts")),
            (_, None) => Err(format!("{heads:?} stand, and nothing counts")),
            (1, Some(counted)) => {
                let head = heads.iter().next().copied();
                let told = head.map(|text| &self.submissions[&text].answers);
                let same = counted.text == head && Some(&counted.answers) == told;
                if same { Ok(()) } else { Err(format!("{head:?} was submitted, and {counted:?} counts")) }
            }
            (_, Some(counted)) => self.judge_contested(&heads, &counted.answers),
        }
    }

    /// Of several versions only what they agree on is answered.
    fn judge_contested(
        &self,
        heads: &BTreeSet<Text>,
        answers: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        for (criterion, answer) in answers {
            let given: BTreeSet<Option<&String>> =
                heads.iter().map(|text| self.submissions[text].answers.get(criterion)).collect();
            // A value that a version took over from what it amended stands beside the other as one.
            if given.len() > 1 && !given.contains(&Some(answer)) {
                return Err(format!("{heads:?} disagree on {criterion}, and {answer} counts"));
            }
        }
        Ok(())
    }
}

fn outside(frontier: Option<&BTreeSet<PackId>>, pack: PackId) -> bool {
    frontier.is_some_and(|inside| !inside.contains(&pack))
}

fn stated(evidence: &Evidence) -> Stated {
    let mut statements = Vec::new();
    for (id, pack) in &evidence.log {
        if pack.header().kind == PackKind::Statement
            && let Ok(statement) = Statement::from_bytes(pack.body())
        {
            statements.push((*id, statement));
        }
    }
    let lifted: BTreeSet<PackId> = statements
        .iter()
        .filter_map(|(_, statement)| match statement {
            Statement::Lift { suspension } => Some(*suspension),
            _ => None,
        })
        .collect();
    let mut stated = Stated::default();
    for (id, statement) in &statements {
        match statement {
            Statement::Remove { member, cut } => {
                stated.out.entry(*member).or_default().extend(within(evidence, cut));
            }
            Statement::Suspend { target: Target::Member(member), cut } if !lifted.contains(id) => {
                stated.out.entry(*member).or_default().extend(within(evidence, cut));
            }
            Statement::Close { round, frontier } => {
                stated.closed.entry(*round).or_default().extend(within(evidence, frontier));
            }
            _ => {}
        }
    }
    stated
}

/// The tips of a frontier and what they follow.
fn within(evidence: &Evidence, frontier: &Frontier) -> BTreeSet<PackId> {
    let mut inside = BTreeSet::new();
    let mut next: Vec<PackId> = frontier.chains().flat_map(|(_, tips)| tips.iter().copied()).collect();
    while let Some(id) = next.pop() {
        if inside.insert(id)
            && let Some(pack) = evidence.log.get(&id)
        {
            next.extend(pack.header().previous.iter().copied());
        }
    }
    inside
}

pub(crate) fn difference(one: &Shown, other: &Shown) -> String {
    for review in &one.reviews {
        if !other.reviews.contains(review) {
            let place = (review.member, review.application, review.round);
            let there =
                other.reviews.iter().find(|there| (there.member, there.application, there.round) == place);
            return format!("{review:?} is there {there:?}");
        }
    }
    if one.reviews != other.reviews {
        return format!("{} and {} reviews", one.reviews.len(), other.reviews.len());
    }
    if one.queue != other.queue {
        return format!("queues {:?} and {:?}", one.queue, other.queue);
    }
    format!("totals {:?} and {:?}", one.totals, other.totals)
}
