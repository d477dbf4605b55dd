//! What each word makes of an answer.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use tessera_engine::attachments::PIECE_BYTES;
use tessera_fuzz::forge::sign;
use tessera_protocol::exchange::{Pulled, Request};
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::{Header, PackKind, Position};
use tessera_protocol::ids::{PackId, ProgrammeId, StreamId};
use tessera_protocol::pack::Pack;
use tessera_protocol::receipt::{EMPTY_HEAD, Receipt, next_head};
use tessera_protocol::signature::{Context, Signature};

use super::State;
use crate::Behaviour;
use crate::answer::{Answer, at};

/// When a relay that lies says that it received what it never kept.
const RECEIVED_MS: u64 = 1_700_000_000_000;

/// Receipts for packs under any key, with places at the end of a log that may grow by them.
pub(super) fn receipts(
    request: &Request,
    newest: Position,
    packs: &[Pack],
    key: &SigningKey,
    grows: bool,
) -> Answer {
    let mut end = newest;
    let mut receipts = Vec::new();
    for pack in packs {
        end.sequence += 1;
        end.head = next_head(&end.head, pack.id(), RECEIVED_MS);
        receipts.push(signed(
            Receipt {
                programme: request.head.caller.programme,
                incarnation: newest.incarnation,
                sequence: end.sequence,
                pack: pack.id(),
                received_ms: RECEIVED_MS,
                head: end.head,
                signature: Signature([0; 64]),
            },
            key,
        ));
    }
    let mut answer = Answer::nothing(request, if grows { end } else { newest });
    answer.head.receipts = receipts.try_into().unwrap_or_default();
    answer
}

fn signed(receipt: Receipt, key: &SigningKey) -> Receipt {
    Receipt { signature: sign(key, Context::Receipt, &receipt.signed()), ..receipt }
}

/// Takes out what one of these says.
fn take_out(answer: &mut Answer, mut out: impl FnMut(&Pulled) -> bool) -> Vec<Pulled> {
    let (taken, left) = std::mem::take(&mut answer.pulled).into_iter().partition(|one| out(one));
    answer.pulled = left;
    taken
}

/// A pack with another header, under the signature that it had.
fn renamed(pack: &Pack, change: impl FnOnce(&mut Header)) -> Option<Pack> {
    let mut header = pack.header().clone();
    change(&mut header);
    Pack::new(header, *pack.signature(), pack.body().to_vec()).ok()
}

fn resigned(pack: &Pack, signature: Signature) -> Option<Pack> {
    Pack::new(pack.header().clone(), signature, pack.body().to_vec()).ok()
}

impl State {
    /// Makes of an honest answer what a word says.
    pub(super) fn play(&mut self, behaviour: &Behaviour, request: &Request, mut answer: Answer) -> Answer {
        let device = request.head.caller.device;
        match behaviour {
            Behaviour::Honest => answer.pulled.extend(self.kept_back.remove(&device).unwrap_or_default()),
            Behaviour::Omit(ids) => {
                self.played += take_out(&mut answer, |one| ids.contains(&one.pack.id())).len();
            }
            Behaviour::Delay(ids) => self.keep_back(request, &mut answer, ids),
            Behaviour::Subsets(by_device) => {
                if let Some(ids) = by_device.get(&device) {
                    self.keep_back(request, &mut answer, ids);
                }
            }
            Behaviour::CutOff(stream) => self.cut_off(&mut answer, *stream),
            Behaviour::NewestFirst => self.newest_first(request, &mut answer),
            Behaviour::Replay => {
                let served = self.served.get(&device).cloned().unwrap_or_default();
                self.played += served.len();
                answer.pulled.extend(served);
            }
            Behaviour::OldWelcomes => {
                let welcomes = self.seen.values().filter(|pack| pack.header().kind == PackKind::Welcome);
                let welcomes: Vec<Pack> = welcomes.cloned().collect();
                self.add(&mut answer, welcomes);
            }
            Behaviour::RollBack => {
                if self.rolled_back.insert(device) {
                    self.forget(&mut answer);
                }
            }
            Behaviour::AlwaysForgets => self.forget(&mut answer),
            Behaviour::TwoLogs(of) => {
                if *of == device {
                    self.played += 1;
                    answer.head.newest.head.0[0] ^= 1;
                    answer.cursor = at(&answer.head.newest);
                }
            }
            Behaviour::Invent(packs) => self.add(&mut answer, packs.clone()),
            Behaviour::FalseTimes(received_ms) => self.false_times(&mut answer, *received_ms),
            _ => self.remake(behaviour, &mut answer),
        }
        answer
    }

