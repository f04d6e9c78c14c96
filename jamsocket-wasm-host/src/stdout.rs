use bytes::Bytes;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    cli::{IsTerminal, StdoutStream},
    p2::OutputStream,
};

/// A guest's output, as WASI asks for one: what is written to it goes to the stream `O`, of which each clone
/// is the same.
#[derive(Clone)]
pub(crate) struct Stdout<O>(pub(crate) O);

impl<O> IsTerminal for Stdout<O> {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl<O: OutputStream + Clone + Sync + Unpin> StdoutStream for Stdout<O> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.0.clone())
    }
}

/// For WASI of later previews, which no guest here has: it does not wait for space.
impl<O: OutputStream + Unpin> AsyncWrite for Stdout<O> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        let space = self.0.check_write().map_err(|_| closed())?;
        if space == 0 {
            return Poll::Ready(Err(closed()));
        }
        let piece = &bytes[..bytes.len().min(space)];
        self.0.write(Bytes::copy_from_slice(piece)).map_err(|_| closed())?;
        Poll::Ready(Ok(piece.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
