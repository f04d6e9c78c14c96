//! What a host calls: the exports of a module, and the memory that goes through them.
#![cfg_attr(
    any(test, target_arch = "wasm32"),
    expect(unsafe_code, reason = "the interface passes pointers, and memory that changes hands")
)]

/// The functions that a host calls, with what it hands over made Rust's own.
#[cfg(target_arch = "wasm32")]
mod abi {
    use super::memory::{allocate, take};
    use crate::{CallHandle, engine};

    #[unsafe(no_mangle)]
    extern "C" fn wasm_bus_malloc(len: usize) -> *mut u8 {
        allocate(len)
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn wasm_bus_free(start: *mut u8, len: usize) {
        // SAFETY: the host frees what `wasm_bus_malloc` gave it and it passed to nobody, once, with
        // the length it asked for. It may not have written to it, and nothing here reads it.
        drop(unsafe { take(start, len) });
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn wasm_bus_start(
        parent: u32,
        handle: u32,
        topic: *mut u8,
        topic_len: usize,
        request: *mut u8,
        request_len: usize,
    ) {
        // SAFETY: the host passes buffers of `wasm_bus_malloc`, each once and with its length.
        let (topic, request) = unsafe { (take(topic, topic_len), take(request, request_len)) };
        let topic = String::from_utf8_lossy(&topic);
        engine::with(|engine| {
            engine.start(CallHandle::from_wire(parent), handle.into(), &topic, request);
        });
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn wasm_bus_finish(handle: u32, data: *mut u8, len: usize) {
        // SAFETY: as in `wasm_bus_start`.
        let data = unsafe { take(data, len) };
        engine::with(|engine| engine.finish(handle.into(), data));
    }

    #[unsafe(no_mangle)]
    extern "C" fn wasm_bus_error(handle: u32, error: u32) {
        engine::with(|engine| engine.error(handle.into(), error.into()));
    }

    #[unsafe(no_mangle)]
    extern "C" fn wasm_bus_drop(handle: u32) {
        engine::with(|engine| engine.closed(handle.into()));
    }
}

/// Buffers that the host fills.
#[cfg(any(test, target_arch = "wasm32"))]
mod memory {
    /// A buffer of `len` bytes for the host to fill. One of no bytes has an address as well.
    ///
    /// # Panics
    ///
    /// Panics where no buffer can be that large. Ends the module where memory is exhausted.
    pub(super) fn allocate(len: usize) -> *mut u8 {
        // Zeroed, as a buffer that the host gives back unused is taken like any other.
        Box::into_raw(vec![0; len].into_boxed_slice()).cast()
    }

    /// The buffer that [`allocate`] gave, as one of ours again.
    ///
    /// # Safety
    ///
    /// `start` comes from `allocate(len)`, with this `len`, and was not taken since. Where `len` is 0
    /// it may be anything.
    pub(super) unsafe fn take(start: *mut u8, len: usize) -> Vec<u8> {
        if len == 0 {
            return Vec::new();
        }
        let buffer = std::ptr::slice_from_raw_parts_mut(start, len);
        // SAFETY: by the caller's promise this is the pointer that `Box::into_raw` gave in
        // `allocate`, with the length of the slice that was boxed, and nobody has made a box of it
        // since. All its bytes are initialised: `allocate` did that.
        unsafe { Box::from_raw(buffer) }.into_vec()
    }

    #[cfg(test)]
    mod tests {
        use super::{allocate, take};
        use std::{panic::catch_unwind, ptr};

        #[test]
        fn a_buffer_holds_what_the_host_writes() {
            for len in [1, 2, 7, 4096, 1 << 20] {
                let start = allocate(len);
                // SAFETY: `start` is the start of `len` bytes of `allocate`, which nothing else refers
                // to, and it is taken once, with their number.
                let taken = unsafe {
                    ptr::write_bytes(start, 0x61, len);
                    take(start, len)
                };
                assert_eq!(taken, vec![0x61; len]);
                assert_eq!(taken.capacity(), len);
            }
        }

        #[test]
        fn nothing_has_an_address_and_needs_no_memory() {
            let start = allocate(0);
            assert!(!start.is_null());
            // SAFETY: of no bytes, each of them.
            unsafe {
                assert!(take(start, 0).is_empty());
                assert!(take(ptr::null_mut(), 0).is_empty());
            }
        }

        #[test]
        fn more_than_memory_can_hold_panics() {
            assert!(catch_unwind(|| allocate(isize::MAX as usize + 1)).is_err());
        }
    }
}
