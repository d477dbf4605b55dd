//! Files that are easily mixed up: an invitation where its answer is wanted, a bundle where an answer is wanted. What is
//! said of them on a command line.

use std::path::Path;

pub(crate) use tessera_driver::given::Given;

use crate::failure::{Exit, Failure};

fn words(given: Given) -> &'static str {
    match given {
        Given::Invitation => "an invitation",
        Given::Answer => "an answer to an invitation or a pass",
        Given::Pass => "a pass for a further device",
        Given::Bundle => "a bundle",
        Given::Backup => "the backup of a home",
    }
}

/// The command that takes such a file.
fn command(given: Given) -> &'static str {
    match given {
        Given::Invitation | Given::Pass => "tessera enrol FILE",
        Given::Answer => "tessera member admit FILE",
        Given::Bundle => "tessera bundle import FILE",
        Given::Backup => "tessera home restore FILE",
    }
}

/// Fails where a file is one of these and not what is wanted, and says which to give. Anything else passes: whoever reads
/// it says what is wrong with it.
pub(crate) fn want(wanted: &[Given], file: &Path) -> Result<(), Failure> {
    // A file that cannot be read is refused by name where it is read.
    let found = Given::file(file).ok().flatten();
    let Some(found) = found.filter(|found| !wanted.contains(found)) else { return Ok(()) };
    let hint = match (found, wanted.first()) {
        (Given::Invitation, Some(Given::Answer)) => format!(
            "give the answer that `tessera enrol` wrote for it, such as {}",
            file.with_extension("answer").display()
        ),
        (Given::Pass, Some(Given::Answer)) => {
            "give the answer that `tessera enrol` wrote for it on the new device".to_owned()
        }
        _ => format!("`{}` takes it", command(found)),
    };
    let wanted: Vec<&str> = wanted.iter().map(|wanted| words(*wanted)).collect();
    let message = format!("this is {}, not {}", words(found), wanted.join(" or "));
    let failure = Failure::new(Exit::BadInput, "other-file", message).hint(hint);
    Err(failure.at(&file.display().to_string(), None, None))
}
