//! Exchanges over HTTP: frames out, frames in, progress told.
