//! K06, K16: every kind of object, in its real encoding, presented to the real reader of every other. One device signs, receives
//! and is the relay here, its recovery paper has the same keys, and every other secret is the same bytes, so that nothing but the
//! kind tells them apart. What lies inside age files is confused in the vault's own tests.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells what it measured and ends where it cannot go on"
)]

use std::collections::BTreeSet;
use std::fs;
use std::mem::discriminant;
use std::path::PathBuf;

use ed25519_dalek::{Signer, SigningKey};
use tempfile::TempDir;
use tessera_engine::Engine;
use tessera_engine::bundle::{self, For};
use tessera_engine::devices::Pass;
use tessera_engine::home::{Continuity, Home};
use tessera_engine::store::{MemoryStore, SqlcipherStore};
use tessera_protocol::access::Classes;
use tessera_protocol::bundle::Witness;
use tessera_protocol::charter::{Link, Roles};
use tessera_protocol::codec::Wire;
use tessera_protocol::exchange::{
    AnswerHead, Authorisation, Caller, Cursor, EXCHANGE, NothingNew, Pulled, Request, RequestHead, Segment,
    SignedAnswer, attachment_path, attachment_range, nothing_new_bytes, request_bytes,
};
use tessera_protocol::frontier::Frontier;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::header::Position;
use tessera_protocol::ids::{
    AttachmentId, DocumentId, Incarnation, InvitationId, MemberId, PackId, ProgrammeId, RelayKey, RoundId,
    StreamId,
};
use tessera_protocol::pack::Pack;
use tessera_protocol::permission::{Act, PublicPack};
use tessera_protocol::receipt::Receipt;
use tessera_protocol::signature::{Context, PublicKey, Signature, Verified, signed_bytes};
use tessera_protocol::statement::{Ballot, Statement, Target};
use tessera_protocol::stream::Stream;
use tessera_tests::homes;
use tessera_vault::attachment::{self, AttachmentKey, Manifest};
use tessera_vault::content::Leaf;
use tessera_vault::enrol::{About, Invitation, Nonce, OneTimeSecret, answer, open_answer};
use tessera_vault::identity::{Cost, DeviceSecret, open_identity, seal_identity};
use tessera_vault::ids::Audience;
use tessera_vault::items::{Acknowledgement, Change, Decision, Grant, Item, Matter, Release, Verdict};
use tessera_vault::key::StreamKey;
use tessera_vault::keychain::{EntryId, UnlockKey, open_copy, seal_copy};
use tessera_vault::passphrase::Passphrase;
use tessera_vault::recovery::{Paper, open_envelope, seal_envelope};
use tessera_vault::seal::{Content, Draft, Entry, open, seal};
use tessera_vault::sign::Clear;
use tessera_vault::welcome::{open_welcome, seal_welcome};

/// Paper, stream key, attachment key, nonce, one-time secret, keychain's key and store's key.
const SECRET: [u8; 32] = [6; 32];
const STREAM: StreamId = StreamId([8; 16]);
const START: Incarnation = Incarnation([9; 8]);
const PACK: PackId = PackId([5; 32]);
const MEMBER: MemberId = MemberId([5; 16]);
const NEWEST: Position = Position { incarnation: START, sequence: 1, head: Hash([3; 32]) };
const AGE_FILE: &[u8] = b"age-encryption.org/v1\n";

/// Says whether bytes are read as a kind.
type Reads<'w> = Box<dyn Fn(&[u8]) -> bool + 'w>;

/// A kind of object: one of it, and who reads it.
struct Kind<'w> {
    name: &'static str,
    one: Vec<u8>,
    reads: Reads<'w>,
}

fn kind<'w>(name: &'static str, one: Vec<u8>, reads: impl Fn(&[u8]) -> bool + 'w) -> Kind<'w> {
    Kind { name, one, reads: Box::new(reads) }
}

fn paper() -> Paper {
    Paper::from_bytes(&SECRET)
}

