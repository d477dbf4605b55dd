//! Statements: the small unsealed acts that say who belongs, what is closed and what is final. They are
//! a set, not a log. Ids, keys, numbers and hashes only; never text. Whether one counts is decided in
//! [`crate::permission`].

use crate::charter::{read_tagged, write_tagged};
use crate::codec::{Bytes, DecodeError, List, Problem, Reader, Set, Wire, Writer};
use crate::device::Device;
use crate::frontier::Frontier;
use crate::hash::Hash;
use crate::ids::{AttachmentId, DeviceId, InvitationId, MemberId, PackId, RoundId, StreamId};
use crate::limits;
use crate::signature::Signature;
use crate::wire;

/// Whom a suspension concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A member with all devices.
    Member(MemberId),
    /// One device.
    Device(DeviceId),
}

impl Wire for Target {
    fn write(&self, to: &mut Writer) {
        match self {
            Self::Member(member) => {
                0_u8.write(to);
                member.write(to);
            }
            Self::Device(device) => {
                1_u8.write(to);
                device.write(to);
            }
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::read(from)? {
            0 => Ok(Self::Member(Wire::read(from)?)),
            1 => Ok(Self::Device(Wire::read(from)?)),
            _ => Err(from.error(Problem::Invalid("target"))),
        }
    }
}

/// A selection signer's signature under a final list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// The signer's device.
    pub device: DeviceId,
    /// Its signature over the list's hash and predecessor.
    pub signature: Signature,
}
wire!(Ballot { device, signature });

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// An invitation is open.
    Invite {
        /// The invitation.
        invitation: InvitationId,
        /// `H("invitation nonce", nonce)`; the admission reveals the nonce.
        commitment: Hash,
    },
    /// The person who answered an invitation is a member.
    Admit {
        /// The invitation.
        invitation: InvitationId,
        /// The first device; the member's id follows from it.
        device: Device,
        /// The nonce that the invitation committed to.
        nonce: [u8; 32],
    },
    /// A member or device may not write or read until a lift.
    Suspend {
        /// Who.
        target: Target,
        /// What of their work is still accepted.
        cut: Frontier,
    },
    /// Undoes a suspension.
    Lift {
        /// The pack of the suspension.
        suspension: PackId,
    },
    /// A member is out, for ever, with all devices and open invitations.
    Remove {
        /// Who.
        member: MemberId,
        /// What of their work is still accepted.
        cut: Frontier,
    },
    /// A member has one more device.
    AddDevice {
        /// Whose.
        member: MemberId,
        /// The device.
        device: Device,
    },
    /// A device is out, for ever, with those that it added.
    RemoveDevice {
        /// Which.
        device: DeviceId,
        /// What of its work is still accepted.
        cut: Frontier,
        /// Devices that it added and that stay.
        keep: Set<DeviceId, { limits::DEVICES }>,
    },
    /// A round is closed: what is inside the frontier came in time.
    Close {
        /// The round.
        round: RoundId,
        /// What came in time.
        frontier: Frontier,
    },
    /// A final list (the act comes later; the format has room).
    FinalList {
        /// Hash of the list.
        list: Hash,
        /// The list that this one replaces.
        predecessor: Option<PackId>,
        /// The device that sends letters and promotes.
        holder: DeviceId,
        /// Signatures of selection signers.
        ballots: List<Ballot, { limits::DEVICES }>,
    },
    /// An application is erased (the act comes later; the format has room).
    Erase {
        /// Its streams.
        streams: Set<StreamId, { limits::NAMES }>,
        /// Its attachments.
        attachments: Set<AttachmentId, { limits::NAMES }>,
    },
    /// A statement that this version does not know: it makes the device read-only.
    Unknown {
        /// Its code.
        code: u8,
        /// Its contents.
        body: Bytes<{ limits::UNKNOWN_BYTES }>,
    },
}

impl Wire for Statement {
    fn write(&self, to: &mut Writer) {
        let mut body = Writer::default();
        macro_rules! fields {
            ($code:literal: $($field:ident),*) => {{
                $($field.write(&mut body);)*
                $code
            }};
        }
        let code: u8 = match self {
            Self::Invite { invitation, commitment } => fields!(1: invitation, commitment),
            Self::Admit { invitation, device, nonce } => fields!(2: invitation, device, nonce),
            Self::Suspend { target, cut } => fields!(3: target, cut),
            Self::Lift { suspension } => fields!(4: suspension),
            Self::Remove { member, cut } => fields!(5: member, cut),
            Self::AddDevice { member, device } => fields!(6: member, device),
            Self::RemoveDevice { device, cut, keep } => fields!(7: device, cut, keep),
            Self::Close { round, frontier } => fields!(8: round, frontier),
            Self::FinalList { list, predecessor, holder, ballots } => {
                fields!(9: list, predecessor, holder, ballots)
            }
            Self::Erase { streams, attachments } => fields!(10: streams, attachments),
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
                1 => read!(Invite: invitation, commitment),
                2 => read!(Admit: invitation, device, nonce),
                3 => read!(Suspend: target, cut),
                4 => read!(Lift: suspension),
                5 => read!(Remove: member, cut),
                6 => read!(AddDevice: member, device),
                7 => read!(RemoveDevice: device, cut, keep),
                8 => read!(Close: round, frontier),
                9 => read!(FinalList: list, predecessor, holder, ballots),
                10 => read!(Erase: streams, attachments),
                _ => return Ok(None),
            }))
        })?
        .map_or_else(|(code, body)| Ok(Self::Unknown { code, body }), Ok)
    }
}
