//! Dates of a programme: local times in a named zone, never an instant guessed from the device. Not a clock: what time
//! it is comes from outside.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::words::{Key, Text};

/// A date and a time of day in a zone that the programme names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime(DateTime);

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

/// Why a local time is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// The zone is not in the database that the program carries.
    #[error("no such time zone: write an IANA name such as Asia/Shanghai or UTC")]
    Unknown,
    /// The clock jumped over this time, or showed it twice.
    #[error("this time does not exist, or exists twice, in that zone: choose another minute")]
    Ambiguous,
    /// Outside the years that can be reckoned.
    #[error("this date cannot be reckoned")]
    OutOfRange,
}

impl LocalTime {
    /// Returns the instant at which a clock in `zone` (an IANA name) shows this time, from the zone database that the
    /// program carries, the same on every device.
    ///
    /// # Errors
    /// [`ZoneError`] where the zone is unknown or the time is skipped or doubled there.
    pub fn instant(self, zone: &str) -> Result<Timestamp, ZoneError> {
        find_zone(zone)?.to_ambiguous_timestamp(self.0).unambiguous().map_err(|_| ZoneError::Ambiguous)
    }

    /// Returns the civil date and time.
    pub const fn civil(self) -> DateTime {
        self.0
    }
}

/// Looks a zone up in the database that the program carries.
///
/// # Errors
/// [`ZoneError::Unknown`].
pub fn find_zone(zone: &str) -> Result<TimeZone, ZoneError> {
    TimeZoneDatabase::bundled().get(zone).map_err(|_| ZoneError::Unknown)
}

impl Day {
    /// Returns the civil date.
    pub const fn civil(self) -> Date {
        self.0
    }
}

fn parse_time(text: &str) -> Option<LocalTime> {
    // A deadline without a time of day is the ambiguity that this type exists to prevent.
    let bounded = text.len() <= 32 && text.contains(['T', 't', ' ']) && !text.contains(['Z', 'z', '+', '[']);
    bounded.then(|| text.parse().ok().map(LocalTime)).flatten()
}

fn parse_day(text: &str) -> Option<Day> {
    (text.len() == 10).then(|| text.parse().ok().map(Day)).flatten()
}

macro_rules! written_as_text {
    ($name:ident, $parse:ident, $expected:literal) => {
        impl FromStr for $name {
            type Err = &'static str;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $parse(text).ok_or($expected)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextOrDate;
                impl<'de> Visitor<'de> for TextOrDate {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                    // TOML's own dates arrive as a map of one private key.
                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                        let date = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))?;
                        self.visit_str(&date.to_string())
                    }
                }
                deserializer.deserialize_any(TextOrDate)
            }
        }
    };
}
written_as_text!(Day, parse_day, "a day such as 2019-03-31");
written_as_text!(
    LocalTime,
    parse_time,
    "a local date and time such as 2019-03-31T23:59:59; the zone is named apart"
);

/// The `[call]` table: when applications are taken and by which ways.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Call {
    /// First moment.
    pub opens: Option<LocalTime>,
    /// Last moment: what arrives later is late and a person decides.
    pub closes: Option<LocalTime>,
    /// Ways in, such as `form` and `mail`.
    pub routes: Vec<Key>,
    /// Whether a coordinator may enter an application for somebody, shown as entered by them.
    pub on_behalf: bool,
    /// Where applications and questions go.
    pub contact: Option<Text>,
}

/// What a round is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundKind {
    /// Dossiers are read.
    #[default]
    Reading,
    /// Applicants are heard.
    Interview,
}

/// When a dossier's key comes to its reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictMode {
    /// After the declaration reached a coordinator.
    #[default]
    BeforeKey,
    /// With the card: the device waits for a signed declaration, shown as "on honour".
    OnDevice,
}

/// One `[[round]]` of reading or interviews.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// Name in score files and documents.
    pub key: Key,
    /// What people call it.
    #[serde(default)]
    pub label: Option<Text>,
    /// Reading or interview.
    #[serde(default)]
    pub kind: RoundKind,
    /// First moment, in the round's zone.
    #[serde(default)]
    pub opens: Option<LocalTime>,
    /// Last moment; a coordinator's close statement decides, not this date.
    #[serde(default)]
    pub closes: Option<LocalTime>,
    /// IANA zone, if not the programme's.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Whether readers see the blind rendition.
    #[serde(default)]
    pub blind: bool,
    /// Reads for each application.
    #[serde(default)]
    pub reads: Option<u32>,
    /// When a dossier's key comes to its reader.
    #[serde(default)]
    pub conflict: ConflictMode,
    /// Criteria scored in this round; none named = all that are scored.
    #[serde(default)]
    pub criteria: Vec<Key>,
    /// Which applications get further readers; nobody said it = none does. Left out where it is not said, so that definitions
    /// without it keep their bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub further: Option<Further>,
}

/// A round's `[round.further]` table: `reads` read every application first, and one more reader at a time is asked where these
/// differ or it lies near the line of seats ([`crate::further`]).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Further {
    /// The most readers of one application.
    pub up_to: u32,
    /// Tenths of the scale from which on readers lie far apart, 1 to 10; [`crate::moderation::WIDE`] unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<u32>,
    /// Places on either side of the line of seats that are near it, 0 = none is; a fifth of the seats unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<u32>,
}

/// The `[retention]` table.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Last day on which files of those not selected are kept.
    pub not_selected_until: Option<Day>,
    /// Last day on which files of those selected are kept.
    pub selected_until: Option<Day>,
    /// Last day on which reviews and decisions are kept.
    pub reviews_until: Option<Day>,
    /// What is kept for longer and why, in words for applicants.
    pub note: Option<Text>,
}
