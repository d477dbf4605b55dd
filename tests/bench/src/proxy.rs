//! A relay's front door that counts: whatever passes between homes and the relay passes through here, and every byte
//! of it is counted at the socket, HTTP included. Without shaping; not a part of the product.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What passed so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Bytes to the relay.
    pub(crate) up: u64,
    /// Bytes from the relay.
    pub(crate) down: u64,
    /// How often a client began to speak after it had heard the relay, or for the first time on a connection: requests
    /// that had to be answered before the next one. The handshake of TCP comes on top, once for each connection.
    pub(crate) turns: u64,
}

impl Passed {
    /// What passed since.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { up: self.up - before.up, down: self.down - before.down, turns: self.turns - before.turns }
    }
}

#[derive(Default)]
struct Counts {
    up: AtomicU64,
    down: AtomicU64,
    turns: AtomicU64,
}

/// The door. Connections last as long as their ends want; the door itself as long as the process.
pub(crate) struct Proxy {
    counts: Arc<Counts>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Proxy {
    /// Opens a door in front of an address.
    pub(crate) fn open(to: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        std::thread::Builder::new().name("door".to_owned()).spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that cannot be made is closed, as a relay that is away would.
                drop(carry(client, to, &counted));
            }
        })?;
        Ok(Self { counts, address })
    }

    /// What passed so far.
    pub(crate) fn passed(&self) -> Passed {
        let read = |count: &AtomicU64| count.load(Ordering::SeqCst);
        Passed { up: read(&self.counts.up), down: read(&self.counts.down), turns: read(&self.counts.turns) }
    }
}

fn carry(client: TcpStream, to: SocketAddr, counts: &Arc<Counts>) -> io::Result<()> {
    let relay = TcpStream::connect(to)?;
    client.set_nodelay(true)?;
    relay.set_nodelay(true)?;
    // True where the client is to speak next.
    let heard = Arc::new(AtomicBool::new(true));
    let (up, down) = ((client.try_clone()?, relay.try_clone()?), (relay, client));
    let (counted, listens) = (Arc::clone(counts), Arc::clone(&heard));
    std::thread::spawn(move || {
        pass(up.0, up.1, |count| {
            if listens.swap(false, Ordering::SeqCst) {
                counted.turns.fetch_add(1, Ordering::SeqCst);
            }
            counted.up.fetch_add(count, Ordering::SeqCst);
        });
    });
    let counted = Arc::clone(counts);
    std::thread::spawn(move || {
        pass(down.0, down.1, |count| {
            heard.store(true, Ordering::SeqCst);
            counted.down.fetch_add(count, Ordering::SeqCst);
        });
    });
    Ok(())
}

/// Carries one direction until its end. What is counted was read and is about to be handed on.
fn pass(mut from: TcpStream, mut to: TcpStream, count: impl Fn(u64)) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        count(read as u64);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // Where the other side is gone already, there is nothing to shut.
    drop(to.shutdown(Shutdown::Write));
    drop(from.shutdown(Shutdown::Read));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_turns_are_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let relay = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for _ in 0..2 {
                let mut asked = [0; 5];
                stream.read_exact(&mut asked).unwrap();
                stream.write_all(b"an answer").unwrap();
            }
        });
        let door = Proxy::open(to).unwrap();
        let mut client = TcpStream::connect(door.address).unwrap();
        for _ in 0..2 {
            client.write_all(b"asked").unwrap();
            client.read_exact(&mut [0; 9]).unwrap();
        }
        relay.join().unwrap();
        assert_eq!(door.passed(), Passed { up: 10, down: 18, turns: 2 });
    }
}
