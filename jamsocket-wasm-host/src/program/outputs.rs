use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{self, OwnedPermit};
use wasmtime_wasi::{
    async_trait,
    p2::{OutputStream, Pollable, StreamError, StreamResult},
};

/// How many bytes of output go together at most.
const PIECE_BYTES: usize = 64 << 10;

/// How many pieces wait to be taken before the program waits with more.
const PIECES: usize = 4;

/// One of a program's outputs that somebody takes piece by piece. Clones are the same output.
pub(crate) struct Output {
    pieces: mpsc::Sender<Bytes>,
    /// The place of the next piece, shared as a program may open its output more than once.
    place: Arc<Mutex<Option<OwnedPermit<Bytes>>>>,
}

impl Output {
    /// An output, and where its pieces come out. They end with the program.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Bytes>) {
        let (pieces, taken) = mpsc::channel(PIECES);
        (Self { pieces, place: Arc::default() }, taken)
    }

    fn place(&self) -> Option<OwnedPermit<Bytes>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn has_place(&self) -> bool {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

impl Clone for Output {
    fn clone(&self) -> Self {
        Self { pieces: self.pieces.clone(), place: self.place.clone() }
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if !bytes.is_empty() {
            let place = self.place().ok_or(StreamError::Closed)?;
            place.send(bytes);
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        match (self.has_place(), self.pieces.is_closed()) {
            (true, _) => Ok(PIECE_BYTES),
            (false, false) => Ok(0),
            (false, true) => Err(StreamError::Closed),
        }
    }
}

#[async_trait]
impl Pollable for Output {
    /// Comes before each piece that is written.
    async fn ready(&mut self) {
        if !self.has_place()
            && let Ok(place) = self.pieces.clone().reserve_owned().await
        {
            *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        }
    }
}
