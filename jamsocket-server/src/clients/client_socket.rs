use super::{Client, source::Source};
use bytes::{Buf as _, Bytes};
use std::{
    cell::RefCell,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much is read at once: more than what hardly any peer has sent meanwhile, so that the system
/// needs not be asked a second time whether that was all.
const READ_BYTES: usize = 64 << 10;

thread_local! {
    /// What has been read just now, until the client's decoder has it: one place for all clients of a
    /// thread, as most of them send nothing most of the time.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// A client on a socket of its own: what HTTP was spoken on, until the client came.
///
/// While something cannot be written it is not read either. It ends with the socket.
pub(super) struct ClientSocket<S> {
    client: Client,
    socket: Socket<S>,
    writing: Bytes,
}

struct Socket<S>(S);

impl<S: AsyncRead + AsyncWrite + Unpin> ClientSocket<S> {
    pub(super) fn new(client: Client, socket: S) -> Self {
        Self { client, socket: Socket(socket), writing: Bytes::new() }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        while self.writing.has_remaining() {
            match ready!(Pin::new(&mut self.socket.0).poll_write(cx, &self.writing)) {
                Ok(written @ 1..) => self.writing.advance(written),
                Ok(0) | Err(_) => return Poll::Ready(false),
            }
        }
        Poll::Ready(true)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for ClientSocket<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            if !ready!(this.poll_write(cx)) {
                return Poll::Ready(());
            }
            match this.client.poll_next(&mut this.socket, cx) {
                Poll::Ready(Some(frames)) => this.writing = frames,
                Poll::Ready(None) => {
                    return Pin::new(&mut this.socket.0).poll_shutdown(cx).map(drop);
                }
                // TLS may keep some of what was written.
                Poll::Pending => {
                    return match ready!(Pin::new(&mut this.socket.0).poll_flush(cx)) {
                        Ok(()) => Poll::Pending,
                        Err(_) => Poll::Ready(()),
                    };
                }
            }
        }
    }
}

impl<S: AsyncRead + Unpin> Source for Socket<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, take: impl FnOnce(&[u8])) -> Poll<bool> {
        READ.with_borrow_mut(|space| {
            let mut read = ReadBuf::new(space);
            let has_read = ready!(Pin::new(&mut self.0).poll_read(cx, &mut read)).is_ok();
            let comes = has_read && !read.filled().is_empty();
            if comes {
                take(read.filled());
            }
            Poll::Ready(comes)
        })
    }
}
