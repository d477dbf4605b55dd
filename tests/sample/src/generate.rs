//! Makes a sample: applicants, reviewers, the assignment. Pure: the same seed gives the same sample everywhere, and
//! a sample of n applicants begins with the sample of fewer.

use std::collections::HashSet;

use crate::applicant::{Applicant, DEADLINE, Date, Exception, MediaItem, Referee, TargetGroup};
use crate::attachment;
use crate::culture::{CULTURES, Culture, Home, Script};
use crate::grammar::{Context, EN, Grammar, own_language};
use crate::oddity;
use crate::panel::{self, Assigned, Reviewer};
use crate::rng::Rng;

/// The index of the applicant that [`crate::applicant::Oddity::Duplicate`] repeats.
pub const DUPLICATE_OF: usize = 5;

/// Length of one answer in characters, about.
const ANSWER_CHARS: usize = 1_500;

/// Length of one letter in characters, about.
const LETTER_CHARS: usize = 900;

/// A whole call's worth of invented material.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The seed it was made from.
    pub seed: u64,
    /// The applicants, by key.
    pub applicants: Vec<Applicant>,
    /// Six reviewers in four regions.
    pub reviewers: Vec<Reviewer>,
    /// Who reads what: three reads each, balanced, at most two from the applicant's region, connected.
    pub assignment: Vec<Assigned>,
}

/// What was used so far, so that names, addresses and sentences do not repeat by accident.
#[derive(Default)]
pub(crate) struct Used {
    names: HashSet<String>,
    emails: HashSet<String>,
    sentences: HashSet<String>,
}

/// Makes a sample of `applicants` applicants from a seed.
#[must_use]
pub fn generate(seed: u64, applicants: usize) -> Sample {
    let mut used = Used::default();
    let reviewers = panel::reviewers();
    let mut made: Vec<Applicant> = Vec::with_capacity(applicants);
    for index in 0..applicants {
        let mut applicant = regular(seed, index, &mut used);
        oddity::apply(index, &mut applicant, &made, &reviewers);
        applicant.files = attachment::plan(index, &applicant);
        made.push(applicant);
    }
    let assignment = panel::assign(seed, &made, &reviewers, panel::READS, panel::OWN_REGION_MAX);
    Sample { seed, applicants: made, reviewers, assignment }
}

/// Makes an applicant without any oddity.
fn regular(seed: u64, index: usize, used: &mut Used) -> Applicant {
    let rng = &mut Rng::fork(seed, "applicant", index as u64);
    let culture = &CULTURES[index % CULTURES.len()];
    let home = rng.pick(culture.homes);
    let city = *rng.pick(home.cities);
    let woman = rng.chance(55);
    let (name, name_latin) = name(rng, culture, woman, used);
    let target_group = *rng.pick(&[
        TargetGroup::Lawyer,
        TargetGroup::Lawyer,
        TargetGroup::SeniorStaff,
        TargetGroup::ClinicHead,
        TargetGroup::ProjectLead,
        TargetGroup::ProjectLead,
        TargetGroup::Academic,
    ]);
    let own = home.languages.iter().find_map(|code| own_language(code));
    let organisation = organisation(rng, culture.script, target_group, own);
    let project = EN.any(rng, "project", &[]);
    let context: &Context<'_> = &[
        ("name", &name_latin),
        ("org", &organisation),
        ("city", city),
        ("country", home.country),
        ("project", &project),
        ("them", if woman { "her" } else { "him" }),
    ];
    let answers = [1, 2, 3, 4].map(|question| answer(rng, question, context, own, used));
    let media_count = 1 + rng.below(3);
    let media = (0..media_count).map(|_| media(rng, context, used)).collect();
    let experience = (0..4 + rng.below(3)).map(|_| sentence(rng, "experience", context, used)).collect();
    let network = sentence(rng, "network.proof", context, used);
    let referees = [0, 1].map(|_| referee(rng, context, used));
    let english = rng
        .pick(&[
            "IELTS 7.5",
            "TOEFL iBT 102",
            "degree taught in English",
            "employer's statement",
            "Cambridge C1",
        ])
        .to_string();
    let position = position(rng, target_group).to_owned();
    let email = email(rng, &name_latin, used);
    Applicant {
        key: format!("A{:03}", index + 1),
        email,
        phone: format!("{} {} {}", home.dial, rng.between(100, 999), rng.between(100_000, 999_999)),
        country: home.country.to_owned(),
        region: home.region,
        city: city.to_owned(),
        position,
        target_group,
        birth_date: birth_date(rng),
        gender: if rng.chance(4) {
            "unsaid"
        } else if woman {
            "woman"
        } else {
            "man"
        },
        languages: home.languages.to_vec(),
        english,
        network,
        experience,
        answers,
        media,
        referees,
        exception: None,
        submitted_at: submitted_at(rng, home),
        submitted_by: if rng.chance(20) { "mail" } else { "link" },
        oddity: None,
        files: Vec::new(),
        quality: rng.normal(),
        script: culture.script,
        name,
        name_latin,
        organisation,
        project,
    }
}

