//! Who could have read an application on a day, person by person: by what relays took and when, never by a guess.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Serialize;
use specta::Type;
use tessera_driver::names::Names;
use tessera_driver::session::Session;
use tessera_engine::access_history::{End, OnDay, Stretch};
use tessera_protocol::device::Form;
use tessera_protocol::ids::{DeviceId, MemberId};

use crate::failure::Failure;
use crate::people::what;

/// Who could have read an application on a day.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AccessDay {
    /// The application's key.
    pub application: String,
    /// When a relay took the first of it; none where no relay did.
    pub first_ms: Option<u64>,
    /// Everybody who ever had access, those who could read it that day first.
    pub people: Vec<AccessDayRow>,
}

/// How somebody's access stood on a day.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AccessDayRow {
    /// The member's id.
    pub member: String,
    /// The name.
    pub name: String,
    /// `could`; `unknown` where a time is missing; `before` where it had ended; `later` where nothing shows it yet.
    pub standing: String,
    /// What: `dossiers`, `files`, `panels`; `keys` is everything, as coordinators read it.
    pub what: Vec<String>,
    /// The devices that had a key.
    pub devices: Vec<DayDevice>,
    /// When it began, at the latest, by the relay's clock.
    pub from_ms: Option<u64>,
    /// By when it ended.
    pub until_ms: Option<u64>,
    /// True where it ended, also where it is not known when.
    pub ended: bool,
}

/// A device that had a key.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DayDevice {
    /// Its id.
    pub device: String,
    /// True for a recovery sheet.
    pub paper: bool,
}

/// Reads who could have read an application, by its key, between the first millisecond of a day and the first of the next.
///
/// # Errors
/// [`Failure`].
pub fn on_day(
    session: &mut Session,
    application: &str,
    from_ms: u64,
    to_ms: u64,
) -> Result<AccessDay, Failure> {
    if from_ms >= to_ms {
        return Err(Failure::bad_input("the day"));
    }
    let day = from_ms..to_ms;
    let names = Names::of(session)?;
    let keys = session.together(|acts| acts.application_keys())?;
    let found = keys.iter().find(|(_, key)| key.as_str() == application);
    let (id, _) = found.ok_or_else(|| Failure::not_found("this application"))?;
    let history = session.together(|acts| acts.access_history(*id))?;
    let stands = history.on(&day);
    let permission = session.engine().permission();
    let paper = |device: DeviceId| {
        permission.device(device).is_some_and(|(_, state)| state.device.form == Form::Paper)
    };
    let mut rows: Vec<(OnDay, AccessDayRow)> = Vec::new();
    for (member, standing) in stands {
        let own: Vec<&Stretch> = history.stretches.iter().filter(|one| one.member == member).collect();
        // What says how the day stands; before there was anything to read, all of it.
        let said: Vec<&Stretch> = own.iter().copied().filter(|one| one.on(&day) == standing).collect();
        let said = if said.is_empty() { own } else { said };
        rows.push((standing, row(&names, member, standing, &said, &day, paper)));
    }
    rows.sort_by_cached_key(|(standing, row)| (*standing, row.name.to_lowercase(), row.member.clone()));
    Ok(AccessDay {
        application: application.to_owned(),
        first_ms: history.first_ms,
        people: rows.into_iter().map(|(_, row)| row).collect(),
    })
}

fn row(
    names: &Names,
    member: MemberId,
    standing: OnDay,
    said: &[&Stretch],
    day: &Range<u64>,
    paper: impl Fn(DeviceId) -> bool,
) -> AccessDayRow {
    let mut devices: BTreeMap<DeviceId, Option<u64>> = BTreeMap::new();
    said.iter().for_each(|stretch| devices.extend(&stretch.devices));
    // A device that was named later was none that day.
    let there = |at: Option<u64>| standing == OnDay::Later || at.is_none_or(|at| at < day.end);
    let kinds: BTreeSet<&str> = said.iter().map(|stretch| what(&stretch.audience).0).collect();
    let ended = said.iter().all(|stretch| stretch.end != End::Open);
    let ends = said.iter().filter_map(|stretch| match stretch.end {
        End::At(ms) => Some(ms),
        End::Open | End::Unknown => None,
    });
    AccessDayRow {
        member: member.to_string(),
        name: names.handle(member),
        standing: match standing {
            OnDay::Could => "could",
            OnDay::Unknown => "unknown",
            OnDay::Before => "before",
            OnDay::Later => "later",
        }
        .to_owned(),
        what: kinds.into_iter().map(str::to_owned).collect(),
        devices: devices
            .into_iter()
            .filter(|(_, at)| there(*at))
            .map(|(device, _)| DayDevice { device: device.to_string(), paper: paper(device) })
            .collect(),
        from_ms: said.iter().filter_map(|stretch| stretch.from_ms).min(),
        until_ms: ends.max().filter(|_| ended),
        ended,
    }
}
