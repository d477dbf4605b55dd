-- sequence, head: of the newest pack. bytes: what all packs and attachments of it hold together.
CREATE TABLE programmes (
    no       INTEGER PRIMARY KEY,
    id       BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    sequence INTEGER NOT NULL,
    head     BLOB NOT NULL CHECK (length(head) = 32),
    bytes    INTEGER NOT NULL
) STRICT;

-- place: programmes.no × 2^40 + the pack's number in that programme's log. rest: signature and body.
CREATE TABLE packs (
    place       INTEGER PRIMARY KEY,
    id          BLOB NOT NULL CHECK (length(id) = 32),
    stream      BLOB NOT NULL CHECK (length(stream) = 16),
    device      BLOB NOT NULL CHECK (length(device) = 16),
    size        INTEGER NOT NULL,
    incarnation BLOB NOT NULL CHECK (length(incarnation) = 8),
    received_ms INTEGER NOT NULL,
    head        BLOB NOT NULL CHECK (length(head) = 32),
    header      BLOB NOT NULL,
    rest        BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX packs_by_id ON packs (id);
CREATE INDEX packs_by_stream ON packs (stream, place, size, received_ms);

-- subject: a device, with an empty stream; or a member, with the stream that was opened or closed to it.
CREATE TABLE changed (
    programme INTEGER NOT NULL REFERENCES programmes (no),
    subject   BLOB NOT NULL CHECK (length(subject) = 16),
    stream    BLOB NOT NULL,
    sequence  INTEGER NOT NULL,
    PRIMARY KEY (programme, subject, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    programme INTEGER NOT NULL REFERENCES programmes (no),
    id        BLOB NOT NULL CHECK (length(id) = 16),
    bytes     INTEGER NOT NULL,
    PRIMARY KEY (programme, id)
) STRICT, WITHOUT ROWID;

-- highest and seen: unsigned 64-bit values kept as signed ones with the same bits.
CREATE TABLE counters (
    programme   BLOB NOT NULL CHECK (length(programme) = 16),
    device      BLOB NOT NULL CHECK (length(device) = 16),
    incarnation BLOB NOT NULL CHECK (length(incarnation) = 8),
    highest     INTEGER NOT NULL,
    seen        INTEGER NOT NULL,
    PRIMARY KEY (programme, device, incarnation)
) STRICT, WITHOUT ROWID;

-- accounts: the ids of those who pay, one behind the other.
CREATE TABLE attachments (
    no        INTEGER PRIMARY KEY,
    programme INTEGER NOT NULL REFERENCES programmes (no),
    stream    BLOB NOT NULL CHECK (length(stream) = 16),
    id        BLOB NOT NULL CHECK (length(id) = 32),
    accounts  BLOB NOT NULL CHECK (length(accounts) % 16 = 0),
    total     INTEGER NOT NULL,
    held      INTEGER NOT NULL,
    UNIQUE (programme, stream, id)
) STRICT;

-- place: attachments.no × 2^32 + where the bytes begin.
CREATE TABLE pieces (
    place INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;
