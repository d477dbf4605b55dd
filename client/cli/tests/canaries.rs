//! K01, K20, K22: a whole journey with real processes, everything logged that can be, and a canary in every field. Afterwards
//! no canary and no key is in the relay's folder, in any log or error, in what passed over the socket, in a bundle, or on the
//! disk of a closed home; and the same search finds all of them where they must be.
//!
//! The relay's program is `$TESSERA_RELAY_BIN`, or `target/debug/tessera-relay`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test tells what it measured and stops where something unexpected happens"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tessera_driver::session::Session;
use tessera_engine::programme::round;
use tessera_model::documents::{Answer, Conflict, Declaration, Draft};
use tessera_protocol::codec::Wire;
use tessera_sample::needle::NeedleKind;
use tessera_sample::{Hits, Needle, search};
use tessera_vault::identity::{Cost, open_identity};
use tessera_vault::passphrase::Passphrase;

const PASSPHRASE: &str = "seven quiet canaries cross my wide valley";
/// What an applicant, a reviewer and a coordinator wrote, each in a field of its own.
const TEXTS: [&str; 12] = [
    "Canaria Namewright",
    "Żółć Канарейка",
    "canary-country-Atlantis",
    "canary-essay: the well dried up in March",
    "canary-file-contents: a statement under oath",
    "canary-file-name",
    "Bobolink Canarysson",
    "Alicia Canarydóttir",
    "canary-comment: the second answer evades",
    "canary-overall: I would admit her",
    "canary-reason: I had overlooked a page",
    "Canary criterion of courage",
];

const PROGRAMME: &str = r#"
name = "The seminar"
demo = true
languages = ["en"]
[scale]
min = 1
max = 5
step = 1
[[criterion]]
key = "merit"
label = "Canary criterion of courage"
[[field]]
key = "full-name"
label = "Name"
kind = "text"
goes_to = "identity"
[[field]]
key = "country"
label = "Country"
kind = "text"
card = true
[[field]]
key = "essay"
label = "Essay"
kind = "essay"
goes_to = "dossier"
[[attachment]]
key = "statement"
label = "Statement"
kind = "proof"
[[round]]
key = "reading"
label = "Reading"
kind = "reading"
conflict = "on-device"
"#;

/// Every byte that passed between homes and relay.
type Passed = Arc<Mutex<Vec<u8>>>;

