//! What goes wrong besides the network: crashes, full disks, copied and restored laptops, relays that are
//! restored or lost, clocks that jump, weeks without an exchange.

use std::collections::{BTreeMap, BTreeSet};

use tessera_engine::store::Fault;
use tessera_protocol::ids::{Incarnation, PackId};

use super::node::{Node, open};
use super::oracle::Text;
use super::relay::Relay;
use super::world::{Scale, World};

/// A run copies no more laptops than this in all.
const LAPTOPS: usize = 11;
/// Thirty years, in milliseconds.
const YEARS: u64 = 30 * 365 * 24 * 3_600_000;

impl World {
    /// Something goes wrong.
    pub(crate) fn trouble(&mut self, node: usize) -> Result<(), String> {
        if self.scale == Scale::Years && self.dice.once_in(12) {
            return self.relay_doubled();
        }
        match self.dice.below(34) {
            0..10 => self.disk_trouble(node),
            10..13 => self.power_off(node),
            13..15 => self.make_room(node),
            15..18 => self.relay_starts_again(),
            18..20 => self.relay_restored(),
            20 => self.relay_lost(),
            21..23 => self.copy(node),
            23..28 => self.back_up(node),
            28..30 => self.restore(node),
            30..32 => self.clock_jumps(),
            _ => self.goes_offline(node),
        }
    }

    /// The `n`-th write from here fails, or is the last before the power fails.
    fn disk_trouble(&mut self, node: usize) -> Result<(), String> {
        self.faults += 1;
        let n = 1 + self.dice.below(60);
        let fault = match self.dice.below(6) {
            0 => Fault::Full,
            1 => Fault::StaysFull,
            2 => Fault::Io,
            _ => Fault::Crash,
        };
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: {fault:?} will come at write {n}"));
        self.nodes[node].disk().fail_after(n, fault);
        Ok(())
    }

    fn power_off(&mut self, node: usize) -> Result<(), String> {
        self.faults += 1;
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: is switched off and on"));
        self.restart(node, None);
        Ok(())
    }

    fn make_room(&mut self, node: usize) -> Result<(), String> {
        self.nodes[node].disk().make_room();
        Ok(())
    }

    fn fresh_incarnation(&mut self) -> Incarnation {
        let mut bytes = [0; 8];
        rand_core::Rng::fill_bytes(&mut self.dice, &mut bytes);
        Incarnation(bytes)
    }

    /// Nothing that it signed for may be gone afterwards.
    fn relay_starts_again(&mut self) -> Result<(), String> {
        self.faults += 1;
        let before = self.relay.len();
        let incarnation = self.fresh_incarnation();
        self.relay.crash(incarnation);
        self.say(format!("relay: starts again with {} of {before} packs", self.relay.len()));
        let kept: BTreeSet<PackId> = self.at_relays();
        match self.oracle.promised.difference(&kept).next() {
            Some(pack) => Err(format!("the relay signed for {pack} and lost it")),
            None => Ok(()),
        }
    }

    fn relay_restored(&mut self) -> Result<(), String> {
        self.faults += 1;
        let before = self.present();
        let (all, kept) = (self.relay.len(), self.dice.index(self.relay.len() + 1));
        let incarnation = self.fresh_incarnation();
        self.relay.restore(kept, incarnation);
        self.say(format!("relay: restored to {kept} of {all} packs"));
        self.after_loss(&before);
        Ok(())
    }

    fn relay_lost(&mut self) -> Result<(), String> {
        self.faults += 1;
        let before = self.present();
        let incarnation = self.fresh_incarnation();
        self.relay.restore(0, incarnation);
        self.say("relay: lost, and a blank one in its place");
        self.after_loss(&before);
        Ok(())
    }

    /// Somebody starts a second relay with the same key, blank or from a backup; or the one that is reached is the other
    /// one from now on.
    fn relay_doubled(&mut self) -> Result<(), String> {
        self.faults += 1;
        if self.other.is_none() {
            let incarnation = self.fresh_incarnation();
            let mut other: Relay = self.relay.clone();
            let kept = if self.dice.once_in(2) { 0 } else { self.dice.index(self.relay.len() + 1) };
            other.restore(kept, incarnation);
            self.other = Some(other);
            self.say(format!("relay: a second one is started with {kept} packs"));
        }
        self.swap_relays();
        self.say("relay: the other one is reached");
        Ok(())
    }

