-- What arrived: each exchange or bundle that brought something, and what it brought. A fact of this device, told to nobody.
CREATE TABLE arrivals (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
