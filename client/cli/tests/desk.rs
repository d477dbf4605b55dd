//! The coordinators' verbs on the real binary: taking in, judging, assigning, conflicts of interest, search and export;
//! and every way in which an import is refused.

#![expect(clippy::unwrap_used, reason = "a test stops where something unexpected happens")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const PROGRAMME: &str = r#"
name = "The seminar"
demo = true
languages = ["en"]
time_zone = "UTC"
[scale]
min = 1
max = 5
[[criterion]]
key = "merit"
label = "Merit"
[[gate]]
key = "age"
question = "Of age?"
exception = true
[exception]
proposed_by = ["coordinator"]
granted_by = ["coordinator"]
second_person = true
[[field]]
key = "name"
label = "Full name"
kind = "text"
required = true
goes_to = "open"
[[field]]
key = "country"
kind = "text"
required = true
goes_to = "dossier"
card = true
[[field]]
key = "region"
kind = "choice"
goes_to = "dossier"
options = [{ key = "africa", label = "Africa" }, { key = "asia", label = "Asia" }]
[[field]]
key = "essay"
kind = "essay"
goes_to = "dossier"
[[attachment]]
key = "cv"
kind = "cv"
min = 1
formats = ["pdf"]
max_mb = 1
goes_to = "open"
[[round]]
key = "reading"
label = "Reading"
kind = "reading"
blind = false
reads = 2
conflict = "on-device"
"#;

const TABLE: &str = "key,name,country,region,essay\n\
    A1,Amina Example,Kenya,africa,\"=1+1 is no formula, and the lanternfish glows\"\n\
    A2,Bo Example,Nepal,Asia,Second essay\n";

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\nendobj\nstartxref\n0\n%%EOF\n";

/// A folder of homes.
struct World(PathBuf);

/// What a command printed and how it ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }

    fn error(&self) -> Value {
        let whole: Value = serde_json::from_str(self.err.lines().last().unwrap()).unwrap();
        whole["error"].clone()
    }
}