fn passphrase() -> Passphrase {
    Passphrase::new("p")
}

/// The device that is everybody: the paper's keys on a computer.
fn secret() -> DeviceSecret {
    let mut bytes = paper().device_secret().to_bytes();
    // Version, form, keys: `shared/vault/FORMAT.md`. A paper founds no programme.
    bytes[1] = 0;
    DeviceSecret::from_bytes(&bytes).unwrap()
}

fn public() -> PublicKey {
    secret().public_key()
}

fn sign(context: Context, payload: &[u8]) -> Signature {
    let bytes = secret().to_bytes();
    let key = SigningKey::from_bytes(bytes[2..].first_chunk().unwrap());
    Signature(key.sign(&signed_bytes(context, payload)).to_bytes())
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// One programme, its home on a disk, and what its engine wrote.
struct World {
    programme: ProgrammeId,
    bundle: Vec<u8>,
    pass: Pass,
    invitation: Invitation,
    home: Home,
    backup: Vec<u8>,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let dice = homes::dice("everybody");
        let mut engine = Engine::found(MemoryStore::default(), secret(), dice, true, &[]).unwrap();
        let (programme, member) = (engine.programme(), engine.member());
        let nonce = Nonce::from_bytes(&SECRET);
        let invitation = Invitation {
            programme,
            id: InvitationId([1; 16]),
            secret: OneTimeSecret::from_bytes(&SECRET),
            commitment: nonce.commitment(),
            inviter: member,
            roles: Roles::default(),
            recipients: vec![secret().device()].try_into().unwrap(),
            relays: Default::default(),
            name: Default::default(),
            demo: true,
        };
        let folder = tempfile::tempdir().unwrap();
        let identity = seal_identity(&secret(), &passphrase(), Cost::Demo);
        let home = Home::create(&folder.path().join("home"), &identity, &SECRET).unwrap();
        drop(home.open(&SECRET, [1; 8]).unwrap());
        let backup = folder.path().join("backup");
        home.write_backup(&backup).unwrap();
        Self {
            programme,
            bundle: engine.export(For::Everything).unwrap(),
            pass: engine.together(|acts| acts.device_pass(member)).unwrap(),
            invitation,
            home,
            backup: fs::read(backup).unwrap(),
            folder,
        }
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.home.folder().join(name)).unwrap()
    }

    /// A new file with these bytes, in a folder of its own.
    fn written(&self, bytes: &[u8]) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir_in(self.folder.path()).unwrap();
        let path = folder.path().join("file");
        fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn draft(&self, stream: StreamId) -> Draft {
        Draft::first(self.programme, stream, secret().id(), START)
    }

    fn sealed(&self, entry: Entry) -> Verified<Pack> {
        let key = StreamKey::from_bytes(&SECRET);
        let sealed = seal(&key, self.draft(STREAM), vec![entry], &mut *homes::dice("seal")).unwrap();
        secret().sign_sealed(sealed).unwrap()
    }

    fn clear(&self, clear: &Clear<'_>) -> Vec<u8> {
        let stream = Stream::Public.id(self.programme);
        secret().sign_clear(self.draft(stream), clear).unwrap().to_bytes()
    }

    fn kinds(&self) -> Vec<Kind<'_>> {
        let mut kinds = self.items();
        kinds.extend(self.statements());
        kinds.extend(self.packs());
        kinds.extend(self.asked());
        kinds.extend(self.answered());
        kinds.extend(self.to_come());
        kinds.extend(self.enrolment());
        kinds.extend(self.kept());
        kinds
    }

    /// Every kind of item, each alone in a sealed pack.
    fn items(&self) -> Vec<Kind<'_>> {
        let change = Change {
            kind: 3,
            subject: b"application 12".to_vec().try_into().unwrap(),
            incarnation: START,
            bytes: b"text".to_vec().try_into().unwrap(),
        };
        let leaf = leaf(&change);
        let changed = self.sealed(Entry::Own(change.clone(), leaf));
        let (salt, path) = content(&changed).unwrap().proof(0).unwrap();
        let (header, signature) = (changed.header().clone(), *changed.signature());
        let release = Release { header, signature, salt, path, change: change.clone() };
        let decision = Decision {
            matter: Matter::Pack(PACK),
            verdict: Verdict::Accept,
            reason: Default::default(),
            by: MEMBER,
            over: Default::default(),
        };
        let acknowledgement = Acknowledgement {
            frontier: Default::default(),
            outcomes: Default::default(),
            documents: Default::default(),
        };
        let grant = Grant::new(&Audience::Programme, STREAM, 1, StreamKey::from_bytes(&SECRET));
        let others = [
            ("a key that is given", Item::Grant(grant)),
            ("an acknowledgement", Item::Acknowledgement(acknowledgement)),
            ("a review that is shown", Item::Release(Box::new(release))),
            ("a decision", Item::Decision(decision)),
            ("an item to come", Item::Unknown { code: 9, body: vec![1, 2, 3].try_into().unwrap() }),
        ];
        let of = |name, item: &Item, pack: &Verified<Pack>| {
            let wanted = discriminant(item);
            kind(name, pack.to_bytes(), move |bytes| {
                let content = verified(bytes).and_then(|pack| content(&pack));
                content.is_some_and(|content| content.items().iter().all(|one| discriminant(one) == wanted))
            })
        };
        let mut kinds = vec![of("a change", &Item::Change(change), &changed)];
        kinds.extend(others.map(|(name, item)| of(name, &item, &self.sealed(Entry::Other(item.clone())))));
        kinds
    }

    /// Every kind of statement, each signed.
    fn statements(&self) -> Vec<Kind<'_>> {
        let (invitation, device, cut) = (InvitationId([1; 16]), secret().device(), Frontier::default);
        let ballots = Default::default();
        let statements = [
            ("invite", Statement::Invite { invitation, commitment: Hash([2; 32]) }),
            ("admit", Statement::Admit { invitation, device: device.clone(), nonce: SECRET }),
            ("suspend", Statement::Suspend { target: Target::Member(MEMBER), cut: cut() }),
            ("lift", Statement::Lift { suspension: PACK }),
            ("remove", Statement::Remove { member: MEMBER, cut: cut() }),
            ("add a device", Statement::AddDevice { member: MEMBER, device: device.clone() }),
            (
                "remove a device",
                Statement::RemoveDevice { device: device.id(), cut: cut(), keep: Default::default() },
            ),
            ("close", Statement::Close { round: RoundId([5; 16]), frontier: cut() }),
            (
                "final list",
                Statement::FinalList { list: Hash([6; 32]), predecessor: None, holder: device.id(), ballots },
            ),
            ("erase", Statement::Erase { streams: Default::default(), attachments: Default::default() }),
            ("a statement to come", Statement::Unknown { code: 99, body: vec![1, 2, 3].try_into().unwrap() }),
        ];
        let of = |(name, statement): (&'static str, Statement)| {
            let wanted = discriminant(&statement);
            kind(
                name,
                self.clear(&Clear::Statement(&statement)),
                move |bytes| matches!(act(bytes), Some(Act::Statement(found)) if discriminant(&found) == wanted),
            )
        };
        statements.into_iter().map(of).collect()
    }

    fn packs(&self) -> Vec<Kind<'_>> {
        let to = BTreeSet::from([secret().device()]);
        let grant = Grant::new(&Audience::Programme, STREAM, 1, StreamKey::from_bytes(&SECRET));
        let welcome = seal_welcome(self.draft(STREAM), to, vec![grant]).unwrap();
        let link =
            Link { parents: Default::default(), nonce: [1; 16], demo: true, changes: Default::default() };
        vec![
            kind("welcome", secret().sign_sealed(welcome).unwrap().to_bytes(), |bytes| {
                verified(bytes).is_some_and(|pack| open_welcome(&secret(), &pack).is_ok())
            }),
            kind("link", self.clear(&Clear::Link(&link)), |bytes| matches!(act(bytes), Some(Act::Link(_)))),
            kind("bundle", self.bundle.clone(), |bytes| bundle::read(bytes).is_ok()),
        ]
    }

    fn caller(&self) -> Caller {
        Caller { programme: self.programme, device: secret().id(), incarnation: START, counter: 1 }
    }

    fn request(&self) -> Request {
        let head = RequestHead {
            caller: self.caller(),
            cursor: Cursor::start(),
            budget_bytes: 0,
            wanted: Classes::ALL,
            have: None,
            asked: Default::default(),
            packs: 0,
            pack_bytes: 0,
        };
        let asked = request_bytes(relay(), &head.caller, EXCHANGE.0, EXCHANGE.1, &head.to_bytes());
        Request { signature: sign(Context::Request, &asked), head }
    }

    /// What a device asks of a relay.
    fn asked(&self) -> Vec<Kind<'_>> {
        let caller = self.caller();
        let authorisation = Authorisation { signature: sign(Context::Request, &fetched(&caller)), caller };
        vec![
            kind("request", self.request().to_bytes(), |bytes| {
                Request::from_bytes(bytes).is_ok_and(|request| request.verify(relay(), &public()).is_ok())
            }),
            kind("authorisation", authorisation.to_bytes(), |bytes| {
                Authorisation::from_bytes(bytes).is_ok_and(|found| {
                    public().verify(Context::Request, &fetched(&found.caller), &found.signature).is_ok()
                })
            }),
        ]
    }

    /// What a relay answers.
    fn answered(&self) -> Vec<Kind<'_>> {
        let id = self.request().id();
        let mut receipt = Receipt {
            programme: self.programme,
            incarnation: START,
            sequence: 1,
            pack: PACK,
            received_ms: 0,
            head: Hash([3; 32]),
            signature: Signature([0; 64]),
        };
        receipt.signature = sign(Context::Receipt, &receipt.signed());
        let head = AnswerHead {
            request: id,
            newest: NEWEST,
            cursor_known: true,
            receipts: Default::default(),
            refused: Default::default(),
            frontier: None,
            announced_packs: 0,
            announced_bytes: 0,
            left_packs: 0,
            left_bytes: 0,
        };
        let answer = SignedAnswer { signature: sign(Context::Answer, &head.to_bytes()), head };
        let signature = sign(Context::Answer, &nothing_new_bytes(&id, &NEWEST));
        let nothing = NothingNew { newest: NEWEST, signature };
        let pack = self.clear(&Clear::Statement(&Statement::Lift { suspension: PACK }));
        let pack = Pack::from_bytes(&pack).unwrap();
        let mut segment = Segment {
            index: 0,
            last: true,
            cursor: Cursor::start(),
            pulled: vec![Pulled { sequence: 1, received_ms: 0, pack }].try_into().unwrap(),
            signature: Signature([0; 64]),
        };
        segment.signature = sign(Context::Segment, &segment.signed(&id));
        vec![
            kind("receipt", receipt.to_bytes(), |bytes| {
                Receipt::from_bytes(bytes).is_ok_and(|receipt| receipt.verify(&public()).is_ok())
            }),
            kind("relay's answer", answer.to_bytes(), move |bytes| {
                SignedAnswer::from_bytes(bytes).is_ok_and(|answer| answer.verify(&public(), &id).is_ok())
            }),
            kind("nothing new", nothing.to_bytes(), move |bytes| {
                NothingNew::from_bytes(bytes).is_ok_and(|nothing| nothing.verify(&public(), &id).is_ok())
            }),
            kind("segment", segment.to_bytes(), move |bytes| {
                Segment::from_bytes(bytes).is_ok_and(|segment| segment.verify(&public(), &id).is_ok())
            }),
        ]
    }

    /// What couriers and the signers of a list will say: nobody reads it yet, so its reader is what
    /// `shared/protocol/FORMAT.md` says of it.
    fn to_come(&self) -> Vec<Kind<'_>> {
        let device = secret().id();
        let mut witness = Witness {
            device,
            packs: vec![PACK].try_into().unwrap(),
            claimed_ms: 0,
            newest: Some(NEWEST),
            signature: Signature([0; 64]),
        };
        witness.signature = sign(Context::Witness, &unsigned(&witness));
        let listed = (Hash([6; 32]), None::<PackId>).to_bytes();
        let ballot = Ballot { device, signature: sign(Context::Ballot, &listed) };
        vec![
            kind("witness", witness.to_bytes(), |bytes| {
                Witness::from_bytes(bytes).is_ok_and(|found| {
                    public().verify(Context::Witness, &unsigned(&found), &found.signature).is_ok()
                })
            }),
            kind("ballot", ballot.to_bytes(), move |bytes| {
                Ballot::from_bytes(bytes)
                    .is_ok_and(|found| public().verify(Context::Ballot, &listed, &found.signature).is_ok())
            }),
        ]
    }

    /// What people hand to one another on the way in.
    fn enrolment(&self) -> Vec<Kind<'_>> {
        let (invitation, pass) = (&self.invitation, self.pass.invitation());
        let answered = answer(invitation, &secret(), About::default()).unwrap();
        let requested = answer(pass, &secret(), About::default()).unwrap();
        vec![
            kind("invitation", invitation.to_link().as_bytes().to_vec(), |bytes| {
                Invitation::from_link(text(bytes)).is_ok()
            }),
            kind("answer to an invitation", answered, move |bytes| {
                open_answer(bytes, invitation, &secret()).is_ok()
            }),
            kind("device pass", self.pass.to_file().to_vec(), |bytes| Pass::from_file(bytes).is_ok()),
            kind("request to a device pass", requested, move |bytes| {
                open_answer(bytes, pass, &secret()).is_ok()
            }),
        ]
    }

    /// What is kept on a disk, on paper and in a keychain.
    fn kept(&self) -> Vec<Kind<'_>> {
        let unlock = || UnlockKey::from_bytes(&SECRET);
        let key = AttachmentKey::from_bytes(&SECRET);
        let (manifest, sealed) =
            attachment::seal(key, b"file", Default::default(), Default::default()).unwrap();
        let envelope = seal_envelope(&secret(), &paper().device_secret().device()).unwrap();
        let copy = seal_copy(&secret(), &unlock(), EntryId::generate(&mut *homes::dice("entry")));
        let (described, store) = (manifest.to_bytes(), self.file("store.db"));
        vec![
            kind("identity", self.file("identity.age"), |bytes| {
                open_identity(bytes, &passphrase(), Cost::Demo).is_ok()
            }),
            kind("envelope", envelope, |bytes| open_envelope(bytes, &paper(), secret().id()).is_ok()),
            kind("paper's words", paper().words().as_bytes().to_vec(), |bytes| {
                Paper::from_words(text(bytes)).is_ok()
            }),
            kind("paper's code", paper().code().as_bytes().to_vec(), |bytes| {
                Paper::from_code(text(bytes)).is_ok()
            }),
            kind("keychain's copy", copy, move |bytes| open_copy(bytes, &unlock()).is_ok()),
            kind("keychain's key", unlock().to_text().as_bytes().to_vec(), |bytes| {
                UnlockKey::from_text(text(bytes)).is_some()
            }),
            kind("attachment", sealed, move |bytes| attachment::open(&manifest, bytes).is_ok()),
            kind("attachment's manifest", described, |bytes| Manifest::from_bytes(bytes).is_ok()),
            kind("anchor", self.file("anchor"), |bytes| {
                fs::write(self.home.folder().join("anchor"), bytes).unwrap();
                self.home.open(&SECRET, [1; 8]).unwrap().continuity != Continuity::NoAnchor
            }),
            kind("store", store, |bytes| {
                let (_folder, path) = self.written(bytes);
                SqlcipherStore::open(&path, &SECRET).is_ok()
            }),
            kind("backup", self.backup.clone(), |bytes| {
                let (folder, path) = self.written(bytes);
                Home::read_backup(&folder.path().join("home"), &path).is_ok()
            }),
        ]
    }
}