    /// A laptop is copied, disk and identity; both go on.
    fn copy(&mut self, node: usize) -> Result<(), String> {
        if self.nodes.len() >= LAPTOPS {
            return Ok(());
        }
        self.faults += 1;
        let start = self.next_start();
        let mut disk = self.nodes[node].disk().clone();
        disk.clear_faults();
        let secret = self.nodes[node].secret.clone();
        let name = format!("{}'", self.nodes[node].name);
        let home = open(self.seed, &secret, start, disk);
        self.say(format!("{name}: is a copy"));
        self.nodes.push(Node::new(name, secret, start, home));
        Ok(())
    }

    fn back_up(&mut self, node: usize) -> Result<(), String> {
        let mut disk = self.nodes[node].disk().clone();
        disk.clear_faults();
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: is backed up"));
        self.nodes[node].backup = Some(disk);
        Ok(())
    }

    /// A laptop's whole disk is put back from an old copy.
    fn restore(&mut self, node: usize) -> Result<(), String> {
        let Some(disk) = self.nodes[node].backup.clone() else { return Ok(()) };
        self.faults += 1;
        let before = self.present();
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: is restored from its backup"));
        self.restart(node, Some(disk));
        self.after_loss(&before);
        Ok(())
    }

    fn clock_jumps(&mut self) -> Result<(), String> {
        self.faults += 1;
        self.relay.clock_ms = self.dice.below(2 * YEARS);
        self.say(format!("relay: its clock says {} ms", self.relay.clock_ms));
        Ok(())
    }

    fn goes_offline(&mut self, node: usize) -> Result<(), String> {
        self.faults += 1;
        let most = if self.scale == Scale::Years { 3 * 365 * 24 * 60 } else { 30_000 };
        self.nodes[node].offline_until = self.now + self.dice.below(most);
        let name = self.nodes[node].name.clone();
        self.say(format!("{name}: out of reach until {}", self.nodes[node].offline_until));
        Ok(())
    }

    /// What is at any relay.
    fn at_relays(&self) -> BTreeSet<PackId> {
        let packs = self.relay.packs().chain(self.other.iter().flat_map(Relay::packs));
        packs.map(tessera_protocol::pack::Pack::id).collect()
    }

    /// Which submissions are anywhere, and in which packs: also those of which by now a relay has the only one.
    fn present(&mut self) -> BTreeMap<Text, BTreeSet<PackId>> {
        let (mut here, mut packs) = (BTreeSet::new(), self.at_relays());
        for node in &mut self.nodes {
            packs.extend(node.packs());
            for (text, packs) in node.texts() {
                here.insert(text);
                self.sealed.entry(text).or_default().extend(packs);
            }
        }
        let mut present = self.sealed.clone();
        present.retain(|text, in_packs| {
            here.contains(text) || in_packs.iter().any(|pack| self.is_whole(*pack, &packs))
        });
        present
    }

    /// True where a pack and all that it follows in its chain are among some packs.
    fn is_whole(&mut self, pack: PackId, packs: &BTreeSet<PackId>) -> bool {
        let mut seen = BTreeSet::new();
        let mut next = vec![pack];
        while let Some(id) = next.pop() {
            if !seen.insert(id) {
                continue;
            }
            let mut at_relays = self.relay.packs().chain(self.other.iter().flat_map(Relay::packs));
            let at_relay = at_relays.find(|pack| pack.id() == id).cloned();
            drop(at_relays);
            let found = at_relay.or_else(|| self.nodes.iter_mut().find_map(|node| node.pack(id)));
            match found.filter(|_| packs.contains(&id)) {
                Some(pack) => next.extend(pack.header().previous.iter().copied()),
                None => return false,
            }
        }
        true
    }

    /// What was on no other disk and on no relay is gone, and nobody can be asked for it; unless a relay had
    /// signed for it and was not restored since.
    fn after_loss(&mut self, before: &BTreeMap<Text, BTreeSet<PackId>>) {
        let log = self.at_relays();
        self.oracle.promised.retain(|pack| log.contains(pack));
        let mut packs = log;
        let mut texts = BTreeSet::new();
        for node in &mut self.nodes {
            packs.extend(node.packs());
            texts.extend(node.texts().into_keys());
        }
        for (text, in_packs) in before {
            // A pack without those that it follows may be without its key: the first of a chain brings it.
            let whole = in_packs.iter().any(|pack| self.is_whole(*pack, &packs));
            if !texts.contains(text) && !whole {
                self.say(format!("{text:?} was on one disk alone and is gone"));
                if let Some(one) = self.oracle.submissions.get_mut(text) {
                    one.destroyed = true;
                }
            }
        }
    }
}
