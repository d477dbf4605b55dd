//! How bytes travel: exchanges that are dropped, doubled, delayed, reordered or cut, and bundles that a courier
//! loses, brings twice, late, or cut short.

use std::rc::Rc;

use tessera_engine::EngineError;
use tessera_engine::bundle::For;
use tessera_engine::exchange::Sending;
use tessera_engine::store::{Store, StoreError, Table};
use tessera_protocol::access::Classes;

use super::bug::Bug;
use super::node::scan;
use super::relay::Answer;
use super::world::World;

/// Something between a laptop and the relay.
pub(crate) struct Flight {
    at: u64,
    node: usize,
    start: u64,
    sending: Rc<Sending>,
    leg: Leg,
}

#[derive(Clone)]
enum Leg {
    There(Vec<Vec<u8>>),
    Back(Answer),
}

/// A bundle with a courier.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) bytes: Vec<u8>,
    pub(crate) from: usize,
    /// For whom; none where for whoever can use it.
    pub(crate) to: Option<usize>,
}

/// What happens to a message.
enum Fate {
    Arrives,
    Lost,
    Doubled,
    Late(u64),
    Cut,
}

impl World {
    /// Begins an exchange. True where it brought or took anything, as far as that is known at once.
    pub(crate) fn exchange(&mut self, node: usize) -> Result<bool, String> {
        let key = self.relay_key;
        let budget = if !self.calm && self.dice.once_in(4) { 1_500 } else { u64::MAX };
        let Some(sending) = self.attempt(node, "exchange", |home| home.prepare(key, budget, Classes::ALL))?
        else {
            return Ok(true);
        };
        if self.bug == Some(Bug::LostOutbox) {
            self.clear(node, Table::Outbox);
        }
        for frame in &sending.frames {
            self.oracle.watch(frame);
        }
        let frames = sending.frames.clone();
        let start = self.nodes[node].start;
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: sends {} packs", frames.len() - 1));
        let flight = Flight { at: self.now, node, start, sending: Rc::new(sending), leg: Leg::There(frames) };
        self.travel(flight)
    }

    fn fate(&mut self) -> Fate {
        if self.calm || !self.dice.once_in(3) {
            return Fate::Arrives;
        }
        self.faults += 1;
        match self.dice.below(5) {
            0 => Fate::Lost,
            1 => Fate::Doubled,
            2 => Fate::Late(1 + self.dice.below(20_000)),
            3 => Fate::Late(1 + self.dice.below(1_000)),
            _ => Fate::Cut,
        }
    }

    /// Sends a message on its way. True where its answer came at once and held anything.
    fn travel(&mut self, mut flight: Flight) -> Result<bool, String> {
        let name = self.nodes[flight.node].name.clone();
        match self.fate() {
            Fate::Arrives => self.arrive(flight),
            Fate::Lost => {
                self.say(format!("{name}: {} lost", flight.leg.word()));
                Ok(true)
            }
            Fate::Doubled => {
                self.say(format!("{name}: {} doubled", flight.leg.word()));
                let twin = Flight { sending: Rc::clone(&flight.sending), leg: flight.leg.clone(), ..flight };
                self.arrive(flight)?;
                self.arrive(twin)?;
                Ok(true)
            }
            Fate::Late(by) => {
                self.say(format!("{name}: {} late by {by}", flight.leg.word()));
                flight.at = self.now + by;
                self.flights.push(flight);
                Ok(true)
            }
            Fate::Cut => {
                let (Leg::There(frames) | Leg::Back(Answer::Frames(frames))) = &mut flight.leg else {
                    return Ok(true);
                };
                let kept = self.dice.index(frames.len());
                frames.truncate(kept);
                let word = flight.leg.word();
                self.say(format!("{name}: {word} cut after {kept} frames"));
                self.arrive(flight)
            }
        }
    }

    /// Delivers what is due.
    pub(crate) fn deliver_due(&mut self) -> Result<(), String> {
        loop {
            let now = self.now;
            let due = (0..self.flights.len()).filter(|at| self.flights[*at].at <= now);
            let Some(next) = due.min_by_key(|at| self.flights[*at].at) else { return Ok(()) };
            let flight = self.flights.swap_remove(next);
            self.arrive(flight)?;
        }
    }

    fn arrive(&mut self, flight: Flight) -> Result<bool, String> {
        let Flight { node, start, sending, leg, .. } = flight;
        match leg {
            Leg::There(frames) => {
                let answer = self.relay.exchange(&frames);
                self.travel(Flight { at: self.now, node, start, sending, leg: Leg::Back(answer) })
            }
            Leg::Back(_) if self.nodes[node].start != start => Ok(true),
            Leg::Back(Answer::Silence) => Ok(!self.calm),
            Leg::Back(Answer::NotAuthorised) => {
                self.say(format!("{}: is not known to the relay", self.nodes[node].name));
                let before = self.attempt(node, "exchange", tessera_engine::Engine::outbox)?;
                self.attempt(node, "exchange", tessera_engine::Engine::introduce)?;
                Ok(before != self.attempt(node, "exchange", tessera_engine::Engine::outbox)?)
            }
            Leg::Back(Answer::NothingNew(bytes)) => {
                self.attempt(node, "exchange", |home| home.nothing_new(&sending, &bytes))?;
                self.promises(node)?;
                Ok(false)
            }
            Leg::Back(Answer::Frames(frames)) => self.take(node, &sending, &frames),
        }
    }