fn relay() -> RelayKey {
    RelayKey(public().to_bytes())
}

/// What is signed to fetch an attachment.
fn fetched(caller: &Caller) -> Vec<u8> {
    let path = attachment_path(STREAM, AttachmentId([4; 32]));
    request_bytes(relay(), caller, "GET", &path, &attachment_range(0, 0))
}

fn leaf(change: &Change) -> Leaf {
    Leaf { document: DocumentId([4; 16]), hash: hash("test change", &[&change.to_bytes()]).0 }
}

fn verified(bytes: &[u8]) -> Option<Verified<Pack>> {
    Pack::from_bytes(bytes).ok()?.verify(&public()).ok()
}

fn content(pack: &Verified<Pack>) -> Option<Content> {
    open(&StreamKey::from_bytes(&SECRET), pack).ok()?.check(|change| Some(leaf(change))).ok()
}

fn act(bytes: &[u8]) -> Option<Act> {
    Some(PublicPack::read(&verified(bytes)?).act)
}

/// A witness without its last field.
fn unsigned(witness: &Witness) -> Vec<u8> {
    let mut bytes = witness.to_bytes();
    bytes.truncate(bytes.len() - 64);
    bytes
}

/// What can be taken out of an object: a pack's halves and body, and an age file out of its frame.
fn parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    if let Some(pack) = verified(bytes) {
        let header = pack.header().to_bytes();
        parts.extend([[&header[..], &pack.signature().0].concat(), pack.body().to_vec(), header]);
    }
    let age = bytes.windows(AGE_FILE.len()).position(|window| window == AGE_FILE);
    // Behind it is nothing, or the tag of an answer.
    parts.extend(
        age.filter(|at| *at > 0)
            .into_iter()
            .flat_map(|at| [bytes[at..].to_vec(), bytes[at..bytes.len() - 32].to_vec()]),
    );
    parts
}

