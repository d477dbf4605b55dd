//! Exchanges with a relay, without a socket: what to send, and what to do with each part of the answer.
//! Whoever drives it carries frames and tells nothing else.

use tessera_defence::{defence, defended};
use tessera_protocol::access::{Classes, Refusal};
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{
    AnswerHead, Caller, Cursor, EXCHANGE, NothingNew, Request, RequestHead, Segment, SignedAnswer,
    request_bytes,
};
use tessera_protocol::hash::Hash;
use tessera_protocol::header::Position;
use tessera_protocol::ids::{PackId, RelayKey};
use tessera_protocol::limits;
use tessera_protocol::pack::Pack;
use tessera_protocol::signature::PublicKey;

use crate::arrivals::Way;
use crate::chains;
use crate::core::{Core, meta};
use crate::error::EngineError;
use crate::notices::Notice;
use crate::receive::{Imported, Road};
use crate::records::{PackRecord, each, get, put};
use crate::store::{Table, Transaction};

/// A request on its way.
pub struct Sending {
    /// The frames to send, in order: the request, then one pack each.
    pub frames: Vec<Vec<u8>>,
    /// The relay's key.
    pub relay: PublicKey,
    pub(crate) request: Hash,
    pub(crate) asked: Vec<PackId>,
    pub(crate) refill: bool,
    /// The newest place of a log that was known, and how far the cursor vouches for it.
    pub(crate) seen: Option<Position>,
    pub(crate) vouched: u64,
}

impl Sending {
    /// How many bytes are sent, without framing.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.frames.iter().map(Vec::len).sum()
    }

    /// How many bytes of packs are sent.
    #[must_use]
    pub fn pack_bytes(&self) -> u64 {
        self.frames.iter().skip(1).map(|frame| frame.len() as u64).sum()
    }
}

/// What an answer's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Announced {
    /// Packs that follow.
    pub packs: u64,
    /// Their length, in bytes.
    pub bytes: u64,
    /// Packs that wait for a larger budget.
    pub left_packs: u64,
    /// Their length, in bytes.
    pub left_bytes: u64,
    /// Packs that the relay now holds.
    pub receipts: usize,
    /// True where another exchange is needed at once.
    pub again: bool,
    /// True where the relay lacks what it signed for before.
    pub refilled: bool,
}

/// One request brings at most this many bytes of packs.
const PUSH_BYTES: usize = 4 * 1024 * 1024;
/// What is sent again without asking first whether it arrived.
const RESEND_BYTES: usize = limits::SEGMENT_BYTES;

/// How many bytes of packs a request may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Budget {
    /// As many of the answer; what is sent is not counted.
    Answer(u64),
    /// As many of both together; what is sent comes first.
    Both(u64),
    /// None: only what would come is asked.
    Nothing,
}

