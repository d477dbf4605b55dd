//! Charter links: who is admin or coordinator, on which devices, which relays count, and how many must
//! agree. A link is a list of changes to the links it names. It travels as the body of packs of kind
//! [`crate::header::PackKind::Link`]: every admin's pack with the same body is that admin's signature.
//! Whether a link counts is decided in [`crate::permission`].

use crate::codec::{Bytes, DecodeError, List, Problem, Reader, Set, Wire, Writer};
use crate::device::Device;
use crate::frontier::Frontier;
use crate::hash::hash;
use crate::ids::{DeviceId, LinkId, MemberId, ProgrammeId};
use crate::limits;
use crate::signature::PublicKey;
use crate::wire;

/// What a member may do beyond reading and reviewing. A set of two flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Roles {
    /// Signs charter links, invites, suspends, removes.
    pub admin: bool,
    /// Holds the keys of all shared streams and merges.
    pub coordinator: bool,
}

impl Wire for Roles {
    fn write(&self, to: &mut Writer) {
        (u8::from(self.admin) | u8::from(self.coordinator) << 1).write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::read(from)? {
            flags @ 0..=3 => Ok(Self { admin: flags & 1 != 0, coordinator: flags & 2 != 0 }),
            _ => Err(from.error(Problem::Invalid("roles"))),
        }
    }
}

/// A threshold that the charter sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Threshold {
    /// Admins who must sign the removal of a member.
    Remove,
    /// Selection signers who must sign a final list; more than half of them count where unset.
    FinalList,
    /// One that this version does not know.
    Unknown(u8),
}

impl Wire for Threshold {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Remove => 1,
            Self::FinalList => 2,
            Self::Unknown(code) => *code,
        }
        .write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match u8::read(from)? {
            1 => Self::Remove,
            2 => Self::FinalList,
            code => Self::Unknown(code),
        })
    }
}

/// One change that a link makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Gives a member roles and names its devices.
    Add {
        /// The member.
        member: MemberId,
        /// The roles it gains.
        roles: Roles,
        /// Devices that hold the roles.
        devices: List<Device, { limits::DEVICES }>,
    },
    /// Takes roles from a member, for ever. Without any role left the person stays a plain member where
    /// statements admit it.
    Drop {
        /// The member.
        member: MemberId,
        /// The roles it loses.
        roles: Roles,
        /// What of its work is still accepted.
        cut: Frontier,
    },
    /// Names one more device of an admin or coordinator.
    AddDevice {
        /// The member.
        member: MemberId,
        /// The device.
        device: Device,
    },
    /// Takes a device of an admin or coordinator out, for ever.
    DropDevice {
        /// The device.
        device: DeviceId,
        /// What of its work is still accepted.
        cut: Frontier,
    },
    /// Names a relay whose receipts count.
    AddRelay {
        /// Its key.
        key: PublicKey,
        /// True for a key kept on paper, to start a blank relay with.
        spare: bool,
    },
    /// Takes a relay out, for ever.
    DropRelay {
        /// Its key.
        key: PublicKey,
    },
    /// Sets a threshold; of several the highest counts.
    Set {
        /// Which.
        threshold: Threshold,
        /// How many.
        count: u16,
    },
    /// Names a member whose ballot on a final list counts.
    AddSigner {
        /// The member.
        member: MemberId,
    },
    /// Takes a selection signer out, for ever.
    DropSigner {
        /// The member.
        member: MemberId,
    },
    /// Refuses packs below this suite.
    RaiseSuite {
        /// The lowest suite that still counts.
        floor: u8,
    },
    /// A change that this version does not know: it makes the device read-only.
    Unknown {
        /// Its code.
        code: u8,
        /// Its contents.
        body: Bytes<{ limits::UNKNOWN_BYTES }>,
    },
}