    /// Takes an answer as a driver does: the head, each segment, then reading.
    fn take(&mut self, node: usize, sending: &Sending, frames: &[Vec<u8>]) -> Result<bool, String> {
        let Some(head) = frames.first() else { return Ok(true) };
        let Some(announced) = self.attempt(node, "exchange", |home| home.answer_head(sending, head))? else {
            return Ok(true);
        };
        self.after_answer(node);
        let mut said = announced.packs > 0 || announced.receipts > 0 || announced.again;
        for (index, frame) in (0..).zip(&frames[1..]) {
            let start = self.nodes[node].start;
            let taken = self.attempt(node, "exchange", |home| home.segment(sending, frame, index))?;
            self.after_answer(node);
            if taken.is_none() || self.nodes[node].start != start {
                break;
            }
        }
        let digested = self.attempt(node, "exchange", |home| home.digest())?;
        self.after_answer(node);
        self.promises(node)?;
        // What the relay refused for now, as it does not know the author, waits there and is no news.
        let waiting = self.attempt(node, "exchange", tessera_engine::Engine::outbox)?;
        said |= digested.is_none() || waiting != u64::try_from(sending.frames.len() - 1).ok();
        Ok(said)
    }

    /// Where a planted bug sits.
    fn after_answer(&mut self, node: usize) {
        if self.bug == Some(Bug::ForgetKeyless) {
            self.clear(node, Table::Parked);
        }
    }

    fn clear(&mut self, node: usize, table: Table) {
        let cleared = self.nodes[node].disk().transaction(|tx| {
            for (key, _) in scan(tx, table) {
                tx.delete(table, &key)?;
            }
            Ok::<_, StoreError>(())
        });
        // A fault that comes here is the bug's own.
        drop(cleared);
    }

    /// Notes which packs a relay has signed for.
    fn promises(&mut self, node: usize) -> Result<(), String> {
        let packs = self.attempt(node, "look", |home| home.packs())?;
        for pack in packs.into_iter().flatten() {
            if pack.record.held && self.relay.receipt(pack.id).is_some() {
                self.oracle.promised.insert(pack.id);
            }
        }
        Ok(())
    }

    /// A laptop writes a bundle and hands it to a courier.
    pub(crate) fn hand_to_courier(&mut self, node: usize) -> Result<(), String> {
        let to = self.dice.index(self.nodes.len());
        let member = self.nodes[to].member;
        let (what, to) = match self.dice.below(6) {
            0 => (For::Everything, None),
            1 | 2 => (For::Member(member), Some(to)),
            _ => (For::Outbox, None),
        };
        let Some(mut bytes) = self.attempt(node, "export", |home| home.export(what))? else { return Ok(()) };
        if self.bug == Some(Bug::Plaintext) {
            bytes.extend(super::oracle::CANARY);
        }
        self.oracle.watch(&bytes);
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: gives a courier a bundle, {what:?}"));
        self.parcels.push(Parcel { bytes, from: node, to });
        Ok(())
    }

    /// A courier arrives, in no order: with the bundle whole or cut, once or again, or never.
    pub(crate) fn courier_arrives(&mut self) -> Result<(), String> {
        if self.parcels.is_empty() {
            return Ok(());
        }
        let at = self.dice.index(self.parcels.len());
        let parcel = self.parcels[at].clone();
        match self.dice.below(8) {
            0 => {
                self.say("a courier is lost");
                self.faults += 1;
                self.parcels.swap_remove(at);
                return Ok(());
            }
            1 => self.faults += 1, // It will come once more.
            _ => drop(self.parcels.swap_remove(at)),
        }
        let node = parcel.to.unwrap_or_else(|| self.dice.index(self.nodes.len()));
        if self.dice.once_in(8) {
            return self.cut_bundle(node, &parcel);
        }
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: gets a bundle of {}", self.nodes[parcel.from].name));
        self.attempt(node, "import", |home| home.import(&parcel.bytes))?;
        Ok(())
    }

    /// A stick pulled out too early is refused and leaves no trace.
    fn cut_bundle(&mut self, node: usize, parcel: &Parcel) -> Result<(), String> {
        self.faults += 1;
        let kept = self.dice.index(parcel.bytes.len());
        let steps = self.nodes[node].disk().steps();
        let result = self.nodes[node].home().import(&parcel.bytes[..kept]);
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: gets {kept} of {} bytes of a bundle", parcel.bytes.len()));
        match result {
            Err(EngineError::Forged(_)) if self.nodes[node].disk().steps() == steps => Ok(()),
            other => Err(format!("{name} took a bundle that was cut: {other:?}")),
        }
    }
}

impl Leg {
    fn word(&self) -> &'static str {
        match self {
            Self::There(_) => "request",
            Self::Back(_) => "answer",
        }
    }
}
