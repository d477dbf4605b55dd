//! Exchanges with a relay and bundles in files: what would move, how far it is, what came of it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use specta::Type;
use tessera_driver::bundles::{self, Moved, Taken, Through};
use tessera_driver::names::Names;
use tessera_driver::relay::{self, Lend, Options, Phase, Progress, Report};
use tessera_driver::session::Session;
use tessera_engine::attachments::Fetch;
use tessera_engine::bundle::For;
use tessera_protocol::ids::MemberId;
use tessera_protocol::receipt::Receipt;

use crate::failure::Failure;
use crate::words::{Sentence, count, id};

/// The longest part of a bundle that is written, in bytes: what an old stick's file system takes.
const PART_BYTES: u64 = 2 << 30;
/// The code of what a person ended.
const CANCELLED: &str = "cancelled";

/// Which files an exchange fetches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum FilesWanted {
    /// None.
    None,
    /// Light copies of what this member is to read.
    Light,
    /// Those of what this member is to read.
    Assigned,
    /// All that this device may have.
    All,
}

/// How an exchange is done.
#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeOptions {
    /// Which files are fetched.
    pub files: FilesWanted,
    /// How many bytes may move, both ways together; none for no limit.
    pub budget_bytes: Option<u64>,
}

/// How far an exchange is.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProgressView {
    /// `connecting`, `sending`, `receiving`, `reading`, `attachments`, `waiting`; of bundles `writing`, `taking`, `looking`.
    pub phase: String,
    /// Bytes of this step that were moved.
    pub bytes_done: u64,
    /// Bytes of this step.
    pub bytes_total: u64,
    /// How long the rest of this step takes at the rate so far, in seconds.
    pub seconds_left: Option<u64>,
}

/// What the frame of the window says about the exchange, for every role.
#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeState {
    /// Parcels of this device that no relay is known to have.
    pub outbox: u32,
    /// The newest time of a relay's clock that is known here.
    pub last_exchange_ms: Option<u64>,
    /// True where a relay's address is known.
    pub relay_known: bool,
}

/// Reads how the exchange stands.
///
/// # Errors
/// [`Failure`].
pub fn state(session: &mut Session) -> Result<ExchangeState, Failure> {
    let (last_exchange_ms, relay_known) =
        session.together(|acts| Ok((acts.last_evidence_ms()?, !acts.relays()?.is_empty())))?;
    let outbox = count(session.engine().own_outbox()?);
    Ok(ExchangeState { outbox, last_exchange_ms, relay_known })
}

/// What an exchange would move.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExchangePlan {
    /// Parcels to be sent.
    pub packs_up: u64,
    /// Their bytes, with those of files.
    pub bytes_up: u64,
    /// Parcels to be received.
    pub packs_down: u64,
    /// Their bytes.
    pub bytes_down: u64,
    /// Files to be received.
    pub files: u64,
    /// Their bytes.
    pub files_bytes: u64,
    /// How many of them are light copies of heavier ones.
    pub light: u64,
    /// Their bytes.
    pub light_bytes: u64,
}

/// What an exchange came to.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeReport {
    /// Which relay answered.
    pub relay: String,
    /// Parcels that came.
    pub new_packs: u64,
    /// Parcels that the relay holds since.
    pub receipts: u64,
    /// Parcels that wait for a statement about their author.
    pub waiting: u64,
    /// Parcels that were refused.
    pub refused: u64,
    /// Parcels that still wait to be sent.
    pub outbox: u64,
    /// Files that the relay holds since.
    pub files_sent: u64,
    /// Files that came.
    pub files_received: u64,
    /// Files for which the budget had no room.
    pub files_left: u64,
    /// Bytes that left the socket.
    pub bytes_up: u64,
    /// Bytes that came to the socket.
    pub bytes_down: u64,
    /// Bytes at the relay for which the budget had no room.
    pub left_bytes: u64,
    /// What is worth saying.
    pub warnings: Vec<Sentence>,
}

/// For whom a bundle is.
#[derive(Debug, Clone, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BundleFor {
    /// Whoever brings it to a relay or a coordinator: what waits in the outbox.
    Outbox,
    /// One member: all that this member may read.
    Member {
        /// Whom.
        member: String,
    },
    /// Everything that this home holds.
    Everything,
}

