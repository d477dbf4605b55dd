//! Who read what and what they gave, as numbers: applications and readers by position. Not the model.

use std::collections::{BTreeMap, BTreeSet};

use super::Reason;
use crate::totals::Readings;

/// One read: application, reader, figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Read {
    /// Position of the application.
    pub(crate) application: usize,
    /// Position of the reader.
    pub(crate) reader: usize,
    /// The review's figure.
    pub(crate) figure: f64,
}

/// The reads of a programme, sorted by application, then reader.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Design {
    /// Applications with a read, sorted.
    pub(crate) applications: Vec<String>,
    /// Readers with a read, sorted.
    pub(crate) readers: Vec<String>,
    /// The reads.
    pub(crate) reads: Vec<Read>,
}

impl Design {
    /// Takes the figures of complete reviews.
    pub(crate) fn of(readings: &Readings<'_>) -> Self {
        let given: Vec<(&str, &str, f64)> = readings
            .iter()
            .flat_map(|(application, reads)| {
                let complete = reads.iter().filter(|read| read.complete);
                complete.map(|read| (*application, read.reviewer, read.figure.to_f64()))
            })
            .collect();
        let applications = positions(given.iter().map(|(application, ..)| *application));
        let readers = positions(given.iter().map(|(_, reader, _)| *reader));
        let read = |(application, reader, figure): &(&str, &str, f64)| Read {
            application: applications[application],
            reader: readers[reader],
            figure: *figure,
        };
        let mut reads: Vec<Read> = given.iter().map(read).collect();
        // By what was given too: a reader can have read one application in several rounds.
        reads.sort_by(|a, b| {
            (a.application, a.reader).cmp(&(b.application, b.reader)).then(a.figure.total_cmp(&b.figure))
        });
        let names = |of: BTreeMap<&str, usize>| of.into_keys().map(str::to_owned).collect();
        Self { applications: names(applications), readers: names(readers), reads }
    }

    /// Says whether quality, severity and chance can be told apart at all: there are two of each at least, figures that
    /// differ, and more reads than a tree over applications and readers has.
    pub(crate) fn separable(&self) -> Result<(), Reason> {
        let first = self.reads.first().ok_or(Reason::NoScores)?;
        if self.readers.len() < 2 {
            return Err(Reason::SingleReviewer);
        }
        if self.applications.len() < 2 {
            return Err(Reason::SingleApplication);
        }
        #[expect(clippy::float_cmp, reason = "the nearest doubles of exact figures")]
        if self.reads.iter().all(|read| read.figure == first.figure) {
            return Err(Reason::NoVariation);
        }
        let mut pairs: Vec<(usize, usize)> =
            self.reads.iter().map(|read| (read.application, read.reader)).collect();
        pairs.dedup();
        let (parts, _) = self.parts();
        if pairs.len() + parts <= self.applications.len() + self.readers.len() {
            return Err(Reason::TooFewReads);
        }
        Ok(())
    }

    /// Returns the reads without one reader's, and without the applications that nobody else read. The second part
    /// says where each application and each read that is left stood before.
    pub(crate) fn without(&self, reader: usize) -> (Self, Vec<usize>, Vec<usize>) {
        let kept: Vec<usize> = (0..self.reads.len()).filter(|at| self.reads[*at].reader != reader).collect();
        let mut left: Vec<usize> = kept.iter().map(|at| self.reads[*at].application).collect();
        left.dedup();
        let reads = kept
            .iter()
            .map(|at| {
                let read = self.reads[*at];
                Read {
                    application: left.partition_point(|a| *a < read.application),
                    reader: read.reader - usize::from(read.reader > reader),
                    figure: read.figure,
                }
            })
            .collect();
        let mut readers = self.readers.clone();
        readers.remove(reader);
        let applications = left.iter().map(|a| self.applications[*a].clone()).collect();
        (Self { applications, readers, reads }, left, kept)
    }

    /// Counts the parts that no read joins, and names the readers without whom there would be more parts among the
    /// others' reads, by a walk in depth (Tarjan 1972: a vertex cuts where no child's subtree reaches above it).
    pub(crate) fn parts(&self) -> (usize, Vec<usize>) {
        let (a, r) = (self.applications.len(), self.readers.len());
        let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); a + r];
        for read in &self.reads {
            neighbours[read.application].push(a + read.reader);
            neighbours[a + read.reader].push(read.application);
        }
        let mut walk = Walk::new(neighbours);
        let mut parts = 0;
        // From readers, so that what lies above a reader on the path was read by another one, and stays.
        for start in a..a + r {
            if walk.seen[start] == 0 {
                parts += 1;
                walk.from(start);
            }
        }
        // An application that only this reader read leaves with the reader: it is no part of what stays.
        let cuts = (0..r).filter(|reader| {
            let stays = |child: &&usize| walk.neighbours[**child].iter().any(|n| *n != a + reader);
            walk.cut_off[a + reader].iter().filter(stays).count() > usize::from(walk.root[a + reader])
        });
        let cuts = cuts.collect();
        (parts, cuts)
    }
}

fn positions<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().zip(0..).collect()
}

/// A walk in depth over a graph.
struct Walk {
    neighbours: Vec<Vec<usize>>,
    /// When a vertex was reached, from 1; 0 = not yet.
    seen: Vec<usize>,
    /// The earliest vertex that its subtree reaches.
    low: Vec<usize>,
    /// Children whose subtree reaches nothing above the vertex.
    cut_off: Vec<Vec<usize>>,
    /// Whether a walk began here.
    root: Vec<bool>,
    time: usize,
}

impl Walk {
    fn new(neighbours: Vec<Vec<usize>>) -> Self {
        let n = neighbours.len();
        Self {
            neighbours,
            seen: vec![0; n],
            low: vec![0; n],
            cut_off: vec![Vec::new(); n],
            root: vec![false; n],
            time: 0,
        }
    }

    fn from(&mut self, start: usize) {
        self.root[start] = true;
        self.reach(start);
        // The path to where the walk stands, with the neighbour that is next.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((vertex, next)) = path.last().copied() {
            let above = path.len().checked_sub(2).map(|at| path[at].0);
            if let Some(neighbour) = self.neighbours[vertex].get(next).copied() {
                if let Some(last) = path.last_mut() {
                    last.1 += 1;
                }
                if self.seen[neighbour] == 0 {
                    self.reach(neighbour);
                    path.push((neighbour, 0));
                } else if Some(neighbour) != above {
                    self.low[vertex] = self.low[vertex].min(self.seen[neighbour]);
                }
                continue;
            }
            path.pop();
            if let Some(above) = above {
                self.low[above] = self.low[above].min(self.low[vertex]);
                if self.low[vertex] >= self.seen[above] {
                    self.cut_off[above].push(vertex);
                }
            }
        }
    }

    fn reach(&mut self, vertex: usize) {
        self.time += 1;
        self.seen[vertex] = self.time;
        self.low[vertex] = self.time;
    }
}