impl Wire for Change {
    fn write(&self, to: &mut Writer) {
        let mut body = Writer::default();
        macro_rules! fields {
            ($code:literal: $($field:ident),*) => {{
                $($field.write(&mut body);)*
                $code
            }};
        }
        let code: u8 = match self {
            Self::Add { member, roles, devices } => fields!(1: member, roles, devices),
            Self::Drop { member, roles, cut } => fields!(2: member, roles, cut),
            Self::AddDevice { member, device } => fields!(3: member, device),
            Self::DropDevice { device, cut } => fields!(4: device, cut),
            Self::AddRelay { key, spare } => fields!(5: key, spare),
            Self::DropRelay { key } => fields!(6: key),
            Self::Set { threshold, count } => fields!(7: threshold, count),
            Self::AddSigner { member } => fields!(8: member),
            Self::DropSigner { member } => fields!(9: member),
            Self::RaiseSuite { floor } => fields!(10: floor),
            Self::Unknown { code, body: bytes } => {
                body.raw(bytes);
                *code
            }
        };
        write_tagged(to, code, body);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        read_tagged(from, |code, body| {
            macro_rules! read {
                ($variant:ident: $($field:ident),*) => {
                    Self::$variant {
                        $($field: Wire::read(body).map_err(|error: DecodeError| error.within(stringify!($field)))?),*
                    }
                };
            }
            Ok(Some(match code {
                1 => read!(Add: member, roles, devices),
                2 => read!(Drop: member, roles, cut),
                3 => read!(AddDevice: member, device),
                4 => read!(DropDevice: device, cut),
                5 => read!(AddRelay: key, spare),
                6 => read!(DropRelay: key),
                7 => read!(Set: threshold, count),
                8 => read!(AddSigner: member),
                9 => read!(DropSigner: member),
                10 => read!(RaiseSuite: floor),
                _ => return Ok(None),
            }))
        })?
        .map_or_else(|(code, body)| Ok(Self::Unknown { code, body }), Ok)
    }
}

/// A tag, then the contents behind their length, so that an unknown one can be kept and passed on.
pub(crate) fn write_tagged(to: &mut Writer, code: u8, body: Writer) {
    let body = body.finish();
    code.write(to);
    to.number(body.len() as u64);
    to.raw(&body);
}

type Kept = (u8, Bytes<{ limits::UNKNOWN_BYTES }>);

/// Reads what [`write_tagged`] wrote; `known` returns `None` for a tag that it does not know.
pub(crate) fn read_tagged<T>(
    from: &mut Reader<'_>,
    known: impl FnOnce(u8, &mut Reader<'_>) -> Result<Option<T>, DecodeError>,
) -> Result<Result<T, Kept>, DecodeError> {
    let code = u8::read(from)?;
    let start = from.position();
    let count = from.count(limits::BODY_BYTES)?;
    let bytes = from.raw(count)?;
    let mut body = Reader::new(bytes);
    let shifted = |error: DecodeError| DecodeError { at: error.at + start, ..error };
    match known(code, &mut body).map_err(shifted)? {
        Some(value) => {
            body.finish().map_err(shifted)?;
            Ok(Ok(value))
        }
        None => {
            let limit = limits::UNKNOWN_BYTES as u64;
            let kept = bytes.to_vec().try_into();
            kept.map(|body| Err((code, body)))
                .map_err(|_| from.error(Problem::TooLarge { value: bytes.len() as u64, limit }))
        }
    }
}

/// A charter link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The links that it builds on: all completed ones that its author knew; none for the genesis.
    pub parents: Set<LinkId, { limits::PARENTS }>,
    /// Random bytes, so that a programme's id cannot be foreseen.
    pub nonce: [u8; 16],
    /// True where keys may be cheap and everything is marked as a demonstration. Only the genesis' counts.
    pub demo: bool,
    /// The changes.
    pub changes: List<Change, { limits::CHANGES }>,
}
wire!(Link { parents, nonce, demo, changes });

impl Link {
    /// The link's id: `H("link", link)`.
    #[must_use]
    pub fn id(&self) -> LinkId {
        LinkId(hash("link", &[&self.to_bytes()]).0)
    }

    /// The id of the programme whose genesis this link is: the first 16 bytes of its id.
    #[must_use]
    pub fn programme(&self) -> ProgrammeId {
        ProgrammeId(hash("link", &[&self.to_bytes()]).prefix())
    }
}
