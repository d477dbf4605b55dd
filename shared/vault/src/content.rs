//! The content root: a Merkle root over salted leaves, one for each item of a pack. It lets one item be
//! shown with its author's signature and nothing else of the pack, also after the pack itself is gone. The
//! salts keep a guess of short content (six scores) from being tested against root, path or another leaf.
//!
//! ```text
//! saltᵢ = H("leaf salt", seed, i)                              i: 4 bytes, little-endian
//! leafᵢ = H("leaf", saltᵢ, programme, document, item hash)
//! tree  = leaf₀ of one, H("node", tree(first k), tree(the rest)) of n > 1, k the largest power of 2 below n
//! root  = H("content", n, tree)                                n: 4 bytes, little-endian
//! ```
//! The split is that of RFC 9162, section 2.1.1: no leaf is ever doubled, so two lists have two trees.
//! Leaves, nodes and roots are hashed under different names and cannot be taken for one another.

use tessera_defence::defended;
use tessera_protocol::codec::List;
use tessera_protocol::hash::{Hash, hash};
use tessera_protocol::ids::{DocumentId, ProgrammeId};
use tessera_protocol::wire;

use crate::secret::secret_types;

/// What of an item goes into its leaf.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// The document that a change belongs to; all zeros for any other item.
    pub document: DocumentId,
    /// A change's Automerge hash; of any other item `H("item", its bytes)`.
    pub hash: [u8; 32],
}

secret_types! {
    /// 32 random bytes inside a seal, from which the salts of its leaves follow. `Clone`, because it is kept
    /// beside what was opened.
    Seed;
}

impl Seed {
    /// The salt of the leaf at `index`.
    #[must_use]
    pub fn salt(&self, index: u32) -> [u8; 32] {
        if defended!(K30) { hash("leaf salt", &[self.expose(), &index.to_le_bytes()]).0 } else { [0; 32] }
    }
}

/// Hashes a leaf.
#[must_use]
pub fn leaf_hash(salt: &[u8; 32], programme: ProgrammeId, leaf: &Leaf) -> Hash {
    hash("leaf", &[salt, &programme.0, &leaf.document.0, &leaf.hash])
}

/// The content root over these leaf hashes; `None` where there are none, or more than a `u32` counts.
#[must_use]
pub fn root(leaves: &[Hash]) -> Option<Hash> {
    let count = u32::try_from(leaves.len()).ok()?;
    Some(close(count, tree(leaves)?))
}

fn close(count: u32, tree: Hash) -> Hash {
    hash("content", &[&count.to_le_bytes(), &tree.0])
}

fn node(left: Hash, right: Hash) -> Hash {
    hash("node", &[&left.0, &right.0])
}

fn tree(leaves: &[Hash]) -> Option<Hash> {
    match leaves {
        [] => None,
        [leaf] => Some(*leaf),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            Some(node(tree(left)?, tree(right)?))
        }
    }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: usize) -> usize {
    1 << (count - 1).ilog2()
}

/// The hashes beside the way from a leaf to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The leaf's place, from 0.
    pub index: u32,
    /// How many leaves there are.
    pub count: u32,
    /// The hashes beside the way, from the leaf upwards.
    pub beside: List<Hash, 32>,
}
wire!(Path { index, count, beside });

impl Path {
    /// The path of one leaf; `None` where there is no such leaf.
    #[must_use]
    pub fn new(leaves: &[Hash], index: u32) -> Option<Self> {
        let count = u32::try_from(leaves.len()).ok()?;
        if index >= count {
            return None;
        }
        let (mut rest, mut at, mut beside) = (leaves, index as usize, Vec::new());
        while rest.len() > 1 {
            let (left, right) = rest.split_at(split(rest.len()));
            let other = if at < left.len() {
                rest = left;
                right
            } else {
                at -= left.len();
                rest = right;
                left
            };
            beside.push(tree(other)?);
        }
        beside.reverse();
        Some(Self { index, count, beside: beside.try_into().ok()? })
    }

    /// The root that this path leads to from a leaf; `None` where the path has the wrong length. The item is
    /// in the pack where this is the header's content root.
    #[must_use]
    pub fn root(&self, leaf: Hash) -> Option<Hash> {
        if self.index >= self.count {
            return None;
        }
        // From the root down: on which side the leaf lies at each split.
        let (mut count, mut at, mut sides) = (self.count as usize, self.index as usize, Vec::new());
        while count > 1 {
            let left = split(count);
            sides.push(at < left);
            (at, count) = if at < left { (at, left) } else { (at - left, count - left) };
        }
        if sides.len() != self.beside.len() {
            return None;
        }
        let up = sides.iter().rev().zip(self.beside.iter());
        let tree = up
            .fold(leaf, |below, (&left, &other)| if left { node(below, other) } else { node(other, below) });
        Some(close(self.count, tree))
    }
}