/// A bundle that was written.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BundleOut {
    /// The file, the first of several.
    pub path: String,
    /// How many files.
    pub parts: u32,
    /// Their length.
    pub bytes: u64,
    /// Parcels in them.
    pub packs: u32,
}

/// What a bundle says of itself, and whose work is in it; nothing of it is taken in.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BundleLook {
    /// The file.
    pub path: String,
    /// False where it is another programme's, of which nothing is taken in here.
    pub ours: bool,
    /// Who wrote it; none where that device is not known here.
    pub from: Option<String>,
    /// The device that wrote it.
    pub device: String,
    /// Whom it is for, by name or by the beginning of the id; none where it is for nobody in particular.
    pub addressee: Option<String>,
    /// True where that is somebody else.
    pub for_other: bool,
    /// Which part it is, from 1.
    pub part: u32,
    /// Of how many.
    pub parts: u32,
    /// Parcels in it.
    pub packs: u32,
    /// Of these, not here yet.
    pub fresh: u32,
    /// Their bytes.
    pub pack_bytes: u64,
    /// Files of which something is in it.
    pub files: u32,
    /// Their bytes.
    pub file_bytes: u64,
    /// When the file was last written, by the clock of the computer that did.
    pub written_ms: Option<u64>,
    /// The newest time of a relay's clock in it, before which it cannot have been written.
    pub after_ms: Option<u64>,
    /// Whose work is in it, the most first.
    pub authors: Vec<BundleAuthor>,
}

/// Somebody whose work is in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BundleAuthor {
    /// The name; none for devices that are not known here.
    pub name: Option<String>,
    /// Parcels.
    pub packs: u32,
}

/// A bundle that was to be taken in, and what came of it.
#[derive(Debug, Clone, Default, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BundleIn {
    /// The file.
    pub path: String,
    /// Why nothing of it came; none where it was taken in.
    pub failure: Option<Failure>,
    /// Parcels that were new.
    pub new_packs: u32,
    /// Parcels that were here.
    pub known: u32,
    /// Parcels that were refused.
    pub refused: u32,
    /// Parcels that wait for a statement about their author.
    pub waiting: u32,
    /// Receipts in it.
    pub receipts: u32,
    /// What is worth saying.
    pub warnings: Vec<Sentence>,
}

impl From<&Progress> for ProgressView {
    fn from(progress: &Progress) -> Self {
        let total = progress.to_send + progress.announced;
        Self {
            phase: progress.phase.name().to_owned(),
            // What HTTP and TLS add is moved too, and is no progress beyond the whole.
            bytes_done: (progress.sent + progress.received).min(total),
            bytes_total: if progress.phase == Phase::Reading { 0 } else { total },
            seconds_left: progress.left.map(|left| left.as_secs()),
        }
    }
}

impl FilesWanted {
    const fn fetch(self) -> Fetch {
        match self {
            Self::None => Fetch::Nothing,
            Self::Light => Fetch::Light,
            Self::Assigned => Fetch::Assigned,
            Self::All => Fetch::Everything,
        }
    }
}

/// How an exchange of this home goes.
///
/// # Errors
/// [`Failure`].
pub fn options(session: &mut Session, wanted: ExchangeOptions) -> Result<Options, Failure> {
    let mut options = Options::new(session.together(|acts| acts.relays())?);
    options.budget_bytes = wanted.budget_bytes;
    options.fetch = wanted.files.fetch();
    options.roots = roots();
    Ok(options)
}