    /// Puts another pack in the place of one.
    fn remake(&mut self, behaviour: &Behaviour, answer: &mut Answer) {
        let id = match behaviour {
            Behaviour::Misplace(id, _)
            | Behaviour::OtherProgramme(id)
            | Behaviour::StripSignature(id)
            | Behaviour::SwapSignatures(id, _)
            | Behaviour::AddRecipient(id) => *id,
            _ => return,
        };
        let other = |pack: &PackId| self.seen.get(pack).map(|pack| *pack.signature());
        let make = |pack: &Pack| match behaviour {
            Behaviour::Misplace(_, stream) => renamed(pack, |header| header.stream = *stream),
            Behaviour::OtherProgramme(_) => renamed(pack, |header| header.programme = ProgrammeId([9; 16])),
            Behaviour::StripSignature(_) => resigned(pack, Signature([0; 64])),
            Behaviour::SwapSignatures(_, of) => resigned(pack, other(of)?),
            _ => with_recipient(pack),
        };
        if let Some(one) = answer.pulled.iter_mut().find(|one| one.pack.id() == id)
            && let Some(pack) = make(&one.pack)
        {
            one.pack = pack;
            self.played += 1;
        }
    }

    fn keep_back(&mut self, request: &Request, answer: &mut Answer, ids: &BTreeSet<PackId>) {
        let kept = take_out(answer, |one| ids.contains(&one.pack.id()));
        self.played += kept.len();
        self.kept_back.entry(request.head.caller.device).or_default().extend(kept);
    }

    fn cut_off(&mut self, answer: &mut Answer, stream: StreamId) {
        let of = answer.pulled.iter().filter(|one| one.pack.header().stream == stream);
        let end = of.max_by_key(|one| one.pack.header().number).map(|one| one.pack.id());
        self.played += take_out(answer, |one| Some(one.pack.id()) == end).len();
    }

    fn newest_first(&mut self, request: &Request, answer: &mut Answer) {
        let device = request.head.caller.device;
        if let Some(older) = self.kept_back.remove(&device) {
            answer.pulled.extend(older);
            return;
        }
        let mut newest: BTreeMap<StreamId, u64> = BTreeMap::new();
        for one in &answer.pulled {
            let header = one.pack.header();
            let number = newest.entry(header.stream).or_default();
            *number = header.number.max(*number);
        }
        let older = take_out(answer, |one| {
            let header = one.pack.header();
            newest.get(&header.stream).is_some_and(|number| header.number < *number)
        });
        if older.is_empty() {
            return;
        }
        self.played += older.len();
        (answer.head.left_packs, answer.head.left_bytes) = (older.len() as u64, 1000);
        self.kept_back.insert(device, older);
    }

    /// Says that the log is empty and was never anything else.
    fn forget(&mut self, answer: &mut Answer) {
        self.played += 1;
        answer.pulled.clear();
        answer.head.cursor_known = false;
        answer.head.frontier = Some(Default::default());
        (answer.head.left_packs, answer.head.left_bytes) = (0, 0);
        let incarnation = answer.head.newest.incarnation;
        answer.head.newest = Position { incarnation, sequence: 0, head: EMPTY_HEAD };
    }

    fn add(&mut self, answer: &mut Answer, packs: Vec<Pack>) {
        self.played += packs.len();
        let first = answer.head.newest.sequence;
        let added = (first + 1..).zip(packs);
        let received_ms = RECEIVED_MS;
        answer.pulled.extend(added.map(|(sequence, pack)| Pulled { sequence, received_ms, pack }));
    }

    fn false_times(&mut self, answer: &mut Answer, received_ms: u64) {
        answer.pulled.iter_mut().for_each(|one| one.received_ms = received_ms);
        let receipts = std::mem::take(&mut answer.head.receipts).into_vec();
        self.played += answer.pulled.len() + receipts.len();
        let false_ones =
            receipts.into_iter().map(|receipt| signed(Receipt { received_ms, ..receipt }, &self.key));
        answer.head.receipts = false_ones.collect::<Vec<_>>().try_into().unwrap_or_default();
    }

    /// Changes the last byte of a pack's body, wherever it stands.
    pub(super) fn change_byte(&mut self, bytes: &mut [u8], id: PackId) {
        let Some(pack) = self.seen.get(&id) else { return };
        let body = pack.body();
        if let Some(found) = bytes.windows(body.len()).position(|window| window == body) {
            bytes[found + body.len() - 1] ^= 1;
            self.played += 1;
        }
    }

    /// Makes of a file what the word says.
    pub(super) fn play_file(&mut self, body: &mut Vec<u8>) {
        match self.behaviour {
            Behaviour::SwapPieces if body.len() >= 2 * PIECE_BYTES => {
                let (first, rest) = body.split_at_mut(PIECE_BYTES);
                first.swap_with_slice(&mut rest[..PIECE_BYTES]);
                self.played += 1;
            }
            Behaviour::SwapFiles => {
                let served =
                    self.files.iter().find(|file| file.len() == body.len() && *file != body).cloned();
                self.files.push(std::mem::take(body));
                self.played += usize::from(served.is_some());
                *body = served.unwrap_or_else(|| self.files[self.files.len() - 1].clone());
            }
            _ => {}
        }
    }
}

/// A welcome with one stanza more than its author wrote, under a header that names it.
fn with_recipient(pack: &Pack) -> Option<Pack> {
    let body = [pack.body(), b"-> X25519 of-the-relay"].concat();
    let mut header = pack.header().clone();
    header.padded_bytes = u32::try_from(body.len()).ok()?;
    header.recipients = Some(Hash([9; 32]));
    header.body = hash("body", &[&body]);
    Pack::new(header, *pack.signature(), body).ok()
}
