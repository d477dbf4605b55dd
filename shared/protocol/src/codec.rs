//! The one bounded, canonical codec. It is not self-describing and not a general format: a reader
//! must know the type it expects.
//!
//! | type | bytes |
//! |---|---|
//! | `u8` | itself |
//! | `u16 u32 u64` | little-endian base 128, seven bits a byte, the shortest form only |
//! | `bool`, `Option` | `0` or `1`, then the value where there is one |
//! | fixed arrays, ids, hashes | themselves |
//! | [`Bytes`], [`List`] | count, then the contents |
//! | [`Set`], [`Map`] | count, then the entries in strictly rising order of their keys' bytes |
//! | structures | their fields in order |
//!
//! Every count has a maximum in its type and is checked against it, and against the bytes that are
//! left, before anything is allocated. [`Wire::from_bytes`] encodes the value again and refuses bytes
//! that differ, so one value has one encoding.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;

use tessera_defence::defence;

/// What is wrong with some bytes, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} at byte {at}: {problem}", if place.is_empty() { "value".to_owned() } else { place.join(".") })]
pub struct DecodeError {
    /// The fields from the outermost to the one that failed.
    pub place: Vec<&'static str>,
    /// Offset in the input, in bytes.
    pub at: usize,
    /// What is wrong.
    pub problem: Problem,
}

impl DecodeError {
    /// Names the field in which the error happened.
    #[must_use]
    pub fn within(mut self, field: &'static str) -> Self {
        self.place.insert(0, field);
        self
    }
}

/// The ways in which bytes can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The input ends inside the value.
    #[error("{missing} more bytes are needed")]
    Truncated {
        /// How many bytes are missing at least.
        missing: usize,
    },
    /// Bytes follow the value.
    #[error("{extra} bytes follow the end")]
    Trailing {
        /// How many bytes follow.
        extra: usize,
    },
    /// A count or a number is above its maximum.
    #[error("{value} is above the limit of {limit}")]
    TooLarge {
        /// What was found.
        value: u64,
        /// What is allowed.
        limit: u64,
    },
    /// The same value has a shorter or differently ordered encoding.
    #[error("not the canonical encoding")]
    NotCanonical,
    /// A tag or a combination that this version does not define.
    #[error("invalid {0}")]
    Invalid(&'static str),
    /// Written by a later version of the format.
    #[error("written by a newer version ({found}, this program knows {known})")]
    Newer {
        /// The version found.
        found: u8,
        /// The newest version that this program reads.
        known: u8,
    },
}