impl Core {
    /// Makes the next request. What was sent before without a receipt is asked for first, where it is long.
    pub(crate) fn prepare(
        &mut self,
        tx: &mut dyn Transaction,
        relay: PublicKey,
        budget: Budget,
        wanted: Classes,
    ) -> Result<Sending, EngineError> {
        let push_bytes = match budget {
            Budget::Answer(_) => PUSH_BYTES,
            Budget::Both(bytes) => usize::try_from(bytes).map_or(PUSH_BYTES, |bytes| bytes.min(PUSH_BYTES)),
            Budget::Nothing => 0,
        };
        let mut outbox = Vec::new();
        each(tx, Table::Outbox, &[], |key, value| {
            if let Some(id) = key.last_chunk::<32>() {
                outbox.push((key.to_vec(), PackId(*id), value.first() == Some(&1)));
            }
            Ok(())
        })?;
        let mut packs = Vec::new();
        let (mut tried_bytes, mut bytes) = (0, 0);
        for (key, id, tried) in outbox {
            let Some(pack) = tx.get(Table::Packs, &id.0)? else {
                tx.delete(Table::Outbox, &key)?;
                continue;
            };
            if bytes + pack.len() > push_bytes || packs.len() == limits::ASKED {
                break;
            }
            bytes += pack.len();
            tried_bytes += if tried { pack.len() } else { 0 };
            packs.push((key, id, tried, pack));
        }
        let ask = tried_bytes > RESEND_BYTES;
        let asked: Vec<PackId> =
            packs.iter().filter(|(_, _, tried, _)| ask && *tried).map(|(_, id, ..)| *id).collect();
        packs.retain(|(_, _, tried, _)| !(ask && *tried));
        for (key, ..) in &packs {
            tx.put(Table::Outbox, key, &[1])?;
            if !defended!(F07) {
                tx.delete(Table::Outbox, key)?;
            }
        }
        let refill = tx.get(Table::Meta, meta::REFILL)?.is_some();
        self.counter += 1;
        let pack_bytes: u64 = packs.iter().map(|(.., pack)| pack.len() as u64).sum();
        let budget_bytes = match budget {
            Budget::Answer(bytes) | Budget::Both(bytes @ u64::MAX) => bytes,
            Budget::Both(bytes) => bytes.saturating_sub(pack_bytes),
            Budget::Nothing => 0,
        };
        let head = RequestHead {
            caller: Caller {
                programme: self.programme(),
                device: self.device,
                incarnation: self.incarnation,
                counter: self.counter,
            },
            cursor: if refill { Cursor::start() } else { cursor(tx)? },
            budget_bytes,
            wanted,
            have: if refill { Some(chains::whole(tx)?) } else { None },
            asked: asked.clone().try_into()?,
            packs: u32::try_from(packs.len()).unwrap_or(u32::MAX),
            pack_bytes,
        };
        let key = RelayKey(relay.to_bytes());
        let signed = request_bytes(key, &head.caller, EXCHANGE.0, EXCHANGE.1, &head.to_bytes());
        let vouched = head.cursor.sequence;
        let request = Request { signature: self.secret.sign_request(&signed), head };
        let mut frames = vec![request.to_bytes()];
        frames.extend(packs.into_iter().map(|(.., pack)| pack));
        let seen = self.known.seen;
        Ok(Sending { frames, relay, request: request.id(), asked, refill, seen, vouched })
    }