/// Listens in the relay's place, passes everything on, and keeps it.
fn tap(relay: SocketAddr) -> (SocketAddr, Passed) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let passed = Passed::default();
    let kept = Arc::clone(&passed);
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (Ok(near), Ok(far)) = (near, TcpStream::connect(relay)) else { return };
            for (from, to) in [(&near, &far), (&far, &near)] {
                let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || {
                    let mut bytes = [0; 1 << 14];
                    while let Ok(length @ 1..) = from.read(&mut bytes) {
                        kept.lock().unwrap().extend_from_slice(&bytes[..length]);
                        if to.write_all(&bytes[..length]).is_err() {
                            break;
                        }
                    }
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
    (address, passed)
}

/// A relay that logs all it can; ended when dropped.
struct Relay {
    child: Child,
    key: String,
    place: SocketAddr,
}

impl Relay {
    fn start(data: &Path, log: &Path) -> Self {
        let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/tessera-relay");
        let program = std::env::var_os("TESSERA_RELAY_BIN").map_or_else(default, PathBuf::from);
        let mut child = Command::new(&program)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("TESSERA_RELAY_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(log).unwrap())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; run cargo build -p tessera-relay", program.display())
            });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        Self { child, key: text("key"), place: text("listening").parse().unwrap() }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with everything of the journey.
struct Journey(TempDir);

impl Journey {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Runs the program with everything logged; keeps what it says on stderr.
    fn run(&self, exit: i32, arguments: &[&str]) {
        let output = Command::new(env!("CARGO_BIN_EXE_tessera"))
            .current_dir(self.0.path())
            .env_remove("TESSERA_HOME")
            .env("TESSERA_PASSPHRASE_FILE", "material/passphrase")
            .env("XDG_DATA_HOME", self.path("data"))
            .envs([("RUST_LOG", "trace"), ("RUST_BACKTRACE", "1")])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {words}");
        let mut errors =
            std::fs::OpenOptions::new().create(true).append(true).open(self.path("said/errors")).unwrap();
        writeln!(errors, "{words}").unwrap();
    }

    fn alice(&self, arguments: &[&str]) {
        self.run(0, &[&["--home", "alice"], arguments].concat());
    }

    fn bob(&self, arguments: &[&str]) {
        self.run(0, &[&["--home", "bob"], arguments].concat());
    }

    /// What a reviewer types in the window: comments, a declaration, a submission.
    fn types(&self, reason: Option<&str>, score: &str) {
        let mut home = Session::open(&self.path("bob"), &Passphrase::new(PASSPHRASE)).unwrap();
        home.together(|acts| {
            let programme = acts.programme()?.1;
            let application = acts.tasks()?[0].application;
            let declared = Conflict { declaration: Some(Declaration::None), ..Conflict::default() };
            acts.declare(application, &declared)?;
            let draft = Draft {
                answers: [("merit".to_owned(), Answer::Score(score.parse().unwrap()))].into(),
                comments: [("merit".to_owned(), TEXTS[8].to_owned())].into(),
                overall: TEXTS[9].to_owned(),
                attested: true,
                ..Draft::default()
            };
            acts.save_draft(application, round("reading"), &draft)?;
            acts.submit(&programme, application, "reading", reason)
        })
        .unwrap();
    }
}

fn needle(text: &str) -> Needle {
    Needle { kind: NeedleKind::Sentence, text: text.to_owned() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The private keys of a home.
fn keys(home: &Path) -> Vec<Vec<u8>> {
    let file = std::fs::read(home.join("identity.age")).unwrap();
    let secret = open_identity(&file, &Passphrase::new(PASSPHRASE), Cost::Demo).unwrap();
    // Version and form, then three keys.
    secret.to_bytes()[2..].chunks(32).map(<[u8]>::to_vec).collect()
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn k01_k20_k22_no_canary_of_a_whole_journey_is_where_it_must_not_be() {
    let journey = Journey(tempfile::tempdir().unwrap());
    journey.write("material/passphrase", PASSPHRASE);
    journey.write("material/p.toml", PROGRAMME);
    let rows = format!(
        "key,full-name,country,essay\nA1,{},{},\"{}\"\nA2,{},Peru,Second\n",
        TEXTS[0], TEXTS[2], TEXTS[3], TEXTS[1]
    );
    journey.write("material/a.csv", &rows);
    let file = format!("%PDF-1.4\n% {}\n%%EOF\n", TEXTS[4]);
    journey.write(&format!("material/files/A1/statement/{}.pdf", TEXTS[5]), &file);
    journey.write("material/pairs.csv", &format!("application,reviewer\nA1,{}\n", TEXTS[6]));
    journey.write("material/typed", &[TEXTS[7], TEXTS[8], TEXTS[9], TEXTS[10]].join("\n"));
    journey.write("said/errors", "");
    std::fs::create_dir(journey.path("carried")).unwrap();
    let relay = Relay::start(&journey.path("relay"), &journey.path("said/relay.log"));
    let (address, passed) = tap(relay.place);
    let url = format!("http://{address}");

    let [definition, applications, pairs] = ["material/p.toml", "material/a.csv", "material/pairs.csv"];
    journey.alice(&[
        "programme",
        "create",
        "--file",
        definition,
        "--name",
        TEXTS[7],
        "--relay",
        &url,
        "--relay-key",
        &relay.key,
    ]);
    journey.alice(&["programme", "publish", "--file", definition, "--accept-loss", "I accept the loss"]);
    journey.alice(&[
        "application",
        "import",
        applications,
        "--key",
        "key",
        "--attachments",
        "material/files",
    ]);
    journey.alice(&["member", "invite", "--name", TEXTS[6], "--role", "reviewer", "--out", "handed"]);
    let invitation = files(&journey.path("handed")).into_iter().next().unwrap();
    journey.bob(&["enrol", invitation.to_str().unwrap(), "--name", TEXTS[6]]);
    let answer = files(&journey.path("handed"))
        .into_iter()
        .find(|path| path.extension().is_some_and(|end| end == "answer"));
    journey.alice(&["member", "admit", answer.unwrap().to_str().unwrap()]);
    journey.alice(&["member", "check", TEXTS[6], "--in-person"]);
    journey.alice(&["assign", "import", pairs]);
    journey.alice(&["assign", "publish"]);
    journey.alice(&["sync"]);
    journey.bob(&["sync"]);
    journey.types(None, "4");
    journey.bob(&["sync"]);
    journey.types(Some(TEXTS[10]), "5");
    journey.bob(&["bundle", "export", "--out", "carried/b.bundle"]);
    journey.alice(&["bundle", "import", "carried/b.bundle"]);
    journey.alice(&["bundle", "export", "--for", TEXTS[6], "--out", "carried/a.bundle"]);
    journey.bob(&["bundle", "import", "carried/a.bundle"]);
    journey.alice(&["sync"]);
    journey.alice(&["ranking"]);
    journey.alice(&["verify"]);
    journey.bob(&["recovery", "sheet", "--out", "paper"]);
    // What goes wrong, with canaries at hand.
    journey.run(9, &["--home", "bob", "bundle", "import", "material/passphrase"]);
    drop(relay);
    journey.write("socket/passed", "");
    std::fs::write(journey.path("socket/passed"), &*passed.lock().unwrap()).unwrap();
    assert!(passed.lock().unwrap().len() > 10_000, "the exchanges went through the tap");

    let mut needles: Vec<Needle> = TEXTS.into_iter().chain([PASSPHRASE]).map(needle).collect();
    let control = search(&journey.path("material"), &needles).unwrap();
    assert_eq!(control.found(), needles.len(), "the search finds what is there: {control}");
    let keys: Vec<Vec<u8>> = ["alice", "bob"].iter().flat_map(|home| keys(&journey.path(home))).collect();
    needles.extend(keys.iter().map(|key| needle(&hex(key))));
    let mut hits = Hits::default();
    let mut raw = 0;
    for folder in ["relay", "said", "socket", "carried", "alice", "bob"] {
        let found = search(&journey.path(folder), &needles).unwrap();
        let where_it_is: Vec<_> =
            found.hits.iter().map(|hit| (&needles[hit.needle].text, hit.form, &hit.path)).collect();
        assert_eq!(found.found(), 0, "{folder}: {where_it_is:?}");
        assert!(found.files > 0, "{folder} is empty");
        hits.merge(found);
        for path in files(&journey.path(folder)) {
            let bytes = std::fs::read(path).unwrap();
            raw += keys.iter().filter(|key| bytes.windows(32).any(|window| window == &key[..])).count();
        }
    }
    assert_eq!(raw, 0, "a key lies about");
    println!(
        "figure: canaries: {hits} of {} KiB in {} files: relay, logs, errors, socket, bundles, closed homes",
        hits.bytes / 1024,
        hits.files
    );
}
