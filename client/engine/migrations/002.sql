-- What documents say, as last read: a cache, so that a list of thousands builds no document.
CREATE TABLE contents (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT;