/// Draws a name that nobody of the sample has, as long as the tables allow; a second given name helps.
fn name(rng: &mut Rng, culture: &Culture, woman: bool, used: &mut Used) -> (String, String) {
    let mut drawn = (String::new(), String::new());
    for attempt in 0..64 {
        let given = if woman { culture.women } else { culture.men };
        let (women, men) = rng.pick(culture.family);
        let family = if woman { women } else { men };
        let first = rng.pick(given);
        let second = (attempt > 8).then(|| rng.pick(given)).filter(|g| *g != first);
        drawn = join(culture, first, second, family);
        if used.names.insert(drawn.0.clone()) {
            break;
        }
    }
    // A third of the Chinese applicants write both forms on one line.
    if culture.script == Script::Han && rng.chance(33) {
        drawn.0 = format!("{} ({})", drawn.0, drawn.1);
    }
    drawn
}

fn join(
    culture: &Culture,
    first: &(&str, &str),
    second: Option<&(&str, &str)>,
    family: &(&str, &str),
) -> (String, String) {
    let latin = match second {
        Some(second) => format!("{} {} {}", first.1, second.1, family.1),
        None => format!("{} {}", first.1, family.1),
    };
    let native = match (culture.family_first, second) {
        (true, Some(second)) => format!("{}{}{}", family.0, first.0, second.0),
        (true, None) => format!("{}{}", family.0, first.0),
        (false, Some(second)) => format!("{} {} {}", first.0, second.0, family.0),
        (false, None) => format!("{} {}", first.0, family.0),
    };
    (native, latin)
}

/// Makes an address from a name in Latin letters, with a number where it was taken.
fn email(rng: &mut Rng, name_latin: &str, used: &mut Used) -> String {
    let words: Vec<String> = name_latin
        .split_whitespace()
        .map(|w| w.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase())
        .collect();
    let host = EN.any(rng, "p1", &[]) + &EN.any(rng, "p2", &[]);
    let base = words.join(".");
    let mut address = format!("{base}@{}.example", host.to_lowercase());
    while !used.emails.insert(address.clone()) {
        address = format!("{base}.{}@{}.example", rng.between(10, 9_999), host.to_lowercase());
    }
    address
}

fn organisation(rng: &mut Rng, script: Script, group: TargetGroup, own: Option<&Grammar>) -> String {
    let place = EN.any(rng, "p1", &[]) + &EN.any(rng, "p2", &[]);
    let kinds: &[&str] = match group {
        TargetGroup::Academic => {
            &["University Institute for Childhood Research", "Centre for the Study of Childhood and Law"]
        }
        TargetGroup::ClinicHead => &["University Children's Law Clinic", "Law School Clinic for Minors"],
        _ => &[
            "Children's Legal Desk",
            "Child Rights Collective",
            "Lantern Legal Aid for Children",
            "Association of Advocates for Minors",
            "Safe Harbour Law Centre",
            "Foundation for the Child in Court",
        ],
    };
    let latin = format!("{place} {}", rng.pick(kinds));
    let Some(own) = own.filter(|_| rng.chance(35)) else { return latin };
    let local = own.any(rng, "place", &[]);
    let native = match script {
        Script::Cyrillic => format!("Правовой центр «{local}»"),
        Script::Arabic => format!("مركز {local} لحماية الطفولة"),
        Script::Han => format!("{local}儿童法律援助中心"),
        Script::Devanagari => format!("{local} बाल विधि केंद्र"),
        Script::Latin => return format!("{latin} – {local}"),
    };
    format!("{native} ({latin})")
}

fn position(rng: &mut Rng, group: TargetGroup) -> &'static str {
    let positions: &[&'static str] = match group {
        TargetGroup::Lawyer => &["Staff attorney", "Partner, children's cases", "Public defender for minors"],
        TargetGroup::SeniorStaff => &["Executive director", "Deputy director", "Head of programmes"],
        TargetGroup::ClinicHead => &["Head of the legal clinic", "Clinic director and lecturer"],
        TargetGroup::ProjectLead => &["Project manager, legal protection", "Regional coordinator"],
        TargetGroup::Academic => &["Research fellow", "Associate professor"],
        TargetGroup::Outside => &["Community mediator"],
    };
    positions[rng.below(positions.len())]
}

/// Draws a day of birth that is between 22 and 44 years before the deadline.
fn birth_date(rng: &mut Rng) -> Date {
    let year = u16::try_from(rng.between(1_975, 1_996)).expect("a year below 2,000");
    let month = u8::try_from(rng.between(1, 12)).expect("a month");
    let day = u8::try_from(rng.between(1, 28)).expect("a day");
    Date { year, month, day }
}

fn submitted_at(rng: &mut Rng, home: &Home) -> String {
    let day = rng.between(1, u64::from(DEADLINE.day) - 1);
    format!("2019-03-{day:02}T{:02}:{:02}:{:02}{}", rng.below(24), rng.below(60), rng.below(60), home.offset)
}

