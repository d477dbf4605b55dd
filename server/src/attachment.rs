//! Attachments: sealed bytes under one stream, brought and fetched in pieces of any size. What is held is
//! always a beginning of the whole, and the last piece is stored only where the whole is its hash, so
//! that what is complete is also right. Nobody can write over anything.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use tessera_defence::defence;
use tessera_protocol::access::Taken;
use tessera_protocol::exchange::{Authorisation, attachment_path, attachment_range, request_bytes};
use tessera_protocol::hash::{FieldHasher, Hash};
use tessera_protocol::header::{Header, NONE, PackKind, SUITE};
use tessera_protocol::ids::{AttachmentId, DeviceId, KeyId, StreamId};
use tessera_protocol::signature::Context;

use crate::failure::Failure;
use crate::incoming::Incoming;
use crate::rate::Running;
use crate::relay::Relay;
use crate::rules::Rules;
use crate::store::{AttachmentKey, Piece, PieceOutcome, Progress, Store, StoreError, reading, written};

/// Bytes that are stored in one commit.
const PIECE_BYTES: usize = 256 * 1024;
/// Of a piece that is refused so much is still read, so that whoever sends it hears why.
const DISCARDED_BYTES: u64 = 1024 * 1024;

/// Which attachment a request is about, and who asks.
pub(crate) struct Wanted {
    pub(crate) stream: StreamId,
    pub(crate) id: AttachmentId,
    pub(crate) authorisation: Authorisation,
}

/// A caller that proved who it is.
struct Caller {
    key: AttachmentKey,
    device: DeviceId,
    rules: Rules,
    running: Running,
}

/// A piece that is refused, and how much is held.
pub(crate) struct Misplaced(pub(crate) Failure, pub(crate) Option<Progress>);

impl<E: Into<Failure>> From<E> for Misplaced {
    fn from(failure: E) -> Self {
        Self(failure.into(), None)
    }
}

impl Relay {
    /// How much of an attachment is held.
    pub(crate) async fn attachment(&self, wanted: &Wanted, method: &str) -> Result<Progress, Failure> {
        let caller = self.caller(wanted, method, 0, 0).await?;
        self.readable(&caller).await
    }

    /// The bytes of an attachment from `from` on.
    pub(crate) async fn fetch(
        self: Arc<Self>,
        wanted: &Wanted,
        from: u64,
    ) -> Result<(Progress, Body), Failure> {
        let caller = self.caller(wanted, "GET", from, 0).await?;
        let progress = self.readable(&caller).await?;
        if !progress.complete() || from > progress.total_bytes {
            return Err(Failure::NotFound);
        }
        let hasher = (from == 0).then(|| FieldHasher::new("attachment", progress.total_bytes));
        let fetching = Fetching { key: caller.key, at: from, hasher, progress, _running: caller.running };
        let pieces = futures_util::stream::unfold(Some(fetching), move |fetching| {
            let relay = Arc::clone(&self);
            async move {
                match fetching?.next(&relay).await {
                    Ok(None) => None,
                    Ok(Some((bytes, fetching))) => Some((Ok(bytes), Some(fetching))),
                    Err(error) => Some((Err(error), None)),
                }
            }
        });
        Ok((progress, Body::from_stream(pieces)))
    }

    /// Takes the next bytes of an attachment.
    pub(crate) async fn bring(
        &self,
        wanted: &Wanted,
        from: u64,
        total: u64,
        body: Body,
    ) -> Result<Progress, Misplaced> {
        let mut incoming = Incoming::new(body, total.saturating_sub(from), self.idle());
        let result = self.brought(wanted, from, total, &mut incoming).await;
        if result.is_err() {
            incoming.discard(DISCARDED_BYTES).await;
        }
        result
    }

    async fn brought(
        &self,
        wanted: &Wanted,
        from: u64,
        total: u64,
        incoming: &mut Incoming,
    ) -> Result<Progress, Misplaced> {
        let caller = self.caller(wanted, "PUT", from, total).await?;
        let late = match caller.rules.access.may_write(&header(&caller, wanted)) {
            Ok(taken) => taken == Taken::AfterRemoval,
            Err(_) => return Err(Failure::NotAWriter.into()),
        };
        if total == 0 || total > self.limits().attachment_bytes {
            return Err(Failure::TooLarge("the attachment").into());
        }
        let held = self.progress(caller.key).await?;
        let fits = held.map_or(from == 0, |held| held.held_bytes == from && held.total_bytes == total);
        if !fits {
            return Err(Misplaced(Failure::Elsewhere, held));
        }
        let accounts = self.payers(&caller.rules, caller.device, late);
        let mut progress = held.unwrap_or(Progress { held_bytes: from, total_bytes: total });
        let mut waiting = Vec::new();
        loop {
            let piece = incoming.piece().await?;
            let end = piece.is_none();
            waiting.extend_from_slice(&piece.unwrap_or_default());
            let whole = progress.held_bytes + waiting.len() as u64 == total;
            if waiting.len() < PIECE_BYTES && !end && !whole {
                continue;
            }
            if !waiting.is_empty() {
                let piece = Piece {
                    key: caller.key,
                    accounts: accounts.clone(),
                    total_bytes: total,
                    from: progress.held_bytes,
                    bytes: std::mem::take(&mut waiting),
                    programme_limit_bytes: self.limits().programme_bytes,
                };
                progress = self.add(piece, whole).await?;
            }
            if end || whole {
                return Ok(progress);
            }
        }
    }