impl World {
    /// A coordinator with a published programme.
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("desk").join(name);
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        let world = Self(folder);
        world.write("passphrase", b"a passphrase for these cases\n");
        world.write("p.toml", PROGRAMME.as_bytes());
        world.write("a.csv", TABLE.as_bytes());
        world.well("alice", &["programme", "create", "--file", "p.toml", "--name", "Alice"]);
        world.well(
            "alice",
            &["programme", "publish", "--file", "p.toml", "--accept-loss", "I accept the loss"],
        );
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn run(&self, home: &str, arguments: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_tessera"))
            .current_dir(&self.0)
            .env_remove("TESSERA_HOME")
            .env("TESSERA_PASSPHRASE_FILE", "passphrase")
            .args(["--home", home, "--json"])
            .args(arguments)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs what must succeed.
    fn well(&self, home: &str, arguments: &[&str]) -> Value {
        let said = self.run(home, arguments);
        assert_eq!(said.code, 0, "{arguments:?}\n{}\n{}", said.out, said.err);
        said.json()
    }

    /// Runs what must be refused; gives the error.
    fn refused(&self, home: &str, arguments: &[&str], code: i32) -> Value {
        let said = self.run(home, arguments);
        assert_eq!(said.code, code, "{arguments:?}\n{}\n{}", said.out, said.err);
        assert_eq!(said.out, "");
        said.error()
    }

    fn import(&self) -> Value {
        self.well("alice", &["application", "import", "a.csv", "--key", "key"])
    }

    fn applications(&self) -> usize {
        self.well("alice", &["application", "list"])["rows"].as_array().unwrap().len()
    }

    /// Enrols a member by files, checked and with everything it may read.
    fn enrol(&self, name: &str, home: &str) {
        self.well("alice", &["member", "invite", "--name", name, "--out", "invitations"]);
        let invitation = format!("invitations/{home}.invitation");
        let answer = format!("{home}.answer");
        self.well(home, &["enrol", &invitation, "--name", name, "--answer", &answer]);
        self.well("alice", &["member", "admit", &answer]);
        self.well("alice", &["member", "check", name, "--in-person"]);
        self.carry(name, home);
    }

    fn carry(&self, name: &str, home: &str) {
        self.well("alice", &["bundle", "export", "--for", name, "--out", "to.bundle"]);
        self.well(home, &["bundle", "import", "to.bundle"]);
    }

    fn bring(&self, home: &str) {
        self.well(home, &["bundle", "export", "--out", "from.bundle"]);
        self.well("alice", &["bundle", "import", "from.bundle"]);
    }
}

fn counts(said: &Value) -> [u64; 3] {
    ["new", "changed", "same"].map(|key| said[key].as_u64().unwrap())
}

fn codes(said: &Value) -> Vec<(u64, String)> {
    let refused = said["refused"].as_array().unwrap();
    refused
        .iter()
        .map(|one| (one["row"].as_u64().unwrap(), one["code"].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn a_bad_file_changes_nothing_and_names_the_place() {
    let world = World::new("bad-file");
    let check = |csv: &[u8], code: &str, row: u64, column: &str| {
        world.write("bad.csv", csv);
        let error = world.refused("alice", &["application", "import", "bad.csv", "--key", "key"], 3);
        assert_eq!(error["code"], code, "{error}");
        assert_eq!(error["file"], "bad.csv");
        assert_eq!((error["row"].as_u64(), error["column"].as_str()), (Some(row), Some(column)), "{error}");
    };
    check(b"name,country\nAmina,Kenya\n", "column-missing", 1, "key");
    check(b"key,name\nA1,Amina\n", "column-missing", 1, "country");
    check(b"key,name,country\nA1,Am\xedna,Kenya\n", "input-not-utf8", 2, "name");
    check(b"key,name,country\nA1,a,b\nA2,c,d\nA1,e,f\n", "id-duplicate", 4, "key");
    check(b"key,name,country,region\nA1,a,b,mars\n", "choice-unknown", 2, "region");
    world.write("bad.xlsx", b"PK\x03\x04 no workbook");
    let error = world.refused("alice", &["application", "import", "bad.xlsx", "--key", "key"], 3);
    assert_eq!(error["code"], "workbook-bad");
    let error = world.refused("alice", &["application", "import", "none.csv", "--key", "key"], 4);
    assert_eq!(error["code"], "not-found");
    assert_eq!(world.applications(), 0);
}

#[test]
fn an_import_is_previewed_and_comes_again_without_duplicates() {
    let world = World::new("import");
    world.write("a.csv", format!("{TABLE}A3,Cee,,mars,\n").as_bytes());
    let preview = world.well("alice", &["application", "import", "a.csv", "--key", "key", "--dry-run"]);
    assert_eq!(counts(&preview), [2, 0, 0]);
    assert_eq!(codes(&preview), [(4, "choice-unknown".to_owned())]);
    assert_eq!(world.applications(), 0);
    assert_eq!(counts(&world.import()), [2, 0, 0]);
    assert_eq!(counts(&world.import()), [0, 0, 2]);
    world.write("a.csv", TABLE.replace("Nepal", "Bhutan").as_bytes());
    assert_eq!(counts(&world.import()), [0, 1, 1]);
    assert_eq!(world.applications(), 2);
    let shown = world.well("alice", &["application", "show", "A2"]);
    assert_eq!(shown["rows"][0]["answers"]["country"], "Bhutan");
    assert_eq!(shown["rows"][0]["answers"]["region"], "asia");
    assert_eq!(shown["rows"][0]["lacks"], serde_json::json!(["1 × cv"]));

    // A mapping is remembered: the second time nobody has to name it.
    world.write("m.toml", b"[columns]\nCode = \"key\"\nWhere = \"country\"\nWho = \"name\"\n");
    world.write("b.csv", b"Code,Who,Where\nA9,Dee,Chad\n");
    let import = ["application", "import", "b.csv", "--key", "Code"];
    let mapped = world.well("alice", &[&import[..], &["--map", "m.toml"]].concat());
    assert_eq!(counts(&mapped), [1, 0, 0]);
    assert_eq!(counts(&world.well("alice", &import)), [0, 0, 1]);
    let without = ["application", "import", "b.csv", "--key", "key", "--no-map"];
    assert_eq!(world.refused("alice", &without, 3)["code"], "column-missing");
    let unknown = world.refused("alice", &["application", "show", "nobody"], 4);
    assert_eq!(unknown["code"], "application-unknown");
}

#[test]
fn a_table_that_comes_again_by_another_key_asks_before_it_doubles() {
    let world = World::new("another-key");
    assert_eq!(counts(&world.import()), [2, 0, 0]);
    let other = ["application", "import", "a.csv", "--key", "name"];
    let refused = world.refused("alice", &other, 8);
    assert_eq!(refused["code"], "key-changed");
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.contains("2 of these") && message.contains("`key`") && message.contains("`A1`"),
        "{message}"
    );
    assert!(refused["hint"].as_str().unwrap().contains("--key key"));
    assert_eq!(world.applications(), 2);
    let preview = world.well("alice", &[&other[..], &["--dry-run"]].concat());
    assert!(preview["warnings"].as_array().unwrap().iter().any(|warning| warning["code"] == "key-changed"));
    let found = world.well("alice", &["application", "duplicates"]);
    assert_eq!(found["rows"], serde_json::json!([]));

    // Whoever insists gets them, and is told of every pair.
    assert_eq!(counts(&world.well("alice", &[&other[..], &["--new-key"]].concat())), [2, 0, 0]);
    let found = world.well("alice", &["application", "duplicates"]);
    let pairs: Vec<(&str, &str)> = found["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["application"].as_str().unwrap(), row["other"].as_str().unwrap()))
        .collect();
    assert_eq!(pairs.len(), 2, "{found}");
    for (key, name) in [("A1", "Amina Example"), ("A2", "Bo Example")] {
        assert!(pairs.contains(&(key, name)) || pairs.contains(&(name, key)), "{found}");
    }
    // The table itself comes again by either key, and nothing is new.
    assert_eq!(counts(&world.import()), [0, 0, 2]);
    assert_eq!(counts(&world.well("alice", &other)), [0, 0, 2]);
}

#[test]
fn h09_files_are_what_they_are_and_stay_where_they_are() {
    let world = World::new("files");
    world.write("files/A1/cv.pdf", PDF);
    world.write("files/A1/certificate.pdf", b"<!doctype html><title>x</title>");
    world.write("files/A1/empty.txt", b"");
    let mut large = PDF.to_vec();
    large.resize(1_000_001, b' ');
    world.write("files/A2/cv.pdf", &large);
    world.write("secret.txt", b"of another folder");
    #[cfg(unix)]
    std::os::unix::fs::symlink(world.path("secret.txt"), world.path("files/A2/link.txt")).unwrap();
    world.write("files/A2/..\\..\\outside.txt", b"a name, no way\n");
    world.write("files/Z9/cv.pdf", PDF);
    let named = TABLE
        .replace("essay\n", "essay,attachments\n")
        .replace("glows\"\n", "glows\",cv.pdf; ../A2/cv.pdf\n");
    world.write("a.csv", named.replace("Second essay\n", "Second essay,lost.pdf\n").as_bytes());
    let import = ["application", "import", "a.csv", "--key", "key", "--attachments", "files"];
    let preview = world.well("alice", &[&import[..], &["--dry-run"]].concat());
    let taken = world.well("alice", &import);
    assert_eq!(counts(&taken), [2, 0, 0], "a bad file keeps no application out");
    let mut refused = codes(&taken);
    refused.sort();
    let expected = [
        (2, "attachment-empty"),
        (2, "attachment-not-what-it-says"),
        (2, "attachment-outside"),
        (3, "attachment-missing"),
        (3, "attachment-no-file"),
        (3, "attachment-too-large"),
    ];
    assert_eq!(refused, expected.map(|(row, code)| (row, code.to_owned())));
    assert_eq!(preview["refused"], taken["refused"], "the preview tells all of it");
    let warned = |code: &str| taken["warnings"].as_array().unwrap().iter().any(|one| one["code"] == code);
    assert!(warned("folder-unmatched") && warned("attachment-unasked"));
    let files = |key: &str| -> Vec<String> {
        let shown = world.well("alice", &["application", "show", key]);
        let files = shown["rows"][0]["files"].as_array().unwrap().clone();
        files.iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(files("A1"), ["cv.pdf"]);
    assert_eq!(files("A2"), ["..\\..\\outside.txt"]);
    assert_eq!(counts(&world.well("alice", &import)), [0, 0, 2]);
    let saved = world.well("alice", &["application", "files", "A2", "--out", "saved"]);
    assert_eq!(saved["rows"][0]["name"], "..\\..\\outside.txt");
    let read = fs::read_to_string(world.path("saved/A2/_._.._outside.txt")).unwrap();
    assert_eq!(read, "a name, no way\n");
    let again = world.refused("alice", &["application", "files", "A2", "--out", "saved"], 3);
    assert_eq!(again["code"], "folder-exists");
    world.write("files/A2/cv.pdf", PDF);
    assert_eq!(counts(&world.well("alice", &import)), [0, 1, 1]);
}

/// A PDF of one page with a line of text and, beside it, a picture whose pixels do not compress.
fn heavy_pdf(words: &str) -> Vec<u8> {
    const SIDE: usize = 500;
    let mut state = 1_u32;
    let pixels = (0..SIDE * SIDE).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    let content = format!("BT /F 24 Tf 40 780 Td ({words}) Tj ET q 400 0 0 400 40 100 cm /P Do Q");
    let stream = |dictionary: String, bytes: &[u8]| {
        let head = format!("<<{dictionary}/Length {}>>\nstream\n", bytes.len());
        [head.as_bytes(), bytes, b"\nendstream"].concat()
    };
    let objects: [Vec<u8>; 6] = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>/XObject<</P 6 0 R>>>>>>"
            .to_vec(),
        stream(String::new(), content.as_bytes()),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec(),
        stream(
            format!("/Type/XObject/Subtype/Image/Width {SIDE}/Height {SIDE}/ColorSpace/DeviceGray/BitsPerComponent 8"),
            &pixels.collect::<Vec<u8>>(),
        ),
    ];
    let (mut out, mut offsets) = (b"%PDF-1.7\n".to_vec(), Vec::new());
    for (number, object) in (1..).zip(&objects) {
        offsets.push(out.len());
        out.extend(format!("{number} 0 obj\n").bytes());
        out.extend(object);
        out.extend(b"\nendobj\n");
    }
    let start = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    offsets.iter().for_each(|offset| out.extend(format!("{offset:010} 00000 n \n").bytes()));
    out.extend(
        format!("trailer <</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF", objects.len() + 1).bytes(),
    );
    out
}

#[test]
fn heavy_files_have_light_copies_and_what_files_say_is_found() {
    let world = World::new("light");
    world.write("files/A1/cv.pdf", &heavy_pdf("The wolverine testified"));
    world.write("files/A2/cv.pdf", PDF);
    let import = ["application", "import", "a.csv", "--key", "key", "--attachments", "files"];
    assert_eq!(world.well("alice", &[&import[..], &["--dry-run"]].concat())["light_copies"], 0);
    assert_eq!(world.well("alice", &[&import[..], &["--no-light-copies"]].concat())["light_copies"], 0);
    let taken = world.well("alice", &import);
    assert_eq!((counts(&taken), &taken["light_copies"]), ([0, 0, 2], &1.into()), "made where they lack");
    let again = world.well("alice", &import);
    assert_eq!((counts(&again), &again["light_copies"]), ([0, 0, 2], &0.into()));
    assert!(!again["warnings"].to_string().contains("attachment-gone"));
    let shown = world.well("alice", &["application", "show", "A1"]);
    assert_eq!(shown["rows"][0]["files"].as_array().unwrap().len(), 1, "a light copy is no file of its own");

    let hits =
        |home: &str, words: &str| world.well(home, &["search", words])["rows"].as_array().unwrap().clone();
    let found = hits("alice", "WOLVERINE");
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["document"], &found[0]["file"]), (&"file".into(), &"cv.pdf".into()));
    assert_eq!((&found[0]["page"], &found[0]["passage"]), (&1.into(), &"The wolverine testified".into()));

    world.enrol("Bob Reviewer", "bob-reviewer");
    let bob = "bob-reviewer";
    world.write("pairs.csv", b"application,reviewer\nA1,Bob Reviewer\n");
    world.well("alice", &["assign", "import", "pairs.csv"]);
    world.well("alice", &["assign", "publish"]);
    world.carry("Bob Reviewer", bob);
    assert_eq!(hits(bob, "wolverine").len(), 0, "nothing before the declaration");
    world.well(bob, &["conflict", "declare", "A1", "none"]);
    assert_eq!(hits(bob, "wolverine").len(), 1, "once, of the file and its light copy");
    world.well(bob, &["conflict", "declare", "A1", "conflict", "--kind", "colleague"]);
    assert_eq!(hits(bob, "wolverine").len(), 0);
}

#[test]
fn what_somebody_typed_from_a_scan_is_found_by_page_and_goes_with_the_file() {
    let world = World::new("typed");
    world.write("files/A1/cv.pdf", &heavy_pdf(""));
    world.well("alice", &["application", "import", "a.csv", "--key", "key", "--attachments", "files"]);
    let text = ["application", "text", "A1", "cv.pdf"];
    let nothing = world.well("alice", &text);
    assert_eq!(nothing["rows"][0]["pages"], Value::from(Vec::<Value>::new()));
    world.write("cv.txt", "Cover\u{c}The \u{202e}wolverine\r\ntestified\n".as_bytes());
    let from = [&text[..], &["--from", "cv.txt"]].concat();
    let typed = world.well("alice", &from)["rows"][0].clone();
    assert_eq!(typed["pages"], Value::from(vec!["Cover", "The wolverine\ntestified"]));
    assert_eq!((&typed["by"], &typed["changed"]), (&Value::from(vec!["Alice"]), &true.into()));
    assert_eq!(world.well("alice", &from)["rows"][0]["changed"], false);
    let shown = world.well("alice", &["application", "show", "A1"]);
    let files = shown["rows"][0]["files"].as_array().unwrap();
    assert_eq!((files.len(), &files[0]["typed"]), (1, &true.into()), "no file of its own");
    let digits = &files[0]["sha256"].as_str().unwrap()[..8];
    assert_eq!(
        world.well("alice", &["application", "text", "A1", digits])["rows"][0]["pages"],
        typed["pages"]
    );

    let code = |arguments: &[&str], exit: i32| world.refused("alice", arguments, exit)["code"].clone();
    assert_eq!(code(&["application", "text", "A1", "letter.pdf"], 4), "file-unknown");
    assert_eq!(code(&[&from[..], &["--clear"]].concat(), 2), "usage");
    world.write("long.txt", "x".repeat(40_000).as_bytes());
    assert_eq!(code(&[&text[..], &["--from", "long.txt"]].concat(), 3), "too-long");

    world.enrol("Bob Reviewer", "bob-reviewer");
    let bob = "bob-reviewer";
    world.write("pairs.csv", b"application,reviewer\nA1,Bob Reviewer\n");
    world.well("alice", &["assign", "import", "pairs.csv"]);
    world.well("alice", &["assign", "publish"]);
    world.carry("Bob Reviewer", bob);
    world.well(bob, &["conflict", "declare", "A1", "none"]);
    let hits =
        |home: &str| world.well(home, &["search", "wolverine testified"])["rows"].as_array().unwrap().clone();
    for home in ["alice", bob] {
        let found = hits(home);
        assert_eq!(found.len(), 1, "{home}");
        assert_eq!((&found[0]["file"], &found[0]["page"]), (&"cv.pdf".into(), &2.into()), "{home}");
    }
    assert_eq!(world.refused(bob, &text, 5)["code"], "not-permitted");

    let cleared = world.well("alice", &[&text[..], &["--clear"]].concat());
    assert_eq!(cleared["rows"][0]["changed"], true);
    world.carry("Bob Reviewer", bob);
    assert_eq!((hits("alice").len(), hits(bob).len()), (0, 0));
}

#[test]
fn every_file_of_a_folder_is_told_and_a_mapping_says_where_it_goes() {
    let world = World::new("flat-files");
    world.write("a.csv", TABLE.replace("A1,", "GLS-0001,").replace("A2,", "GLS-0002,").as_bytes());
    world.write("files/GLS-0001_cv.pdf", PDF);
    world.write("files/GLS-0001_zeugnis.pdf", b"%PDF-1.7\n% one\n%%EOF\n");
    world.write("files/Bo/cv.pdf", b"%PDF-1.7\n% two\n%%EOF\n");
    world.write("files/scan0001.pdf", b"%PDF-1.7\n% three\n%%EOF\n");
    world.write("files/draft.tmp", b"of nobody");
    let import = ["application", "import", "a.csv", "--key", "key", "--attachments", "files"];
    let told = |said: &Value| -> Vec<String> {
        let word = |file: &Value, of: &str| file[of].as_str().unwrap_or("-").to_owned();
        let files = said["files"].as_array().unwrap().iter();
        let line = |file: &Value| {
            ["file", "application", "attachment", "outcome"].map(|of| word(file, of)).join(" ")
        };
        files.map(line).collect()
    };
    let first = world.well("alice", &import);
    assert_eq!(counts(&first), [2, 0, 0]);
    assert_eq!(
        told(&first),
        [
            "Bo/cv.pdf - - no-application",
            "draft.tmp - - no-application",
            "scan0001.pdf - - no-application",
            "GLS-0001_cv.pdf GLS-0001 cv taken",
            "GLS-0001_zeugnis.pdf GLS-0001 unasked unasked",
        ]
    );
    let warned = |said: &Value, code: &str| {
        let warnings = said["warnings"].as_array().unwrap();
        warnings.iter().find(|one| one["code"] == code).map(|one| one["message"].as_str().unwrap().to_owned())
    };
    assert!(warned(&first, "files-unplaced").unwrap().contains("(3): Bo/cv.pdf, draft.tmp, scan0001.pdf"));

    world.write(
        "m.toml",
        b"[files]\n\"*_zeugnis.pdf\" = \"cv\"\n\"*.tmp\" = \"\"\n[folders]\nBo = \"GLS-0002\"\n[places]\n\
          \"scan0001.pdf\" = { application = \"GLS-0002\", slot = \"cv\" }\n",
    );
    let mapped = world.well("alice", &[&import[..], &["--map", "m.toml"]].concat());
    assert_eq!(counts(&mapped), [0, 2, 0]);
    assert_eq!(
        told(&mapped),
        [
            "draft.tmp - - left-out",
            "GLS-0001_cv.pdf GLS-0001 cv taken",
            "GLS-0001_zeugnis.pdf GLS-0001 cv taken",
            "Bo/cv.pdf GLS-0002 cv taken",
            "scan0001.pdf GLS-0002 cv taken",
        ]
    );
    assert!(warned(&mapped, "files-left-out").unwrap().contains("(1): draft.tmp"));
    assert!(warned(&mapped, "files-unplaced").is_none());
    // It is remembered, and nothing is different the next time.
    let again = world.well("alice", &import);
    assert_eq!(counts(&again), [0, 0, 2]);
    assert_eq!(told(&again), told(&mapped));
    // A file that is no longer in an application's own folder does not go in silence.
    fs::remove_file(world.path("files/Bo/cv.pdf")).unwrap();
    let without = world.well("alice", &import);
    assert!(warned(&without, "attachment-gone").unwrap().contains("GLS-0002: cv.pdf"));
}

#[test]
fn verdicts_come_one_by_one_or_by_table_and_the_exception_needs_two() {
    let world = World::new("eligibility");
    world.import();
    let set = ["eligibility", "set", "A1", "age", "not-met", "--reason", "born in 1950"];
    assert_eq!(world.well("alice", &set)["rows"][0]["outcome"], "not-eligible");
    let ask = ["eligibility", "exception", "A1", "--reason", "outstanding"];
    assert_eq!(world.well("alice", &ask)["rows"][0]["act"], "asked");
    assert_eq!(world.refused("alice", &ask, 5)["code"], "second-person-needed");
    let grant = [&ask[..], &["--grant"]].concat();
    assert_eq!(world.refused("alice", &grant, 5)["code"], "not-permitted");
    world.write(
        "v.csv",
        b"application,criterion,verdict,reason\nA2,age,met,passport\nA7,age,met,x\nA2,height,met,x\n",
    );
    let table = world.well("alice", &["eligibility", "import", "v.csv"]);
    assert_eq!(table["changed"], 1);
    assert_eq!(codes(&table), [(3, "application-unknown".to_owned()), (4, "gate-unknown".to_owned())]);
    // A column for each gate; what no column says stays.
    world.write("w.csv", b"application,verdict/age\nA2,met\nA1,open\n");
    let wide = world.well("alice", &["eligibility", "import", "w.csv"]);
    assert_eq!((wide["changed"].as_u64(), wide["same"].as_u64()), (Some(1), Some(1)));
    world.write("w.csv", b"application,verdict/age,reason\nA1,not-met,\nA2,met,passport\n");
    let wide = world.well("alice", &["eligibility", "import", "w.csv"]);
    assert_eq!(codes(&wide), [(2, "reason-missing".to_owned())]);
    world.write("w.csv", b"application,verdict/age,reason\nA1,not-met,born in 1950\nA1,met,x\n");
    let wide = world.well("alice", &["eligibility", "import", "w.csv"]);
    assert_eq!(codes(&wide), [(3, "verdict-twice".to_owned())]);
    let list = world.well("alice", &["eligibility", "list"]);
    assert_eq!(list["rows"][0]["exception"]["asked_by"], "Alice");
    assert_eq!(list["rows"][0]["gates"]["age"]["reason"], "born in 1950");
    assert_eq!(list["rows"][1]["outcome"], "eligible");
    assert_eq!(
        world.refused("alice", &["eligibility", "set", "A1", "height", "met", "--reason", "x"], 4)["code"],
        "not-found"
    );
}

#[test]
fn pairs_are_checked_staged_and_published_and_a_conflict_takes_the_dossier_away() {
    let world = World::new("assign");
    world.import();
    world.enrol("Bob Reviewer", "bob-reviewer");
    let bob = "bob-reviewer";
    world.well("alice", &["eligibility", "set", "A2", "age", "not-met", "--reason", "too young"]);
    world.write(
        "pairs.csv",
        "application,reviewer\nA1,bob reviewer\nA2,Bob Reviewer\nA1,Nobody\nA9,Bob Reviewer\n".as_bytes(),
    );
    let import = ["assign", "import", "pairs.csv"];
    let said = world.well("alice", &import);
    assert_eq!((said["staged"].as_u64(), said["already"].as_u64()), (Some(1), Some(0)));
    let expected = [(3, "not-eligible"), (4, "reviewer-unknown"), (5, "application-unknown")];
    assert_eq!(codes(&said), expected.map(|(row, code)| (row, code.to_owned())));
    let again = world.well("alice", &import);
    assert_eq!((again["staged"].as_u64(), again["already"].as_u64()), (Some(0), Some(1)));
    let forced = world.well("alice", &[&import[..], &["--force", "--reason", "the panel asks"]].concat());
    assert_eq!(forced["staged"], 1);
    assert_eq!(world.well("alice", &["assign", "publish"])["assigned"], 2);
    let again = world.well("alice", &import);
    assert_eq!((again["staged"].as_u64(), again["already"].as_u64()), (Some(0), Some(2)));
    world.carry("Bob Reviewer", bob);

    // Nothing of a dossier is found before the declaration.
    let found = |words: &str| world.well(bob, &["search", words])["rows"].as_array().unwrap().len();
    assert_eq!(found("lanternf"), 0);
    world.well(bob, &["conflict", "declare", "A1", "none"]);
    assert_eq!(found("LANTERNF"), 1);
    let declared = world.well(bob, &["conflict", "declare", "A1", "conflict", "--kind", "colleague"]);
    assert_eq!(declared["warnings"][0]["code"], "access-ends");
    assert_eq!(found("lanternf"), 0);
    assert_eq!(world.refused(bob, &["conflict", "declare", "A9", "none"], 4)["code"], "application-unknown");
    world.bring(bob);
    let list = world.well("alice", &["conflict", "list", "--open"]);
    assert_eq!(list["rows"][0]["reviewer"], "Bob Reviewer");
    assert_eq!(list["rows"][0]["kind"], "colleague");
    let shown = world.well("alice", &["application", "show", "A1"]);
    assert_eq!(shown["rows"][0]["open_to"], serde_json::json!([]));
    world.well("alice", &["conflict", "clear", "A1", "Bob Reviewer", "--reason", "another house"]);
    assert_eq!(world.well("alice", &["conflict", "list", "--open"])["rows"], serde_json::json!([]));
    world.carry("Bob Reviewer", bob);
    world.well(bob, &["conflict", "declare", "A1", "none"]);
    assert_eq!(found("lanternf"), 1, "it came again");

    // Taking back, and a withdrawal that takes back.
    world.write("back.csv", b"application,reviewer\nA2,Bob Reviewer\n");
    assert_eq!(world.well("alice", &["assign", "import", "back.csv", "--remove"])["staged"], 1);
    assert_eq!(world.well("alice", &["assign", "publish"])["taken_back"], 1);
    let withdrawn =
        world.well("alice", &["application", "withdraw", "A1", "--reason", "by mail", "--route", "mail"]);
    assert_eq!(withdrawn["rows"][0]["taken_back"], 1);
    let list = world.well("alice", &["application", "list", "--state", "withdrawn"]);
    assert_eq!(list["rows"][0]["application"], "A1");
    assert_eq!(
        world.refused("alice", &["assign", "import", "pairs.csv"], 3)["code"],
        "application-withdrawn"
    );
    assert_eq!(world.refused(bob, &["application", "list"], 5)["code"], "not-permitted");
}

#[test]
fn h15_an_export_asks_what_and_runs_nothing() {
    let world = World::new("export");
    world.import();
    assert_eq!(world.refused("alice", &["export", "--format", "csv"], 2)["code"], "no-compartment");
    let csv = world.run("alice", &["export", "--format", "csv", "--dossier"]).out;
    assert!(csv.contains("'=1+1 is no formula") && !csv.contains("Amina"), "{csv}");
    let json = world.well("alice", &["export", "--format", "json", "--identity"]);
    assert_eq!(json["rows"][0]["name"], "Amina Example");
    assert!(json["rows"][0].get("essay").is_none());
    world.well("alice", &["export", "--format", "xlsx", "--dossier", "--scores", "--out", "out.xlsx"]);
    let again = ["application", "import", "out.xlsx", "--key", "application", "--partial", "--no-map"];
    world.write("m.toml", b"ignore = [\"id\"]\n");
    assert_eq!(counts(&world.well("alice", &again)), [0, 0, 2], "what left comes back the same");
    let log = fs::read_to_string(Path::new(&world.path("alice")).join("log/tessera.log")).unwrap();
    assert!(log.contains("exported dossier+scores applications=2"), "{log}");
    assert!(!log.contains("Amina"));
}

#[test]
fn shares_hide_what_is_small_and_say_so() {
    let world = World::new("shares");
    let empty = world.well("alice", &["shares"]);
    assert_eq!((&empty["schema"], &empty["applications"]), (&"tessera/shares/1".into(), &0.into()));
    let row = |n: usize| {
        let (country, region) = if n < 7 { ("Kenya", "africa") } else { ("Nepal", "asia") };
        format!("B{n},Person {n},{country},{region},Essay\n")
    };
    let rows: String = (0..12).map(row).collect();
    world.write("b.csv", format!("key,name,country,region,essay\n{rows}").as_bytes());
    world.well("alice", &["application", "import", "b.csv", "--key", "key"]);
    for key in ["B0", "B1", "B2", "B3", "B4", "B5", "B7", "B8"] {
        world.well("alice", &["eligibility", "set", key, "age", "met", "--reason", "born 1990"]);
    }
    let said = world.well("alice", &["shares", "--by", "region"]);
    assert_eq!(said["stages"], serde_json::json!(["received", "eligible", "assigned", "read"]));
    let cell = |said: &Value, group: &str, stage: &str| {
        let rows = said["rows"].as_array().unwrap();
        let found = rows.iter().find(|row| row["group"] == group && row["stage"] == stage).unwrap();
        (found["count"].as_u64(), found["hidden"].as_bool().unwrap())
    };
    assert_eq!(cell(&said, "africa", "received"), (Some(7), false));
    assert_eq!(cell(&said, "asia", "received"), (Some(5), false));
    // Two of Asia are hidden, and the six of Africa with them: eight in all would give them away.
    assert_eq!(cell(&said, "asia", "eligible"), (None, true));
    assert_eq!(cell(&said, "africa", "eligible"), (None, true));
    assert_eq!(cell(&said, "africa", "read"), (Some(0), false));
    assert_eq!(said["tables"][0]["totals"], serde_json::json!([12, 8, 0, 0]));
    assert_eq!(said["tables"][0]["sentence"]["code"], "shares-too-few");
    // Where six are needed, no group is named.
    let coarse = world.well("alice", &["shares", "--by", "region", "--least", "6"]);
    assert!(coarse["rows"].as_array().unwrap().iter().all(|row| row["group"].is_null()));
    assert_eq!(world.refused("alice", &["shares", "--by", "essay"], 4)["code"], "not-found");
    assert_eq!(world.refused("alice", &["shares", "--least", "2"], 2)["code"], "usage");
}

#[test]
fn dossiers_hold_what_was_asked_for_and_overwrite_nothing() {
    let world = World::new("dossiers");
    world.import();
    let read = |name: &str| fs::read_to_string(world.path(name)).unwrap();
    let row = world.well("alice", &["export", "dossier", "A1", "A1", "--out", "a.html"])["rows"][0].clone();
    assert_eq!(
        (row["applications"].as_u64(), row["compartments"].clone()),
        (Some(1), serde_json::json!(["dossier"]))
    );
    let page = read("a.html");
    assert!(page.contains("lantern") && !page.contains("Amina"), "{page}");
    assert!(!page.contains("<script") && !page.contains("Rulings"));
    let again = ["export", "dossier", "A1", "--out", "a.html", "--identity"];
    assert_eq!(world.refused("alice", &again, 3)["code"], "file-exists");
    assert_eq!(read("a.html"), page, "nothing is overwritten");
    let all = [
        "export",
        "dossier",
        "--all",
        "--identity",
        "--scores",
        "--rulings",
        "--folder",
        "out",
        "--form",
        "html",
    ];
    assert_eq!(world.well("alice", &all)["rows"][0]["files"], 2);
    let page = read("out/A1.html");
    assert!(
        page.contains("Amina Example") && page.contains("Rulings") && page.contains("No review counts yet.")
    );
    assert_eq!(world.refused("alice", &all, 3)["code"], "folder-exists");
    world.well("alice", &["export", "dossier", "--all", "--out", "all.pdf"]);
    assert!(fs::read(world.path("all.pdf")).unwrap().starts_with(b"%PDF-"));
    assert_eq!(
        world.refused("alice", &["export", "dossier", "A9", "--out", "b.pdf"], 4)["code"],
        "application-unknown"
    );
    assert!(!Path::new(&world.path("b.pdf")).exists());
    world.refused("alice", &["export", "dossier", "A1", "--out", "b.doc"], 2);
    let log = fs::read_to_string(Path::new(&world.path("alice")).join("log/tessera.log")).unwrap();
    assert!(log.contains("exported dossiers identity+dossier+scores+rulings applications=2"), "{log}");
}
