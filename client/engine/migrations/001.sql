-- The first tables. Each maps key bytes to value bytes, and a column never changes its meaning.
-- Large values are kept out of the key's tree (a table with rowids and an index); small ones inside it.

CREATE TABLE meta (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE packs (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE pack_states (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE chains (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE pending (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE outbox (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE keys (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE openings (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE receipts (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE documents (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE changes (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE parked (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE outcomes (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE attachments (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE attachment_bytes (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE notices (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE decisions (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE views (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE settings (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Full-text search: which documents are indexed, and under which words. The words are cut and folded by
-- the program (store/words.rs); the tokenizer only splits them at spaces.
CREATE TABLE searchable (id INTEGER NOT NULL PRIMARY KEY, document BLOB NOT NULL UNIQUE) STRICT;
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
