//! Recomputes everything that can be: the file, every log's chain of heads, every pack's id, body and
//! signature, receipts, every attachment's hash, what each programme is said to hold.

use tessera_protocol::codec::Wire;
use tessera_protocol::hash::FieldHasher;
use tessera_protocol::ids::ProgrammeId;
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::{EMPTY_HEAD, Receipt, next_head};
use tessera_protocol::signature::Signature;

use crate::key::SigningRelay;
use crate::rules::Rules;
use crate::store::sqlite::SqliteStore;
use crate::store::{Store, StoreError, Stored};

/// Packs that are read at a time.
const AT_A_TIME: usize = 64;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Programmes looked at.
    pub programmes: u64,
    /// Packs looked at.
    pub packs: u64,
    /// Whole attachments looked at.
    pub attachments: u64,
    /// Receipts made and checked.
    pub receipts: u64,
    /// What is wrong, one line each.
    pub wrong: Vec<String>,
}

/// Checks a whole database; with a key, receipts too.
///
/// # Errors
/// Where reading fails altogether; what is merely wrong is in the report.
pub fn check(store: &SqliteStore, key: Option<&SigningRelay>) -> Result<Report, StoreError> {
    let mut report = Report { wrong: store.integrity()?, ..Report::default() };
    for programme in store.programmes()? {
        report.programmes += 1;
        let packs = check_log(store, programme, key, &mut report)?;
        let attachments = check_attachments(store, programme, &mut report)?;
        let held = store.held_bytes(programme)?;
        if held != packs + attachments {
            let sum = packs + attachments;
            report.wrong.push(format!("programme {programme}: {held} bytes are counted, {sum} are held"));
        }
    }
    Ok(report)
}

/// Returns the bytes of all packs.
fn check_log(
    store: &SqliteStore,
    programme: ProgrammeId,
    key: Option<&SigningRelay>,
    report: &mut Report,
) -> Result<u64, StoreError> {
    let rules = Rules::load(store, programme, &mut |_| {})?;
    let mut sequences = Vec::new();
    let mut bytes = 0;
    store.entries(programme, None, 0..=u64::MAX, &mut |entry| {
        sequences.push(entry.sequence);
        bytes += entry.size_bytes;
    })?;
    let mut head = EMPTY_HEAD;
    let mut expected = 1;
    for some in sequences.chunks(AT_A_TIME) {
        for stored in store.read(programme, some)? {
            let sequence = stored.sequence;
            let mut wrong =
                |what: &str| report.wrong.push(format!("programme {programme}: pack {sequence}: {what}"));
            if sequence != expected {
                wrong("packs before it are missing");
            }
            head = next_head(&head, stored.id, stored.place.received_ms);
            if head != stored.place.head {
                wrong("the chain of heads breaks here");
                head = stored.place.head;
            }
            if let Err(what) = check_pack(&rules, &stored) {
                wrong(what);
            }
            if let Some(key) = key {
                match check_receipt(programme, key, &stored) {
                    true => report.receipts += 1,
                    false => wrong("its receipt does not verify"),
                }
            }
            report.packs += 1;
            expected = sequence + 1;
        }
    }
    if store.newest(programme)? != Some((expected - 1, head)) {
        report.wrong.push(format!("programme {programme}: the end of the log is not where it is said to be"));
    }
    Ok(bytes)
}

fn check_pack(rules: &Rules, stored: &Stored) -> Result<(), &'static str> {
    let pack = Pack::from_bytes(&stored.bytes).map_err(|_| "its bytes are damaged")?;
    if pack.id() != stored.id {
        return Err("its bytes are those of another pack");
    }
    let key = rules.key(pack.header().device).ok_or("its device is unknown")?;
    pack.verify(key).map(drop).map_err(|_| "its signature does not fit")
}

fn check_receipt(programme: ProgrammeId, key: &SigningRelay, stored: &Stored) -> bool {
    let receipt = key.receipt(Receipt {
        programme,
        incarnation: stored.place.incarnation,
        sequence: stored.sequence,
        pack: stored.id,
        received_ms: stored.place.received_ms,
        head: stored.place.head,
        signature: Signature([0; 64]),
    });
    receipt.verify(&key.public()).is_ok()
}

/// Returns the bytes of all attachments, as they are counted.
fn check_attachments(
    store: &SqliteStore,
    programme: ProgrammeId,
    report: &mut Report,
) -> Result<u64, StoreError> {
    let mut bytes = 0;
    for (key, progress) in store.attachments(programme)? {
        bytes += progress.total_bytes;
        let mut hasher = FieldHasher::new("attachment", progress.total_bytes);
        let mut at = 0;
        while at < progress.held_bytes {
            let piece = store.read_piece(&key, at)?;
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            hasher.update(&piece);
        }
        let right = match progress.complete() {
            true => hasher.finish().is_some_and(|hash| hash.0 == key.id.0),
            false => at == progress.held_bytes,
        };
        if right {
            report.attachments += u64::from(progress.complete());
        } else {
            report.wrong.push(format!("programme {programme}: attachment {}: its bytes are damaged", key.id));
        }
    }
    Ok(bytes)
}
