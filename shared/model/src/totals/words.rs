//! What totals say in one sentence, and what to do. Not the totals.

use super::TotalRow;
use crate::sentence::{Advice, Saying};

/// Says in one sentence how many applications have a total, and from how much.
pub fn overall(rows: &[TotalRow]) -> Advice {
    let known = rows.iter().filter(|row| row.total.is_some());
    let unread: Vec<&TotalRow> = rows.iter().filter(|row| row.n == 0).collect();
    let lacking: Vec<&TotalRow> = rows.iter().filter(|row| row.incomplete).collect();
    let (least, most) = (rows.iter().map(|row| row.n).min(), rows.iter().map(|row| row.n).max());
    let (Some(least), Some(most)) = (least, most) else {
        return Advice {
            sentence: Saying::new("totals-none", "There is no review, so there is no total."),
            act: Saying::new("await-reviews", "Look again when reviews have come in."),
        };
    };
    if let Some(one) = lacking.first() {
        let marked = known.clone().filter(|row| row.incomplete).count();
        let sentence = Saying::new(
            "totals-incomplete",
            "{known} of {all} applications here have a total, {marked} of these from less than is asked; {unread} have \
             no review that counts.",
        )
        .with("known", known.count())
        .with("all", rows.len())
        .with("marked", marked)
        .with("unread", unread.len());
        let act = match unread.first() {
            Some(one) => Saying::new(
                "ask-for-reviews",
                "Ask for reviews of what has none that counts, {unread} in all, beginning with {first}.",
            )
            .with("unread", unread.len())
            .with("first", one.application.as_str()),
            None => Saying::new(
                "ask-for-answers",
                "Ask for the answers that are missing of {lacking} applications, beginning with {first}.",
            )
            .with("lacking", lacking.len())
            .with("first", one.application.as_str()),
        };
        return Advice { sentence, act };
    }
    let fewest = rows.iter().find(|row| row.n == least && least < most);
    match fewest {
        None => Advice {
            sentence: Saying::new(
                "totals-whole",
                "Each of the {all} applications here has a total from all that is asked; reviews of each: {reads}.",
            )
            .with("all", rows.len())
            .with("reads", most),
            act: Saying::new("rank", "Put them in order."),
        },
        Some(one) => Advice {
            sentence: Saying::new(
                "totals-uneven",
                "Each of the {all} applications here has a total from all that is asked, but some from {least} reviews and \
                 some from {most}.",
            )
            .with("all", rows.len())
            .with("least", least)
            .with("most", most),
            act: Saying::new(
                "even-out-reads",
                "Ask for more reviews of those with the fewest, {fewest} in all, beginning with {first}; or accept the \
                 difference, and put them in order.",
            )
            .with("fewest", rows.iter().filter(|row| row.n == least).count())
            .with("first", one.application.as_str()),
        },
    }
}
