//! The order in which an answer brings packs: what decides about the rest comes first.

use crate::codec::{DecodeError, Problem, Reader, Wire, Writer};

/// What kind of pack it is to one reader, in the order of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Charter links and statements.
    Public = 0,
    /// Keys, assignments and acknowledgements: `to/`.
    To = 1,
    /// The call.
    Programme = 2,
    /// What was opened to the reader: dossiers.
    Dossiers = 3,
    /// Submitted reviews.
    Reviews = 4,
    /// All else: desks, and what coordinators share among themselves.
    Rest = 5,
}

impl Class {
    /// Every class, in the order of sending.
    pub const ALL: [Self; 6] =
        [Self::Public, Self::To, Self::Programme, Self::Dossiers, Self::Reviews, Self::Rest];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Wire for Class {
    fn write(&self, to: &mut Writer) {
        to.raw(&[*self as u8]);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let code = u8::read(from)?;
        Self::ALL.get(usize::from(code)).copied().ok_or_else(|| from.error(Problem::Invalid("class")))
    }
}

/// A set of classes: bit `n` stands for the class of code `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Classes(pub u8);

impl Classes {
    /// No class.
    pub const NONE: Self = Self(0);
    /// Every class.
    pub const ALL: Self = Self(0b0011_1111);

    /// The set with one class more.
    #[must_use]
    pub const fn with(self, class: Class) -> Self {
        Self(self.0 | class.bit())
    }

    /// The set without a class.
    #[must_use]
    pub const fn without(self, class: Class) -> Self {
        Self(self.0 & !class.bit())
    }

    /// True where the class is in the set.
    #[must_use]
    pub const fn contains(self, class: Class) -> bool {
        self.0 & class.bit() != 0
    }

    /// The classes in the set, in the order of sending.
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::ALL.into_iter().filter(move |class| self.contains(*class))
    }
}

impl FromIterator<Class> for Classes {
    fn from_iter<I: IntoIterator<Item = Class>>(classes: I) -> Self {
        classes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl Wire for Classes {
    fn write(&self, to: &mut Writer) {
        to.raw(&[self.0]);
    }
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::read(from)? {
            bits if bits & !Self::ALL.0 == 0 => Ok(Self(bits)),
            _ => Err(from.error(Problem::Invalid("classes"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_holds_every_class_and_no_other_bit() {
        assert_eq!(Class::ALL.into_iter().collect::<Classes>(), Classes::ALL);
        assert_eq!(Classes::ALL.iter().collect::<Vec<_>>(), Class::ALL);
        assert!(Class::ALL.is_sorted());
        for code in 0..=u8::MAX {
            assert_eq!(Classes::from_bytes(&[code]).is_ok(), code < 64);
            assert_eq!(Class::from_bytes(&[code]).is_ok(), code < 6);
        }
    }

    #[test]
    fn a_class_comes_and_goes_alone() {
        for class in Class::ALL {
            let others = Classes::ALL.without(class);
            assert!(!others.contains(class));
            assert_eq!(others.with(class), Classes::ALL);
            assert_eq!(others.iter().count(), 5);
        }
    }
}
