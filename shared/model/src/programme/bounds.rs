//! What every definition must satisfy to be used at all: sizes, names that exist, values that agree. Not what a complete
//! programme still lacks: that is [`super::check`].

use std::collections::BTreeSet;
use std::fmt::Display;

use super::calendar::{LocalTime, find_zone};
use super::error::{Problem, ProgrammeErrorCode as Code, Step};
use super::form::FieldKind;
use super::scoring::Criterion;
use super::words::{Key, is_language};
use super::{Programme, Round};
use crate::decimal::Decimal;
use crate::exact::MAX_PLACES;

/// Longest definition, in bytes.
pub const MAX_DEFINITION_BYTES: usize = 256 * 1024;
/// Names that score files use for themselves, or ties for what is no criterion.
const RESERVED: [&str; 7] =
    ["application", "reviewer", "round", "revision", "confidence", "criteria", "draw"];
const MAX_SEATS: u32 = 100_000;

type Soundness = Result<(), Problem>;

macro_rules! path {
    ($($step:expr),*) => { vec![$(Step::from($step)),*] };
}

impl From<&'static str> for Step {
    fn from(name: &'static str) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

fn problem<T>(code: Code, path: Vec<Step>, message: impl Into<String>) -> Result<T, Problem> {
    Err(Problem { code, message: message.into(), path })
}

fn require(holds: bool, path: Vec<Step>, message: impl Display) -> Soundness {
    if holds { Ok(()) } else { problem(Code::BadValue, path, message.to_string()) }
}

fn at_most(len: usize, most: usize, path: Vec<Step>) -> Soundness {
    if len <= most { Ok(()) } else { problem(Code::TooMany, path, format!("at most {most} of these")) }
}

fn distinct<'a>(table: &'static str, keys: impl Iterator<Item = &'a Key>) -> Soundness {
    let mut seen = BTreeSet::new();
    for (index, key) in keys.enumerate() {
        if !seen.insert(key) {
            return problem(Code::Duplicate, path![table, index, "key"], format!("`{key}` is there twice"));
        }
    }
    Ok(())
}

impl Programme {
    /// Checks everything that [`Programme::parse`] promises about the values.
    pub(super) fn sound(&self) -> Soundness {
        self.sound_sizes()?;
        self.sound_keys()?;
        self.sound_languages_and_zones()?;
        self.sound_scale()?;
        for (index, criterion) in self.criteria.iter().enumerate() {
            self.sound_criterion(index, criterion)?;
        }
        self.sound_scoring()?;
        self.sound_seats()?;
        self.sound_form()?;
        self.sound_rounds()
    }

    fn sound_sizes(&self) -> Soundness {
        at_most(self.languages.len(), 32, path!["languages"])?;
        at_most(self.criteria.len(), 64, path!["criterion"])?;
        at_most(self.gates.len(), 64, path!["gate"])?;
        at_most(self.fields.len(), 200, path!["field"])?;
        at_most(self.attachments.len(), 32, path!["attachment"])?;
        at_most(self.rounds.len(), 16, path!["round"])?;
        at_most(self.decisions.len(), 100, path!["decision"])?;
        for (index, criterion) in self.criteria.iter().enumerate() {
            at_most(criterion.levels.len(), 32, path!["criterion", index, "level"])?;
        }
        for (index, field) in self.fields.iter().enumerate() {
            at_most(field.options.len(), 300, path!["field", index, "options"])?;
        }
        for (index, attachment) in self.attachments.iter().enumerate() {
            at_most(attachment.formats.len(), 32, path!["attachment", index, "formats"])?;
        }
        if let Some(call) = &self.call {
            at_most(call.routes.len(), 16, path!["call", "routes"])?;
        }
        if let Some(exception) = &self.exception {
            at_most(exception.proposed_by.len(), 3, path!["exception", "proposed_by"])?;
            at_most(exception.granted_by.len(), 3, path!["exception", "granted_by"])?;
        }
        if let Some(scoring) = &self.scoring {
            at_most(scoring.add.len(), 16, path!["scoring", "add"])?;
            at_most(scoring.subtract.len(), 16, path!["scoring", "subtract"])?;
            at_most(scoring.ties.len(), 64, path!["scoring", "ties"])?;
            at_most(scoring.absent.len(), 16, path!["scoring", "absent"])?;
        }
        self.seats.as_ref().map_or(Ok(()), |seats| at_most(seats.quotas.len(), 64, path!["seats", "quotas"]))
    }

    fn sound_keys(&self) -> Soundness {
        distinct("criterion", self.criteria.iter().map(|c| &c.key))?;
        distinct("gate", self.gates.iter().map(|g| &g.key))?;
        distinct("field", self.fields.iter().map(|f| &f.key))?;
        distinct("attachment", self.attachments.iter().map(|a| &a.key))?;
        distinct("round", self.rounds.iter().map(|r| &r.key))?;
        distinct("decision", self.decisions.iter().map(|d| &d.key))
    }