/// Collects encoded bytes.
#[derive(Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// Appends bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Appends a number in the shortest base-128 form.
    pub fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push((value & 0x7f) as u8);
    }

    /// Returns what was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Walks over untrusted bytes.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes not read yet.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Offset of the next byte.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// An error at the present offset.
    #[must_use]
    pub fn error(&self, problem: Problem) -> DecodeError {
        DecodeError { place: Vec::new(), at: self.at, problem }
    }

    /// Takes the next `count` bytes.
    ///
    /// # Errors
    /// [`Problem::Truncated`] where fewer are left.
    pub fn raw(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        if count > self.remaining() {
            return Err(self.error(Problem::Truncated { missing: count - self.remaining() }));
        }
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    /// Takes a number that is at most `limit`.
    ///
    /// # Errors
    /// Where the input ends, the form is not the shortest, or the number is above the limit.
    pub fn number(&mut self, limit: u64) -> Result<u64, DecodeError> {
        let start = self.at;
        let fail = |problem| DecodeError { place: Vec::new(), at: start, problem };
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.raw(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if !defence!(K17, shift < 63 || bits <= 1) {
                return Err(fail(Problem::NotCanonical));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                if !defence!(K17, bits > 0 || shift == 0) {
                    return Err(fail(Problem::NotCanonical));
                }
                if !defence!(H08, value <= limit) {
                    return Err(fail(Problem::TooLarge { value, limit }));
                }
                return Ok(value);
            }
        }
        Err(fail(Problem::NotCanonical))
    }

    /// Takes a count of things that are each at least one byte long.
    ///
    /// # Errors
    /// Where the count is above `limit` or above what the input can hold.
    pub fn count(&mut self, limit: usize) -> Result<usize, DecodeError> {
        let count = self.number(limit as u64)?;
        let count = usize::try_from(count).map_err(|_| self.error(Problem::Invalid("count")))?;
        if !defence!(H08, count <= self.remaining()) {
            return Err(self.error(Problem::Truncated { missing: count - self.remaining() }));
        }
        Ok(count)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Problem::Trailing`] where bytes are left.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.remaining() {
            extra if !defence!(K11, extra == 0) => Err(self.error(Problem::Trailing { extra })),
            _ => Ok(()),
        }
    }
}

/// A value with one canonical encoding.
pub trait Wire: Sized {
    /// Appends the encoding.
    fn write(&self, to: &mut Writer);

    /// Takes one value off the input.
    ///
    /// # Errors
    /// Where the bytes are no such value; the error names the place.
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Returns the encoding alone.
    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.write(&mut writer);
        writer.finish()
    }

    /// Reads a whole input as one value.
    ///
    /// # Errors
    /// As [`Wire::read`]; also where bytes follow, or where the value would be encoded differently.
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let value = Self::read(&mut reader)?;
        reader.finish()?;
        if !defence!(K17, value.to_bytes() == bytes) {
            return Err(DecodeError { place: Vec::new(), at: 0, problem: Problem::NotCanonical });
        }
        Ok(value)
    }
}

/// Implements [`Wire`] for a structure from its fields, in the order given.
#[macro_export]
macro_rules! wire {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::codec::Wire for $name {
            fn write(&self, to: &mut $crate::codec::Writer) {
                $($crate::codec::Wire::write(&self.$field, to);)*
            }
            fn read(from: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::DecodeError> {
                $(let $field = $crate::codec::Wire::read(from).map_err(|error| error.within(stringify!($field)))?;)*
                Ok(Self { $($field),* })
            }
        }
    };
}

impl Wire for u8 {
    fn write(&self, to: &mut Writer) {
        to.raw(&[*self]);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(from.raw(1)?[0])
    }
}

macro_rules! wire_number {
    ($($number:ty),*) => {$(
        impl Wire for $number {
            fn write(&self, to: &mut Writer) {
                to.number(u64::from(*self));
            }
            fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let value = from.number(u64::from(<$number>::MAX))?;
                <$number>::try_from(value).map_err(|_| from.error(Problem::Invalid("number")))
            }
        }
    )*};
}
wire_number!(u16, u32, u64);

impl Wire for bool {
    fn write(&self, to: &mut Writer) {
        to.raw(&[u8::from(*self)]);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match from.raw(1)?[0] {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(from.error(Problem::Invalid("yes or no"))),
        }
    }
}

impl<const N: usize> Wire for [u8; N] {
    fn write(&self, to: &mut Writer) {
        to.raw(self);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut array = [0; N];
        array.copy_from_slice(from.raw(N)?);
        Ok(array)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, to: &mut Writer) {
        self.is_some().write(to);
        if let Some(value) = self {
            value.write(to);
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(if bool::read(from)? { Some(T::read(from)?) } else { None })
    }
}

/// More entries or bytes than the format allows at this place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{found} is more than the {limit} that fit here")]
pub struct TooMany {
    /// How many there are.
    pub found: usize,
    /// How many may be.
    pub limit: usize,
}

fn within<const MAX: usize>(found: usize) -> Result<(), TooMany> {
    if found > MAX { Err(TooMany { found, limit: MAX }) } else { Ok(()) }
}

/// At most `MAX` bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Bytes<MAX> {
    /// Gives the bytes away.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> fmt::Debug for Bytes<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl<const MAX: usize> TryFrom<Vec<u8>> for Bytes<MAX> {
    type Error = TooMany;
    fn try_from(bytes: Vec<u8>) -> Result<Self, TooMany> {
        within::<MAX>(bytes.len())?;
        Ok(Self(bytes))
    }
}

impl<const MAX: usize> Deref for Bytes<MAX> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> Wire for Bytes<MAX> {
    fn write(&self, to: &mut Writer) {
        to.number(self.0.len() as u64);
        to.raw(&self.0);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = from.count(MAX)?;
        Ok(Self(from.raw(count)?.to_vec()))
    }
}

/// At most `MAX` values in the order given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    /// Gives the values away.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for List<T, MAX> {
    type Error = TooMany;
    fn try_from(values: Vec<T>) -> Result<Self, TooMany> {
        within::<MAX>(values.len())?;
        Ok(Self(values))
    }
}

impl<T, const MAX: usize> Deref for List<T, MAX> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Wire, const MAX: usize> Wire for List<T, MAX> {
    fn write(&self, to: &mut Writer) {
        to.number(self.0.len() as u64);
        for value in &self.0 {
            value.write(to);
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = from.count(MAX)?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(T::read(from)?);
        }
        Ok(Self(values))
    }
}

/// At most `MAX` different values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set<T, const MAX: usize>(BTreeSet<T>);

impl<T, const MAX: usize> Default for Set<T, MAX> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<T, const MAX: usize> Deref for Set<T, MAX> {
    type Target = BTreeSet<T>;
    fn deref(&self) -> &BTreeSet<T> {
        &self.0
    }
}

impl<T, const MAX: usize> TryFrom<BTreeSet<T>> for Set<T, MAX> {
    type Error = TooMany;
    fn try_from(values: BTreeSet<T>) -> Result<Self, TooMany> {
        within::<MAX>(values.len())?;
        Ok(Self(values))
    }
}

impl<T: Wire + Ord, const MAX: usize> Wire for Set<T, MAX> {
    fn write(&self, to: &mut Writer) {
        to.number(self.0.len() as u64);
        for value in &self.0 {
            value.write(to);
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = from.count(MAX)?;
        let mut values = BTreeSet::new();
        for _ in 0..count {
            let value = T::read(from)?;
            if !defence!(K17, values.last().is_none_or(|last| *last < value)) {
                return Err(from.error(Problem::NotCanonical));
            }
            values.insert(value);
        }
        Ok(Self(values))
    }
}

/// At most `MAX` keys with a value each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map<K, V, const MAX: usize>(BTreeMap<K, V>);

impl<K, V, const MAX: usize> Default for Map<K, V, MAX> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K, V, const MAX: usize> Deref for Map<K, V, MAX> {
    type Target = BTreeMap<K, V>;
    fn deref(&self) -> &BTreeMap<K, V> {
        &self.0
    }
}

impl<K, V, const MAX: usize> TryFrom<BTreeMap<K, V>> for Map<K, V, MAX> {
    type Error = TooMany;
    fn try_from(values: BTreeMap<K, V>) -> Result<Self, TooMany> {
        within::<MAX>(values.len())?;
        Ok(Self(values))
    }
}

impl<K: Wire + Ord, V: Wire, const MAX: usize> Wire for Map<K, V, MAX> {
    fn write(&self, to: &mut Writer) {
        to.number(self.0.len() as u64);
        for (key, value) in &self.0 {
            key.write(to);
            value.write(to);
        }
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = from.count(MAX)?;
        let mut values = BTreeMap::new();
        for _ in 0..count {
            let key = K::read(from)?;
            if !defence!(K17, values.last_key_value().is_none_or(|(last, _)| *last < key)) {
                return Err(from.error(Problem::NotCanonical));
            }
            let value = V::read(from)?;
            values.insert(key, value);
        }
        Ok(Self(values))
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
        self.1.write(to);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok((A::read(from)?, B::read(from)?))
    }
}