/// Composes one sentence of a slot, new in this sample.
fn sentence(rng: &mut Rng, slot: &str, context: &Context<'_>, used: &mut Used) -> String {
    let which = rng.below(EN.len(slot));
    EN.fresh(rng, slot, which, context, &mut used.sentences)
}

/// Composes an answer: an opening, body sentences in random order, for some a paragraph in the own language.
fn answer(
    rng: &mut Rng,
    question: usize,
    context: &Context<'_>,
    own: Option<&Grammar>,
    used: &mut Used,
) -> String {
    let body = format!("q{question}.body");
    let mut order: Vec<usize> = (0..EN.len(&body)).collect();
    rng.shuffle(&mut order);
    let own_paragraph = own.filter(|_| rng.chance(30)).map(|own| own_paragraph(rng, own, used));
    let target = ANSWER_CHARS - own_paragraph.as_deref().map_or(0, |p| p.chars().count());
    let mut text = sentence(rng, &format!("q{question}.open"), context, used);
    let mut paragraph = 1;
    for which in order.into_iter().cycle().take(40) {
        let next = EN.fresh(rng, &body, which, context, &mut used.sentences);
        let length = text.chars().count();
        if length + next.chars().count() / 2 > target {
            break;
        }
        paragraph += 1;
        text.push_str(if paragraph % 4 == 1 { "\n\n" } else { " " });
        text.push_str(&next);
    }
    if let Some(own_paragraph) = own_paragraph {
        text.push_str("\n\n");
        text.push_str(&own_paragraph);
    }
    text
}

/// Composes two or three sentences in a language other than English.
pub(crate) fn own_paragraph(rng: &mut Rng, own: &Grammar, used: &mut Used) -> String {
    let mut order: Vec<usize> = (0..own.len("sentence")).collect();
    rng.shuffle(&mut order);
    let count = 2 + rng.below(2);
    let sentences: Vec<String> = order
        .into_iter()
        .take(count)
        .map(|which| own.fresh(rng, "sentence", which, &[], &mut used.sentences))
        .collect();
    let separator = if sentences.iter().all(|s| s.ends_with('。')) { "" } else { " " };
    sentences.join(separator)
}

fn media(rng: &mut Rng, context: &Context<'_>, used: &mut Used) -> MediaItem {
    let title = sentence(rng, "media.title", context, used);
    let outlet = EN.any(rng, "media.outlet", context);
    let date = Date {
        year: u16::try_from(rng.between(2_015, 2_018)).expect("a year below 2,019"),
        month: u8::try_from(rng.between(1, 12)).expect("a month"),
        day: u8::try_from(rng.between(1, 28)).expect("a day"),
    };
    let text: Vec<String> =
        (0..4).map(|which| EN.fresh(rng, "media.body", which, context, &mut used.sentences)).collect();
    let url = format!(
        "https://{}{}.example/{}/{}",
        EN.any(rng, "p1", &[]).to_lowercase(),
        EN.any(rng, "p2", &[]),
        date.year,
        rng.between(1_000, 99_999)
    );
    MediaItem { title, outlet, date, url: url.to_lowercase(), text: text.join(" ") }
}

fn referee(rng: &mut Rng, context: &Context<'_>, used: &mut Used) -> Referee {
    let culture = rng.pick(&CULTURES);
    let woman = rng.chance(50);
    let (_, name) = name(rng, culture, woman, used);
    let email = email(rng, &name, used);
    let mut order: Vec<usize> = (0..EN.len("letter.body")).collect();
    rng.shuffle(&mut order);
    let mut text = sentence(rng, "letter.open", context, used);
    for which in order {
        if text.chars().count() > LETTER_CHARS - 200 {
            break;
        }
        text.push(' ');
        text.push_str(&EN.fresh(rng, "letter.body", which, context, &mut used.sentences));
    }
    text.push_str("\n\n");
    text.push_str(&sentence(rng, "letter.close", context, used));
    Referee { name, email, letter: Some(text) }
}

/// Composes the reason for the exception route, with or without its proof.
pub(crate) fn exception(applicant: &Applicant, index: usize, proof: bool) -> Exception {
    let rng = &mut Rng::fork(0, "exception", index as u64);
    let context: &Context<'_> = &[("name", &applicant.name_latin), ("city", &applicant.city)];
    Exception { reason: EN.any(rng, "exception", context), proof }
}

/// Composes an answer in the applicant's own language alone, where the crate has a grammar for it.
pub(crate) fn own_answer(applicant: &Applicant, index: usize) -> Option<String> {
    let own = applicant.languages.iter().find_map(|code| own_language(code))?;
    let rng = &mut Rng::fork(0, "own answer", index as u64);
    let mut used = Used::default();
    Some((0..5).map(|_| own_paragraph(rng, own, &mut used)).collect::<Vec<_>>().join("\n\n"))
}
