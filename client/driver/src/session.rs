//! An open home: identity, store, anchor and engine, held by one process.