    fn sound_languages_and_zones(&self) -> Soundness {
        for (index, language) in self.languages.iter().enumerate() {
            require(
                is_language(language.as_str()),
                path!["languages", index],
                format!("`{language}` is no language tag such as en or pt-BR"),
            )?;
        }
        if let Some(zone) = &self.time_zone {
            find_zone(zone).or_else(|e| problem(Code::Unknown, path!["time_zone"], e.to_string()))?;
        }
        if let Some(call) = &self.call {
            let zone = self.time_zone.as_deref();
            in_order(zone, call.opens, call.closes, || path!["call"])?;
        }
        Ok(())
    }

    fn sound_scale(&self) -> Soundness {
        let Some(scale) = &self.scale else { return Ok(()) };
        if let (Some(min), Some(max)) = (scale.min, scale.max) {
            require(min < max, path!["scale", "max"], format!("max {max} is not above min {min}"))?;
        }
        if let Some(step) = scale.step {
            require(step > Decimal::ZERO, path!["scale", "step"], "a step is above 0")?;
            require(scale.min.is_some(), path!["scale", "step"], "a step is counted from min: say min")?;
        }
        Ok(())
    }

    fn sound_criterion(&self, index: usize, criterion: &Criterion) -> Soundness {
        let key = criterion.key.as_str();
        if RESERVED.contains(&key) {
            let message = format!("`{key}` means something else in score files: choose another key");
            return problem(Code::BadValue, path!["criterion", index, "key"], message);
        }
        let weight = criterion.effective_weight();
        require(!weight.is_negative(), path!["criterion", index, "weight"], "a weight is 0 or more")?;
        let scale = self.scale.clone().unwrap_or_default();
        let (min, max) = (criterion.min.or(scale.min), criterion.max.or(scale.max));
        if let (Some(min), Some(max)) = (min, max) {
            require(
                min < max,
                path!["criterion", index, "max"],
                format!("max {max} is not above min {min}"),
            )?;
        }
        let fewest = criterion.min_answered.unwrap_or(1);
        require(
            (1..=1000).contains(&fewest),
            path!["criterion", index, "min_answered"],
            "between 1 and 1000",
        )?;
        let mut values = BTreeSet::new();
        for (at, level) in criterion.levels.iter().enumerate() {
            let value = level.value;
            let inside = min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max);
            require(
                inside,
                path!["criterion", index, "level", at, "value"],
                "this level is outside the scale",
            )?;
            if !values.insert(value) {
                let message = format!("the level {value} is there twice");
                return problem(Code::Duplicate, path!["criterion", index, "level", at, "value"], message);
            }
        }
        Ok(())
    }

    fn sound_scoring(&self) -> Soundness {
        let Some(scoring) = &self.scoring else { return Ok(()) };
        require(scoring.trim <= 100, path!["scoring", "trim"], "at most 100")?;
        let round = &scoring.round;
        for (name, places) in
            [("criterion", round.criterion), ("product", round.product), ("total", round.total)]
        {
            let fits = places.is_none_or(|p| p <= MAX_PLACES);
            require(fits, path!["scoring", "round", name], format!("at most {MAX_PLACES} decimal places"))?;
        }
        require(!scoring.min_weight.is_negative(), path!["scoring", "min_weight"], "0 or more")?;
        let mut adjustments = BTreeSet::new();
        for (table, keys) in [("add", &scoring.add), ("subtract", &scoring.subtract)] {
            for (index, key) in keys.iter().enumerate() {
                let taken = RESERVED.contains(&key.as_str()) || self.criterion(key.as_str()).is_some();
                require(
                    !taken,
                    path!["scoring", table, index],
                    format!("`{key}` is taken by something else"),
                )?;
                if !adjustments.insert(key) {
                    let message = format!("`{key}` is there twice");
                    return problem(Code::Duplicate, path!["scoring", table, index], message);
                }
            }
        }
        for (index, tie) in scoring.ties.iter().enumerate() {
            let known = ["criteria", "draw"].contains(&tie.as_str())
                || adjustments.contains(tie)
                // Without criteria of its own a definition takes those of the score file.
                || self.criteria.is_empty()
                || self.scored().any(|c| c.key == *tie);
            if !known {
                let message = format!(
                    "`{tie}` is no scored criterion, no adjustment, and neither `criteria` nor `draw`"
                );
                return problem(Code::Unknown, path!["scoring", "ties", index], message);
            }
        }
        for (index, cell) in scoring.absent.iter().enumerate() {
            let fits = cell.len() <= 32 && !cell.chars().any(char::is_control);
            require(fits, path!["scoring", "absent", index], "at most 32 bytes, no control characters")?;
        }
        Ok(())
    }

    fn sound_seats(&self) -> Soundness {
        if let Some(waitlist) = &self.waitlist {
            require(waitlist.n <= MAX_SEATS, path!["waitlist", "n"], format!("at most {MAX_SEATS}"))?;
        }
        let Some(seats) = &self.seats else { return Ok(()) };
        let n = seats.n;
        require((1..=MAX_SEATS).contains(&n), path!["seats", "n"], format!("between 1 and {MAX_SEATS}"))?;
        for (index, quota) in seats.quotas.iter().enumerate() {
            let agree = quota.max.is_none_or(|max| quota.min <= max);
            require(agree, path!["seats", "quotas", index, "max"], "max is below min")?;
            require(
                quota.min <= n,
                path!["seats", "quotas", index, "min"],
                format!("more than the {n} seats"),
            )?;
            if self.fields.is_empty() {
                continue;
            }
            let Some(field) = self.fields.iter().find(|f| f.key == quota.field) else {
                let message = format!("`{}` is no field of the form", quota.field);
                return problem(Code::Unknown, path!["seats", "quotas", index, "field"], message);
            };
            let offered = field.kind != FieldKind::Choice
                || field.options.iter().any(|option| option.key.as_str() == quota.value.0);
            if !offered {
                let message = format!("`{}` is no option of the field `{}`", quota.value.0, field.key);
                return problem(Code::Unknown, path!["seats", "quotas", index, "value"], message);
            }
        }
        Ok(())
    }

    fn sound_form(&self) -> Soundness {
        for (index, field) in self.fields.iter().enumerate() {
            let is_choice = field.kind == FieldKind::Choice;
            let agrees = is_choice != field.options.is_empty();
            require(
                agrees,
                path!["field", index],
                "options belong to a field of kind choice, and to no other",
            )?;
            require(is_choice || !field.many, path!["field", index, "many"], "only a choice can be of many")?;
            let worded = matches!(field.kind, FieldKind::Essay | FieldKind::Text);
            let words = worded || field.words.is_none();
            require(words, path!["field", index, "words"], "only a text or an essay has a word limit")?;
            let limit = field.words.is_none_or(|n| (1..=20_000).contains(&n));
            require(limit, path!["field", index, "words"], "between 1 and 20000 words")?;
            let mut keys = BTreeSet::new();
            for (at, option) in field.options.iter().enumerate() {
                if !keys.insert(&option.key) {
                    let message = format!("`{}` is there twice", option.key);
                    return problem(Code::Duplicate, path!["field", index, "options", at], message);
                }
            }
        }
        for (index, attachment) in self.attachments.iter().enumerate() {
            let agree = attachment.max.is_none_or(|max| max >= 1 && attachment.min <= max);
            require(agree, path!["attachment", index, "max"], "max is below min, or below 1")?;
            require(attachment.min <= 100, path!["attachment", index, "min"], "at most 100")?;
            let size = attachment.max_mb.is_none_or(|mb| (1..=1000).contains(&mb));
            require(size, path!["attachment", index, "max_mb"], "between 1 and 1000")?;
        }
        Ok(())
    }

    fn sound_rounds(&self) -> Soundness {
        for (index, round) in self.rounds.iter().enumerate() {
            if let Some(zone) = &round.time_zone {
                find_zone(zone)
                    .or_else(|e| problem(Code::Unknown, path!["round", index, "time_zone"], e.to_string()))?;
            }
            in_order(self.zone_of(round), round.opens, round.closes, || path!["round", index])?;
            self.sound_round(index, round)?;
        }
        Ok(())
    }

    fn sound_round(&self, index: usize, round: &Round) -> Soundness {
        let reads = round.reads.is_none_or(|n| (1..=100).contains(&n));
        require(reads, path!["round", index, "reads"], "between 1 and 100")?;
        if let Some(further) = &round.further {
            let at = |name: &'static str| path!["round", index, "further", name];
            require((1..=100).contains(&further.up_to), at("up_to"), "between 1 and 100")?;
            let apart = further.apart.is_none_or(|tenths| (1..=10).contains(&tenths));
            require(apart, at("apart"), "between 1 and 10 tenths of the scale")?;
            require(further.near.is_none_or(|places| places <= MAX_SEATS), at("near"), "at most 100000")?;
        }
        at_most(round.criteria.len(), 64, path!["round", index, "criteria"])?;
        for (at, key) in round.criteria.iter().enumerate() {
            if !self.scored().any(|c| c.key == *key) {
                let message = format!("`{key}` is no criterion that is scored");
                return problem(Code::Unknown, path!["round", index, "criteria", at], message);
            }
        }
        Ok(())
    }
}

/// Checks that two local times exist in their zone and follow each other; without a zone nothing can be said yet.
fn in_order(
    zone: Option<&str>,
    opens: Option<LocalTime>,
    closes: Option<LocalTime>,
    table: impl Fn() -> Vec<Step>,
) -> Soundness {
    let Some(zone) = zone else { return Ok(()) };
    let at = |name: &'static str| {
        let mut path = table();
        path.push(Step::Name(name));
        path
    };
    let instant = |name, time: Option<LocalTime>| match time.map(|time| time.instant(zone)).transpose() {
        Ok(instant) => Ok(instant),
        Err(error) => problem(Code::BadValue, at(name), error.to_string()),
    };
    match (instant("opens", opens)?, instant("closes", closes)?) {
        (Some(first), Some(last)) => require(first < last, at("closes"), "it closes before it opens"),
        _ => Ok(()),
    }
}
