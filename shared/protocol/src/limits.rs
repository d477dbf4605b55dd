//! Every limit of the formats in one place. Sizes in bytes.

/// A pack's body.
pub const BODY_BYTES: usize = 256 * 1024;
/// A pack's header.
pub const HEADER_BYTES: usize = 160 * 1024;
/// A pack with header and signature.
pub const PACK_BYTES: usize = BODY_BYTES + HEADER_BYTES + 128;
/// Earlier packs that one pack names.
pub const PREVIOUS: usize = 64;
/// Streams that one pack opens, and streams that it closes.
pub const OPENINGS: usize = 1024;
/// Closings that one opening sets aside.
pub const DESPITE: usize = 64;
/// A public key of a recipient.
pub const RECIPIENT_BYTES: usize = 2048;
/// Recipients of one device.
pub const RECIPIENTS_PER_DEVICE: usize = 4;
/// Devices that one statement or change names.
pub const DEVICES: usize = 64;
/// Changes in one charter link.
pub const CHANGES: usize = 256;
/// Links that one link builds on.
pub const PARENTS: usize = 64;
/// The body of an unknown change or statement, kept as it is.
pub const UNKNOWN_BYTES: usize = 64 * 1024;
/// (stream, device) pairs in one frontier.
pub const FRONTIER: usize = 1 << 17;
/// Tips of one chain; more than one means copies of a device.
pub const TIPS: usize = 256;
/// Streams, attachments or relay keys in one statement or link.
pub const NAMES: usize = 4096;
/// Statements of one signer that count.
pub const STATEMENTS_PER_SIGNER: usize = 4096;
/// Packs in one request.
pub const PACKS_PER_REQUEST: usize = 4096;
/// All packs of one request together.
pub const REQUEST_BYTES: usize = 8 * 1024 * 1024;
/// Receipts asked for again, in one request.
pub const ASKED: usize = 4096;
/// Packs in one segment of an answer.
pub const PACKS_PER_SEGMENT: usize = 1024;
/// A segment is ended at the first pack that reaches this.
pub const SEGMENT_BYTES: usize = 32 * 1024;
/// What a relay keeps inside a cursor.
pub const PROGRESS_BYTES: usize = 64;
/// A sealed attachment.
pub const ATTACHMENT_BYTES: u64 = 64 * 1024 * 1024;
/// One part of a bundle.
pub const BUNDLE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Parts of a bundle.
pub const BUNDLE_PARTS: u32 = 1024;
