use actix_web::dev::Payload;
use futures_core::Stream as _;
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

/// Where the bytes of a client come from.
pub(super) trait Source {
    /// Has `take` look at some of what has come; false when nothing comes any more.
    fn poll_read(&mut self, cx: &mut Context<'_>, take: impl FnOnce(&[u8])) -> Poll<bool>;
}

impl Source for Payload {
    /// HTTP/1's payload is filled by the very task that runs this, just before it does so. Filling
    /// it would wake that task in vain, once a message, so it is given nobody to wake.
    fn poll_read(&mut self, cx: &mut Context<'_>, take: impl FnOnce(&[u8])) -> Poll<bool> {
        let next = match self {
            Payload::H1 { payload } => {
                Pin::new(payload).poll_next(&mut Context::from_waker(Waker::noop()))
            }
            other => Pin::new(other).poll_next(cx),
        };
        next.map(|next| match next {
            Some(Ok(bytes)) => {
                take(&bytes);
                true
            }
            Some(Err(_)) | None => false,
        })
    }
}