    /// Puts charter and statements into the outbox once more.
    pub(crate) fn introduce(&mut self, tx: &mut dyn Transaction) -> Result<(), EngineError> {
        let ids: Vec<PackId> = self.known.gathering.packs().map(|pack| pack.id).collect();
        for id in ids {
            if let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)? {
                self.queue(tx, &pack)?;
            }
        }
        Ok(())
    }

    /// Packs in the outbox, and their bytes.
    pub(crate) fn to_send(&self, tx: &dyn Transaction) -> Result<(u64, u64), EngineError> {
        let (mut packs, mut bytes) = (0, 0);
        each(tx, Table::Outbox, &[], |key, _| {
            if let Some(id) = key.last_chunk::<32>()
                && let Some(pack) = tx.get(Table::Packs, id)?
            {
                packs += 1;
                bytes += pack.len() as u64;
            }
            Ok(())
        })?;
        Ok((packs, bytes))
    }

    /// The relay says that nothing is new.
    pub(crate) fn nothing_new(
        &mut self,
        tx: &mut dyn Transaction,
        sending: &Sending,
        answer: &[u8],
    ) -> Result<(), EngineError> {
        let answer =
            NothingNew::from_bytes(answer).map_err(|_| EngineError::Forged("the answer is not a relay's"))?;
        let checked = answer.verify(&sending.relay, &sending.request);
        checked.map_err(|_| EngineError::Forged("the answer is not signed by the relay that was asked"))?;
        self.see(tx, sending, answer.newest)?;
        set_cursor(tx, &at(&answer.newest))
    }

    /// Takes an answer's head: receipts, refusals and what follows.
    pub(crate) fn answer_head(
        &mut self,
        tx: &mut dyn Transaction,
        sending: &Sending,
        frame: &[u8],
    ) -> Result<Announced, EngineError> {
        let answer = SignedAnswer::from_bytes(frame)
            .map_err(|_| EngineError::Forged("the answer is not a relay's"))?;
        let head = answer
            .verify(&sending.relay, &sending.request)
            .map_err(|_| EngineError::Forged("the answer is not signed by the relay that was asked"))?
            .into_inner();
        self.see(tx, sending, head.newest)?;
        let receipts = self.receipts(tx, sending, &head)?;
        self.refusals(tx, &head)?;
        for id in &sending.asked {
            if let Some(record) = get::<PackRecord>(tx, Table::PackStates, &id.0)?
                && !record.held
                && let Some(pack) = get::<Pack>(tx, Table::Packs, &id.0)?
            {
                self.queue(tx, &pack)?;
            }
        }
        let mut again = !sending.asked.is_empty();
        let refilled = match &head.frontier {
            Some(frontier) => self.fill(tx, frontier)?,
            None => false,
        };
        // The relay does not know what it said before: it was restored, or is another one.
        if !defence!(F08, defence!(F09, defence!(I06, head.cursor_known))) {
            Notice::RelayRestored { relay: RelayKey(sending.relay.to_bytes()) }.keep(tx)?;
            ask_for_all(tx, sending.request)?;
            self.forget_attachments_at_relay(tx)?;
            again = true;
        } else if head.announced_packs == 0 && head.left_packs == 0 {
            set_cursor(tx, &at(&head.newest))?;
            if sending.refill {
                all_came(tx, sending.request)?;
            }
        }
        Ok(Announced {
            packs: head.announced_packs,
            bytes: head.announced_bytes,
            left_packs: head.left_packs,
            left_bytes: head.left_bytes,
            receipts,
            again,
            refilled,
        })
    }

    fn receipts(
        &mut self,
        tx: &mut dyn Transaction,
        sending: &Sending,
        head: &AnswerHead,
    ) -> Result<usize, EngineError> {
        let mut count = 0;
        for receipt in head.receipts.iter() {
            let genuine = receipt.programme == self.programme() && receipt.verify(&sending.relay).is_ok();
            if !defence!(I10, genuine && self.counts_as_relay(&sending.relay)) {
                continue;
            }
            if let Some(mut record) = get::<PackRecord>(tx, Table::PackStates, &receipt.pack.0)? {
                record.received_ms = record.received_ms.or(Some(receipt.received_ms));
                self.mark_held(tx, receipt.pack, &mut record)?;
                put(tx, Table::Receipts, &receipt.pack.0, receipt)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// True where the charter names the relay: only then a receipt clears the outbox.
    pub(crate) fn counts_as_relay(&self, relay: &PublicKey) -> bool {
        self.known.permission.charter.powers.relays.contains_key(relay)
    }

    /// What a relay will never take leaves the outbox with a notice; what it cannot take now stays. Where it
    /// lacks the statement that makes the author a writer, it is told.
    fn refusals(&mut self, tx: &mut dyn Transaction, head: &AnswerHead) -> Result<(), EngineError> {
        for (pack, refusal) in head.refused.iter() {
            let stale = matches!(refusal, Refusal::UnknownDevice | Refusal::NotAWriter)
                && get::<Pack>(tx, Table::Packs, &pack.0)?
                    .is_some_and(|pack| self.known.access.may_write(pack.header()).is_ok());
            if stale {
                self.introduce(tx)?;
            }
            let later = stale || matches!(refusal, Refusal::UnknownDevice | Refusal::Quota | Refusal::Full);
            if let Some(record) = get::<PackRecord>(tx, Table::PackStates, &pack.0)? {
                if !later {
                    self.unqueue(tx, *pack, &record)?;
                }
                let code = format!("relay-{}", refusal.code());
                Notice::Refused { pack: *pack, device: record.device, code }.keep(tx)?;
            }
        }
        Ok(())
    }

    /// Puts everything into the outbox that a relay lacks; true where it had signed for some of it.
    fn fill(
        &mut self,
        tx: &mut dyn Transaction,
        frontier: &tessera_protocol::frontier::Frontier,
    ) -> Result<bool, EngineError> {
        let mut was_held = false;
        for id in chains::outside(tx, frontier)? {
            let (Some(pack), Some(mut record)) =
                (get::<Pack>(tx, Table::Packs, &id.0)?, get::<PackRecord>(tx, Table::PackStates, &id.0)?)
            else {
                continue;
            };
            was_held |= record.held;
            record.held = false;
            put(tx, Table::PackStates, &id.0, &record)?;
            self.queue(tx, &pack)?;
        }
        Ok(was_held)
    }

    /// Takes a segment: the bytes and the cursor in one commit.
    pub(crate) fn segment(
        &mut self,
        tx: &mut dyn Transaction,
        sending: &Sending,
        frame: &[u8],
        index: u32,
    ) -> Result<(Imported, bool), EngineError> {
        let segment =
            Segment::from_bytes(frame).map_err(|_| EngineError::Forged("the answer is not a relay's"))?;
        let segment = segment
            .verify(&sending.relay, &sending.request)
            .map_err(|_| EngineError::Forged("the answer is not signed by the relay that was asked"))?
            .into_inner();
        if segment.index != index {
            return Err(EngineError::Forged("a part of the answer is missing"));
        }
        let last = segment.last;
        let cursor = segment.cursor.clone();
        let pulled = segment.pulled.into_vec();
        let packs = pulled.into_iter().map(|one| (one.pack, Road::Relay { received_ms: one.received_ms }));
        let way = Way::Relay(RelayKey(sending.relay.to_bytes()));
        let imported = self.receive(tx, packs, Some((way, None)))?;
        if !sending.refill {
            set_cursor(tx, &cursor)?;
        } else if last {
            set_cursor(tx, &cursor)?;
            all_came(tx, sending.request)?;
        }
        Ok((imported, last))
    }

    /// Remembers the newest place of a relay's log, and whether the relay contradicts what it had shown before
    /// it was asked. Answers may come in another order than they were given.
    fn see(
        &mut self,
        tx: &mut dyn Transaction,
        sending: &Sending,
        newest: Position,
    ) -> Result<(), EngineError> {
        if let Some(before) = sending.seen {
            let same = before.incarnation == newest.incarnation;
            let other = before.sequence == newest.sequence && before.head != newest.head;
            if same && (before.sequence > newest.sequence || other) {
                Notice::RelayLied { relay: RelayKey(sending.relay.to_bytes()) }.keep(tx)?;
            }
            // The relay started anew, and the cursor that it knows is older than what it signed for since:
            // it may have been restored to between the two.
            if !same && before.sequence > sending.vouched && !sending.refill {
                ask_for_all(tx, sending.request)?;
            }
        }
        let known = self.known.seen;
        let same = known.is_some_and(|known| known.incarnation == newest.incarnation);
        // Another answer came before this one, from another start of the relay: which of the two starts is the later one
        // cannot be told, so what it holds is asked.
        if known != sending.seen && known.is_some() && !same {
            return ask_for_all(tx, sending.request);
        }
        let newer = !same || known.is_none_or(|known| known.sequence < newest.sequence);
        if newest.sequence > 0 && newer {
            put(tx, Table::Meta, meta::SEEN, &newest)?;
            self.known.seen = Some(newest);
        }
        Ok(())
    }
}

/// Notes that the next request asks for all that the relay holds, as the answer to this one says.
fn ask_for_all(tx: &mut dyn Transaction, request: Hash) -> Result<(), EngineError> {
    Ok(tx.put(Table::Meta, meta::REFILL, &request.0)?)
}

/// A request for all was answered to its end: no further one is needed, unless that very answer says so.
fn all_came(tx: &mut dyn Transaction, request: Hash) -> Result<(), EngineError> {
    if tx.get(Table::Meta, meta::REFILL)?.is_some_and(|by| by != request.0) {
        tx.delete(Table::Meta, meta::REFILL)?;
    }
    Ok(())
}

fn at(position: &Position) -> Cursor {
    Cursor {
        incarnation: position.incarnation,
        sequence: position.sequence,
        head: position.head.prefix(),
        progress: Default::default(),
    }
}

fn cursor(tx: &dyn Transaction) -> Result<Cursor, EngineError> {
    Ok(get(tx, Table::Meta, meta::CURSOR)?.unwrap_or_else(Cursor::start))
}

fn set_cursor(tx: &mut dyn Transaction, cursor: &Cursor) -> Result<(), EngineError> {
    put(tx, Table::Meta, meta::CURSOR, cursor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, Store as _};

    #[test]
    fn an_answer_that_asks_for_all_is_not_the_end_of_that() {
        let [first, second] = [Hash([1; 32]), Hash([2; 32])];
        let asks = |tx: &dyn Transaction| Ok::<_, EngineError>(tx.get(Table::Meta, meta::REFILL)?.is_some());
        let done = MemoryStore::new().transaction(|tx| {
            ask_for_all(tx, first)?;
            all_came(tx, first)?;
            let after_its_own = asks(tx)?;
            all_came(tx, second)?;
            Ok::<_, EngineError>((after_its_own, asks(tx)?))
        });
        assert!(matches!(done, Ok((true, false))));
    }
}
