//! Tests of the workload: its shape, its edits, reading what was written.

use super::*;

#[test]
fn the_shape_is_that_of_the_figures() {
    let documents: Vec<Document> = workload(SEED, 50).collect();
    assert_eq!(documents.len(), 200);
    let (mut applications, mut reviews) = (0, 0);
    for (index, document) in documents.iter().enumerate() {
        let size = serde_json::to_vec(document).unwrap().len();
        match document {
            Document::Application(a) => {
                assert_eq!(index % 4, 0);
                assert_eq!(a.essays.len(), 4);
                applications += size;
            }
            Document::Review(r) => {
                assert_eq!((r.scores.len(), r.comments.len()), (6, 6));
                assert!(r.scores.values().all(|s| (0..6).contains(s)));
                reviews += size;
            }
        }
    }
    assert!((6_300..7_100).contains(&(applications / 50)), "{}", applications / 50);
    assert!((1_500..1_800).contains(&(reviews / 150)), "{}", reviews / 150);
}

#[test]
fn edits_change_something_each() {
    let documents: Vec<Document> = workload(SEED, 20).collect();
    let edits = edits(SEED, 20, 50);
    assert_eq!(edits.len(), 750);
    for edit in &edits {
        let Document::Review(review) = &documents[edit.doc] else { panic!("{} is no review", edit.doc) };
        if let (Change::Set(value), [_, criterion]) = (&edit.change, edit.path.as_slice()) {
            assert_ne!(value.as_i64().unwrap(), review.scores[criterion]);
        }
    }
    assert!(super::edits(SEED, 0, 50).is_empty());
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), 5, 7).unwrap();
    let back = read(dir.path()).unwrap();
    assert_eq!(back.documents, workload(5, 7).collect::<Vec<_>>());
    assert_eq!(back.edits, edits(5, 7, 50));
    assert_ne!(back.documents, workload(6, 7).collect::<Vec<_>>());
}

#[test]
fn bad_lines_are_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("docs.jsonl"), "{\"type\":\"letter\"}\n").unwrap();
    let error = read(dir.path()).unwrap_err();
    assert!(error.to_string().contains("docs.jsonl:1"), "{error}");
    std::fs::write(dir.path().join("docs.jsonl"), vec![b' '; 2 << 20]).unwrap();
    assert_eq!(read(dir.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
}