#[test]
fn k06_no_object_passes_for_another() {
    let world = World::new();
    let kinds = world.kinds();
    let names: BTreeSet<&str> = kinds.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), kinds.len());
    let (mut passed, mut refused) = (Vec::new(), Vec::new());
    for object in &kinds {
        for reader in &kinds {
            match (object.name == reader.name, (reader.reads)(&object.one)) {
                (true, false) => refused.push(object.name),
                (false, true) => passed.push(format!("{} as {}", object.name, reader.name)),
                _ => {}
            }
        }
    }
    let mut pieces = 0;
    for object in &kinds {
        for part in parts(&object.one) {
            pieces += 1;
            let fooled = kinds.iter().filter(|reader| (reader.reads)(&part));
            passed.extend(fooled.map(|reader| format!("a part of {} as {}", object.name, reader.name)));
        }
    }
    println!(
        "figure: K06 {} kinds of object presented as each other: {} pairs and {pieces} parts, {} accepted",
        kinds.len(),
        kinds.len() * (kinds.len() - 1),
        passed.len()
    );
    assert_eq!((refused, passed), (vec![], vec![]), "refused as what it is, and accepted as what it is not");
}

#[test]
fn k16_a_signature_for_one_purpose_fits_no_other() {
    const CONTEXTS: [Context; 8] = [
        Context::Pack,
        Context::Receipt,
        Context::Request,
        Context::Answer,
        Context::Segment,
        Context::Witness,
        Context::Ballot,
        Context::Enrolment,
    ];
    for made in CONTEXTS {
        let signature = sign(made, b"the same bytes");
        for read in CONTEXTS {
            let fits = public().verify(read, b"the same bytes", &signature).is_ok();
            assert_eq!(fits, made == read, "{made:?} as {read:?}");
        }
    }
}
