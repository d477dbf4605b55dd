//! A member whose program somebody changed: it holds its own keys like everybody, and seals and signs with them what no
//! honest program would.

use std::collections::BTreeSet;

use anyhow::Context;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use tessera_engine::Engine;
use tessera_engine::bundle::{For, read};
use tessera_engine::store::{MemoryStore, Store};
use tessera_protocol::bundle::{BundleHead, Entry as BundleEntry, MAGIC};
use tessera_protocol::charter::Roles;
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::frame;
use tessera_protocol::hash::hash;
use tessera_protocol::header::PackKind;
use tessera_protocol::ids::Incarnation;
use tessera_protocol::pack::Pack;
use tessera_protocol::stream::Stream;
use tessera_tests::homes;
use tessera_tests::sim::dice::Dice;
use tessera_vault::content::Leaf;
use tessera_vault::identity::DeviceSecret;
use tessera_vault::ids::document;
use tessera_vault::items::Change;
use tessera_vault::key::StreamKey;
use tessera_vault::seal::{Draft, Entry, seal};
use tessera_vault::welcome::open_welcome;

/// A change that it made, and the start of its device that it claims for it.
pub struct Claim {
    /// The start.
    pub incarnation: Incarnation,
    /// What it says is one Automerge change.
    pub bytes: Vec<u8>,
}

/// The member.
pub struct Patched {
    /// An honest home of it, for all that it does as everybody.
    pub home: Engine<MemoryStore>,
    name: String,
    made: u64,
}

fn secret(name: &str) -> DeviceSecret {
    DeviceSecret::generate(&mut *homes::dice(&format!("{name} secret")))
}

/// A bundle of these packs, written as a courier can write one.
#[must_use]
pub fn bundle(head: BundleHead, packs: Vec<Pack>) -> Vec<u8> {
    let count = u32::try_from(packs.len()).unwrap_or(u32::MAX);
    let pack_bytes = packs.iter().map(|pack| pack.to_bytes().len() as u64).sum();
    let head = BundleHead { packs: count, pack_bytes, ..head };
    let mut bytes = [&MAGIC[..], &frame(&head.to_bytes())].concat();
    packs.into_iter().for_each(|pack| bytes.extend(frame(&BundleEntry::Pack(pack).to_bytes())));
    let end = BundleEntry::End(hash("bundle", &[&bytes]));
    bytes.extend(frame(&end.to_bytes()));
    bytes
}

impl Patched {
    /// Enrols with a coordinator.
    ///
    /// # Errors
    /// Where it is not admitted.
    pub fn enrol<S: Store>(alice: &mut Engine<S>, name: &str) -> anyhow::Result<Self> {
        let home = homes::enrol(alice, MemoryStore::default(), name, Roles::default(), Vec::new())?;
        let mut patched = Self { home, name: name.to_owned(), made: 0 };
        homes::carry(alice, &mut patched.home)?;
        Ok(patched)
    }

    /// Opens its home again.
    ///
    /// # Errors
    /// Where the store holds none.
    pub fn open(store: MemoryStore, name: &str) -> anyhow::Result<Self> {
        let home = Engine::open(store, secret(name), homes::dice(&format!("{name} again")))?;
        Ok(Self { home, name: name.to_owned(), made: 0 })
    }

    /// Its secret keys.
    #[must_use]
    pub fn secret(&self) -> DeviceSecret {
        secret(&self.name)
    }

    /// The key of what it submits, as its own welcome names it.
    fn key(&mut self) -> anyhow::Result<StreamKey> {
        let stream = Stream::Reviews(self.home.member()).id(self.home.programme());
        let secret = self.secret();
        for pack in read(&self.home.export(For::Everything)?)?.packs {
            let header = pack.header();
            if header.kind == PackKind::Welcome && header.stream == stream && header.device == secret.id() {
                let pack = pack.verify(&secret.public_key())?;
                let welcome = open_welcome(&secret, &pack)?;
                let grant = welcome.grants.into_iter().find(|grant| grant.stream == stream);
                return Ok(grant.context("a welcome that gives no key")?.key);
            }
        }
        anyhow::bail!("it has submitted nothing yet")
    }

    /// A pack that goes on from what it submitted, properly sealed and signed, with these changes of one document in it.
    ///
    /// # Errors
    /// Where they do not fit into one.
    pub fn pack(&mut self, kind: u16, subject: &[u8], changes: Vec<Claim>) -> anyhow::Result<Pack> {
        let (key, secret) = (self.key()?, self.secret());
        let programme = self.home.programme();
        let stream = Stream::Reviews(self.home.member()).id(programme);
        let mut draft = Draft::first(programme, stream, secret.id(), Incarnation([5; 8]));
        let own = self.home.packs()?.into_iter();
        let own = own.filter(|pack| (pack.record.stream, pack.record.device) == (stream, secret.id()));
        if let Some(last) = own.max_by_key(|pack| pack.record.number) {
            draft.number = last.record.number + 1;
            draft.previous = BTreeSet::from([last.id]).try_into().ok().context("one pack that it follows")?;
        }
        let document = document(programme, stream, kind, subject);
        let entry = |claim: Claim| {
            // Automerge hashes all that follows the checksum; of what is no change, anything may stand here.
            let hash = Sha256::digest(claim.bytes.get(8..).unwrap_or_default()).into();
            let change = Change {
                kind,
                subject: subject.to_vec().try_into().ok().context("a short subject")?,
                incarnation: claim.incarnation,
                bytes: claim.bytes.try_into().ok().context("a megabyte at most")?,
            };
            anyhow::Ok(Entry::Own(change, Leaf { document, hash }))
        };
        let entries = changes.into_iter().map(entry).collect::<anyhow::Result<Vec<_>>>()?;
        self.made += 1;
        let sealed = seal(&key, draft, entries, &mut chance(self.made))?;
        Ok(secret.sign_sealed(sealed)?.into_inner())
    }

    /// Takes a pack of its own making into its home, which will send it on like any other.
    ///
    /// # Errors
    /// Where the home does not take it.
    pub fn keep(&mut self, pack: Pack) -> anyhow::Result<()> {
        let head = read(&self.home.export(For::Outbox)?)?.head;
        let imported = self.home.import(&bundle(head, vec![pack]))?;
        anyhow::ensure!(imported.new == 1, "{imported:?}");
        Ok(())
    }
}

fn chance(number: u64) -> impl CryptoRng {
    Dice::new(number, "what a changed program seals")
}