/// A file of further certificates that are trusted, where whoever looks after this machine named one.
pub(crate) fn roots() -> Option<PathBuf> {
    std::env::var_os("TESSERA_CERTIFICATES").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Asks the relay what would move, and sends nothing but the question.
///
/// # Errors
/// [`Failure`].
pub fn plan<L: Lend>(
    engine: &mut L,
    options: &Options,
    tell: &mut dyn FnMut(ProgressView) -> ControlFlow<()>,
) -> Result<ExchangePlan, Failure> {
    let plan = relay::plan(engine, options, &mut |progress| tell(progress.into()))?;
    Ok(ExchangePlan {
        packs_up: plan.send_packs,
        bytes_up: plan.send_bytes + plan.send_attachment_bytes,
        packs_down: plan.receive_packs,
        bytes_down: plan.receive_bytes,
        files: plan.receive_attachments,
        files_bytes: plan.receive_attachment_bytes,
        light: plan.receive_light,
        light_bytes: plan.receive_light_bytes,
    })
}

/// Exchanges with the relay until nothing is left or the budget is spent. What came before a failure stays.
///
/// # Errors
/// [`Failure`].
pub fn exchange<L: Lend>(
    engine: &mut L,
    options: &Options,
    tell: &mut dyn FnMut(ProgressView) -> ControlFlow<()>,
) -> Result<ExchangeReport, Failure> {
    let mut report = Report::default();
    relay::sync(engine, options, &mut |progress| tell(progress.into()), &mut report)?;
    Ok(ExchangeReport {
        warnings: warnings(&report),
        relay: report.relay,
        new_packs: report.new,
        receipts: report.receipts,
        waiting: report.waiting,
        refused: report.refused,
        outbox: report.outbox,
        files_sent: report.attachments_sent,
        files_received: report.attachments_received,
        files_left: report.left_attachments,
        bytes_up: report.bytes_sent,
        bytes_down: report.bytes_received,
        left_bytes: report.left_bytes,
    })
}

fn warnings(report: &Report) -> Vec<Sentence> {
    let clock = report.clock_off.then(|| {
        Sentence::plain("clock-off", "The clock of this device or of the relay is wrong; check the date.")
    });
    let counted = |count: u64, code: &str, text: String| {
        (count > 0).then(|| Sentence::plain(code, text).with("count", count))
    };
    let missing = report.missing_attachments;
    let missing = counted(
        missing,
        "files-missing",
        format!("{missing} files are not at the relay yet; whoever imported them has to exchange."),
    );
    let damaged = report.damaged_attachments;
    let damaged = counted(
        damaged,
        "files-damaged",
        format!("{damaged} files were not what they should be; nothing of them was kept."),
    );
    [clock, missing, damaged].into_iter().flatten().collect()
}

/// What a bundle is called where nobody says otherwise.
///
/// # Errors
/// [`Failure`].
pub fn bundle_name(session: &mut Session, to: &BundleFor) -> Result<String, Failure> {
    let name = match to {
        BundleFor::Member { member } => Names::of(session)?.name(id(member)?),
        BundleFor::Outbox | BundleFor::Everything => "parcel".to_owned(),
    };
    Ok(format!("{}.tessera", tessera_driver::save::plain_name(&name)))
}

/// Writes a bundle; several files where it is larger than one may be.
///
/// # Errors
/// [`Failure`], among others `cancelled`; no file stays then, and what had its name before does.
pub fn bundle_out(
    session: &mut Session,
    to: &BundleFor,
    files: bool,
    out: &Path,
    tell: &mut dyn FnMut(ProgressView) -> ControlFlow<()>,
) -> Result<BundleOut, Failure> {
    let to = match to {
        BundleFor::Outbox => For::Outbox,
        BundleFor::Everything => For::Everything,
        BundleFor::Member { member } => {
            let member: MemberId = id(member)?;
            if Names::of(session)?.members().all(|known| known != member) {
                return Err(Failure::not_found("this member"));
            }
            For::Member(member)
        }
    };
    let outline = session.work(|engine| engine.outline(to, files, PART_BYTES))?;
    let mut hear = |moved| tell(moving("writing", moved));
    let mut through = Through::writing(&outline, &mut hear);
    let written = bundles::write(session, &outline, out, &mut through)?;
    let first = written.first().map(|(path, _)| path.display().to_string());
    Ok(BundleOut {
        path: first.unwrap_or_default(),
        parts: count(written.len()),
        bytes: written.iter().map(|(_, bytes)| bytes).sum(),
        packs: count(outline.parts.iter().map(|part| part.packs.len()).sum()),
    })
}

/// Looks into bundles; nothing of them is taken in.
///
/// # Errors
/// [`Failure`] with the file that is no bundle, or not whole; `cancelled`.
pub fn inspect_bundles(
    session: &mut Session,
    paths: &[PathBuf],
    tell: &mut dyn FnMut(ProgressView) -> ControlFlow<()>,
) -> Result<Vec<BundleLook>, Failure> {
    let names = Names::of(session)?;
    let mut hear = |moved| tell(moving("looking", moved));
    let mut through = Through::looking(paths, &mut hear);
    paths.iter().map(|path| inspect(session, &names, path, &mut through)).collect()
}

fn inspect(
    session: &mut Session,
    names: &Names,
    path: &Path,
    through: &mut Through<'_>,
) -> Result<BundleLook, Failure> {
    let shown = path.display().to_string();
    let bundle = bundles::inspect(path, through).map_err(|error| Failure::from(error).at(shown.clone()))?;
    let head = &bundle.head;
    let ours = head.programme == session.engine().programme();
    let known = if ours { session.together(|acts| acts.known_packs(&bundle))? } else { 0 };
    let me = session.engine().member();
    let permission = session.engine().permission();
    let owner = |device| permission.device(device).map(|(member, _)| names.name(member));
    let genuine = |receipt: &&Receipt| {
        permission.charter.powers.relays.keys().any(|relay| receipt.verify(relay).is_ok())
    };
    let mut authors: BTreeMap<Option<String>, usize> = BTreeMap::new();
    for pack in &bundle.packs {
        *authors.entry(owner(pack.header().device)).or_default() += 1;
    }
    let mut authors: Vec<BundleAuthor> =
        authors.into_iter().map(|(name, packs)| BundleAuthor { name, packs: count(packs) }).collect();
    authors.sort_by_key(|author| std::cmp::Reverse(author.packs));
    let written = std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let written = written.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(BundleLook {
        path: shown,
        ours,
        from: owner(head.from),
        device: head.from.to_string(),
        addressee: head.addressee.map(|member| names.name(member)),
        for_other: head.addressee.is_some_and(|member| member != me),
        part: head.part,
        parts: head.parts,
        packs: count(bundle.packs.len()),
        fresh: count(bundle.packs.len() - known),
        pack_bytes: head.pack_bytes,
        files: count(bundle.attachments.len()),
        file_bytes: bundle.attachment_bytes,
        written_ms: written.and_then(|time| u64::try_from(time.as_millis()).ok()),
        after_ms: bundle.receipts.iter().filter(genuine).map(|receipt| receipt.received_ms).max(),
        authors,
    })
}

/// Takes in bundles, through the same gate as what a relay sends: each wholly or not at all, and each whatever came of the others.
/// Where it is ended after some of them, gives those.
///
/// # Errors
/// [`Failure`] `cancelled`, where it was ended before the first was through.
pub fn bundle_in(
    session: &mut Session,
    paths: &[PathBuf],
    tell: &mut dyn FnMut(ProgressView) -> ControlFlow<()>,
) -> Result<Vec<BundleIn>, Failure> {
    let mut hear = |moved| tell(moving("taking", moved));
    let mut through = Through::taking(paths, &mut hear);
    let mut taken = Vec::new();
    for path in paths {
        match take(session, path, &mut through) {
            Ok(one) => taken.push(one),
            Err(failure) if failure.code != CANCELLED => {
                let path = path.display().to_string();
                taken.push(BundleIn { path, failure: Some(failure), ..BundleIn::default() });
            }
            Err(failure) if taken.is_empty() => return Err(failure),
            Err(_) => break,
        }
    }
    Ok(taken)
}

fn take(session: &mut Session, path: &Path, through: &mut Through<'_>) -> Result<BundleIn, Failure> {
    let shown = path.display().to_string();
    let Taken { brought, imported, damaged, for_other } =
        bundles::take(session, path, through).map_err(|error| Failure::from(error).at(shown.clone()))?;
    let mut warnings = Vec::new();
    if for_other {
        warnings.push(Sentence::plain(
            "other-addressee",
            "This bundle is for somebody else; what you may read of it was taken.",
        ));
    }
    if imported.unread {
        warnings.push(Sentence::plain(
            "not-read-yet",
            "This bundle was taken in, but could not be read yet; the next exchange reads it, or says why not.",
        ));
    }
    let damaged = damaged.len();
    if damaged > 0 {
        let text = format!("{damaged} files were not what they should be; nothing of them was kept.");
        warnings.push(Sentence::plain("files-damaged", text).with("count", damaged));
    }
    Ok(BundleIn {
        path: shown,
        failure: None,
        new_packs: count(imported.new),
        known: count(imported.known),
        refused: count(imported.refused),
        waiting: count(imported.waiting),
        receipts: count(brought.receipts),
        warnings,
    })
}

fn moving(phase: &str, moved: Moved) -> ProgressView {
    let Moved { done, total } = moved;
    ProgressView { phase: phase.to_owned(), bytes_done: done, bytes_total: total, seconds_left: None }
}
