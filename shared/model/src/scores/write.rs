//! Scores to CSV, the form that [`Scores::read`] reads. Text cells are made harmless for spreadsheets; numbers are
//! written as they are.

use super::{Review, Scores};
use crate::cells::neutralise;

impl Scores {
    /// Writes all reviews as CSV: `application,reviewer,round,revision,confidence,CRITERION…`, sorted, lines ended by
    /// CR LF as RFC 4180 says. Not answered is an empty cell.
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let own = super::csv_file::OWN.iter().map(ToString::to_string);
        let mut records: Vec<Vec<String>> =
            vec![own.chain(self.criteria.iter().map(|key| neutralise(key))).collect()];
        records.extend(self.reviews.iter().map(record));
        for record in &records {
            writer
                .write_record(record)
                .expect("every record has as many cells as the header, and memory takes them");
        }
        writer.into_inner().expect("flushing to memory does not fail")
    }
}

fn record(review: &Review) -> Vec<String> {
    let number = |value: Option<crate::decimal::Decimal>| value.map_or_else(String::new, |d| d.to_string());
    let mut cells = vec![
        neutralise(&review.application),
        neutralise(&review.reviewer),
        neutralise(&review.round),
        review.revision.to_string(),
        number(review.confidence),
    ];
    cells.extend(review.scores.iter().map(|score| number(*score)));
    cells
}