    async fn add(&self, piece: Piece, last: bool) -> Result<Progress, Misplaced> {
        let key = piece.key;
        let piece = if last { self.checked(piece).await? } else { piece };
        match written(|done| self.store().add_piece(piece, done)).await? {
            PieceOutcome::Held(progress) => Ok(progress),
            PieceOutcome::Elsewhere(held) => Err(Misplaced(Failure::Elsewhere, Some(held))),
            PieceOutcome::NoRoom => Err(Misplaced(Failure::Quota, self.progress(key).await?)),
        }
    }

    /// The last piece, where the whole is its hash; otherwise everything is dropped.
    async fn checked(&self, piece: Piece) -> Result<Piece, Failure> {
        let store = Arc::clone(self.store());
        let (piece, right) = reading(move || {
            let hash = whole(&*store, &piece)?;
            let right = defence!(F16, hash.is_some_and(|hash| hash.0 == piece.key.id.0));
            Ok((piece, right))
        })
        .await?;
        if right {
            return Ok(piece);
        }
        let key = piece.key;
        written(|done| self.store().drop_attachment(key, done)).await?;
        Err(Failure::NotItsHash)
    }

    /// Lets a caller in whose signature fits.
    async fn caller(&self, wanted: &Wanted, method: &str, from: u64, total: u64) -> Result<Caller, Failure> {
        let Authorisation { caller, signature } = &wanted.authorisation;
        let known = self.known(caller);
        let key = known.as_ref().map_or_else(|| self.public(), |(_, key)| *key);
        let path = attachment_path(wanted.stream, wanted.id);
        let range = attachment_range(from, total);
        let bytes = request_bytes(self.id(), caller, method, &path, &range);
        let checked = key.verify(Context::Request, &bytes, signature);
        let (Some((programme, _)), Ok(())) = (known, checked) else { return Err(Failure::NotAuthorised) };
        let running = self.count(caller).await?;
        let key = AttachmentKey { programme: caller.programme, stream: wanted.stream, id: wanted.id };
        Ok(Caller { key, device: caller.device, rules: programme.rules(), running })
    }

    async fn progress(&self, key: AttachmentKey) -> Result<Option<Progress>, StoreError> {
        let store = Arc::clone(self.store());
        reading(move || store.attachment(&key)).await
    }

    /// What is held, for whoever may read or write the stream; to all others nothing is.
    async fn readable(&self, caller: &Caller) -> Result<Progress, Failure> {
        let Rules { access, openings, .. } = &caller.rules;
        let reads = access
            .reader(caller.device)
            .is_some_and(|reader| access.may_read(openings, reader, caller.key.stream));
        let held = self.progress(caller.key).await?;
        held.filter(|_| reads).ok_or(Failure::NotFound)
    }
}

/// An attachment that is being sent. While it is, it counts as running.
struct Fetching {
    key: AttachmentKey,
    at: u64,
    /// Where all of it is sent.
    hasher: Option<FieldHasher>,
    progress: Progress,
    _running: Running,
}

impl Fetching {
    async fn next(mut self, relay: &Arc<Relay>) -> Result<Option<(Bytes, Self)>, StoreError> {
        if self.at == self.progress.total_bytes {
            return Ok(None);
        }
        let (store, key, at) = (Arc::clone(relay.store()), self.key, self.at);
        let bytes = reading(move || store.read_piece(&key, at)).await?;
        self.at += bytes.len() as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&bytes);
        }
        let whole = self.at == self.progress.total_bytes;
        let hash = if whole { self.hasher.take().map(FieldHasher::finish) } else { None };
        let wrong = hash.is_some_and(|hash| hash.is_none_or(|hash| hash.0 != key.id.0));
        if !defence!(F16, !wrong) || bytes.is_empty() {
            // The last piece is withheld, and whoever has the attachment can bring it again.
            tracing::error!(attachment = %key.id, "an attachment is damaged and dropped");
            written(|done| relay.store().drop_attachment(key, done)).await?;
            return Err(StoreError::Damaged("an attachment".to_owned()));
        }
        Ok(Some((Bytes::from(bytes), self)))
    }
}

/// `H("attachment", …)` of what is stored and the last piece.
fn whole(store: &dyn Store, last: &Piece) -> Result<Option<Hash>, StoreError> {
    let mut hasher = FieldHasher::new("attachment", last.total_bytes);
    let mut at = 0;
    while at < last.from {
        let bytes = store.read_piece(&last.key, at)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        at += bytes.len() as u64;
        hasher.update(&bytes);
    }
    hasher.update(&last.bytes);
    Ok(hasher.finish())
}

/// The header of a sealed pack in the stream: an attachment follows the same rule.
fn header(caller: &Caller, wanted: &Wanted) -> Header {
    Header {
        suite: SUITE,
        kind: PackKind::Items,
        programme: caller.key.programme,
        stream: wanted.stream,
        key: KeyId([1; 32]),
        device: caller.device,
        incarnation: wanted.authorisation.caller.incarnation,
        number: 1,
        previous: Default::default(),
        seen: None,
        opened: Default::default(),
        closed: Default::default(),
        recipients: None,
        padded_bytes: 0,
        content_root: Hash(NONE),
        body: Hash(NONE),
    }
}
