//! What a module calls: the imports that its host provides.
#![expect(unsafe_code, reason = "the interface passes pointers")]

use super::{Host, Outgoing};
use crate::CallHandle;

// From 1.96 on the linker wants to be told that these are imports, and of which module.
#[link(wasm_import_module = "wasm-bus")]
unsafe extern "C" {
    safe fn handle() -> u32;
    safe fn drop(handle: u32);
    safe fn poll();
    safe fn fork();
    safe fn fault(handle: u32, error: u32);
    safe fn thread_id() -> u32;
    fn callback(call: u32, handle: u32, topic: *const u8, topic_len: usize);
    fn listen(topic: *const u8, topic_len: usize);
    fn reply(handle: u32, response: *const u8, response_len: usize);
    fn reply_callback(
        handle: u32,
        topic: *const u8,
        topic_len: usize,
        message: *const u8,
        message_len: usize,
    );
    fn call(
        parent: u32,
        handle: u32,
        keepalive: u32,
        wapm: *const u8,
        wapm_len: usize,
        topic: *const u8,
        topic_len: usize,
        request: *const u8,
        request_len: usize,
    ) -> u32;
    fn call_instance(
        parent: u32,
        handle: u32,
        keepalive: u32,
        instance: *const u8,
        instance_len: usize,
        access_token: *const u8,
        access_token_len: usize,
        wapm: *const u8,
        wapm_len: usize,
        topic: *const u8,
        topic_len: usize,
        request: *const u8,
        request_len: usize,
    ) -> u32;
}

/// The host of a module, which is behind its imports.
#[derive(Debug)]
pub(crate) struct Imports;

impl Host for Imports {
    fn handle(&self) -> CallHandle {
        handle().into()
    }

    fn callback(&self, call: CallHandle, handle: CallHandle, topic: &str) {
        // SAFETY: pointer and length are of one `str`, which outlives the call and is not changed by
        // it: a host only reads, and calls back in `poll` alone.
        unsafe { callback(call.id, handle.id, topic.as_ptr(), topic.len()) }
    }

    fn call(&self, outgoing: &Outgoing<'_>) -> u32 {
        let Outgoing { parent, handle, keepalive, instance, wapm, topic, request } = *outgoing;
        let (parent, keepalive) = (CallHandle::to_wire(parent), u32::from(keepalive));
        match instance {
            // SAFETY: as in `callback`: each pointer and the length behind it are of one `str` or
            // slice that `outgoing` borrows.
            None => unsafe {
                call(
                    parent,
                    handle.id,
                    keepalive,
                    wapm.as_ptr(),
                    wapm.len(),
                    topic.as_ptr(),
                    topic.len(),
                    request.as_ptr(),
                    request.len(),
                )
            },
            // SAFETY: as above.
            Some(instance) => unsafe {
                call_instance(
                    parent,
                    handle.id,
                    keepalive,
                    instance.instance().as_ptr(),
                    instance.instance().len(),
                    instance.access_token().as_ptr(),
                    instance.access_token().len(),
                    wapm.as_ptr(),
                    wapm.len(),
                    topic.as_ptr(),
                    topic.len(),
                    request.as_ptr(),
                    request.len(),
                )
            },
        }
    }

    fn release(&self, handle: CallHandle) {
        drop(handle.id);
    }

    fn poll(&self) {
        poll();
    }

    fn listen(&self, topic: &str) {
        // SAFETY: as in `callback`.
        unsafe { listen(topic.as_ptr(), topic.len()) }
    }

    fn fork(&self) {
        fork();
    }

    fn reply(&self, handle: CallHandle, response: &[u8]) {
        // SAFETY: as in `callback`, of a slice.
        unsafe { reply(handle.id, response.as_ptr(), response.len()) }
    }

    fn fault(&self, handle: CallHandle, error: u32) {
        fault(handle.id, error);
    }

    fn reply_callback(&self, handle: CallHandle, topic: &str, message: &[u8]) {
        // SAFETY: as in `callback`, of a `str` and a slice.
        unsafe {
            reply_callback(handle.id, topic.as_ptr(), topic.len(), message.as_ptr(), message.len());
        }
    }

    fn thread_id(&self) -> u32 {
        thread_id()
    }
}
