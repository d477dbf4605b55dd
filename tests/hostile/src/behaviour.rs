//! What the relay can be told to do, one word for each way to misbehave.

use std::collections::{BTreeMap, BTreeSet};

use tessera_protocol::ids::{DeviceId, PackId, StreamId};
use tessera_protocol::pack::Pack;

/// How the relay treats every request until it is told otherwise. It signs whatever it says with the key that the charter
/// names, unless a word here says that it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// Passes everything on, and brings what it had kept back.
    Honest,

    // What it serves.
    /// Leaves these packs out, for ever, and says that this was all.
    Omit(BTreeSet<PackId>),
    /// Keeps these packs back until it is honest again.
    Delay(BTreeSet<PackId>),
    /// Keeps from each device what stands here for it, until it is honest again.
    Subsets(BTreeMap<DeviceId, BTreeSet<PackId>>),
    /// Serves this stream without its end, for ever: the newest pack of each answer is cut off.
    CutOff(StreamId),
    /// Serves the newest pack of every stream first, and the older ones in the answer after that.
    NewestFirst,
    /// Serves again all that it ever served to a device.
    Replay,
    /// Serves again every welcome that it ever saw, to whomever it was made.
    OldWelcomes,
    /// Gives as its answer one that it gave to an earlier request.
    OldAnswer,
    /// Answers once from an empty log, as if it had been rolled back to its beginning.
    RollBack,
    /// Says to every request that it has nothing and knows nothing, and takes whatever it is brought.
    AlwaysForgets,
    /// Shows this device another log than it showed everybody, under the same incarnation.
    TwoLogs(DeviceId),

    // What it makes of packs.
    /// Serves a pack under the name of another stream.
    Misplace(PackId, StreamId),
    /// Serves a pack as one of another programme.
    OtherProgramme(PackId),
    /// Takes the signature off a pack.
    StripSignature(PackId),
    /// Puts the signature of the second pack under the first.
    SwapSignatures(PackId, PackId),
    /// Changes one byte in the body of a pack.
    ChangeByte(PackId),
    /// Adds a recipient to a welcome, in its body and in the hash of its header.
    AddRecipient(PackId),
    /// Serves these as well: members, devices and keys of its own invention.
    Invent(Vec<Pack>),

    // What it says of packs.
    /// Takes packs, signs for them, and drops them.
    AcknowledgeWithoutKeeping,
    /// As that, and says that its log has grown by them.
    PretendLog,
    /// Takes packs, drops them, and gives receipts that another key than its own signed.
    ForgeReceipts,
    /// States this time, in milliseconds since 1970, for every pack that it receives or serves.
    FalseTimes(u64),
    /// Signs its answers with another key than the charter names.
    OtherKey,

    // What it does to attachments.
    /// Swaps the first two pieces of every file that it serves.
    SwapPieces,
    /// Serves instead of a file one that it served before, of the same length.
    SwapFiles,

    // What it does to HTTP.
    /// Answers as the log-in page of a hotel: 200, and a page of this type.
    CaptivePortal(&'static str),
    /// Brings every request to the relay behind it twice, and gives the client both answers.
    Twice,
    /// Handles a request and ends the connection without an answer.
    NoAnswer,
    /// Says nothing at all, and handles nothing.
    Silence,
    /// Cuts its answer after so many bytes, HTTP head included.
    CutAnswer(usize),
    /// Says a length that is so much more than what comes, and ends.
    TooLittle(usize),
    /// Says a length that is so much less than what comes.
    TooMuch(usize),
    /// Announces one pack, then a part of a gigabyte.
    HugePart,
    /// Announces a body of a terabyte, and sends as much of it as is taken.
    HugeBody,
    /// Announces packs without number, then sends parts that hold none, without end.
    EndlessParts,
    /// Sends its answer one byte at a time, with a pause after each.
    SlowBytes,
    /// Sends bytes that are no HTTP.
    Garbage,
    /// Sends frames of the right form that hold nothing of a relay's.
    GarbageFrames,
}
