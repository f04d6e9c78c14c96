//! What a host calls: the exports of a module, and the memory that goes through them.
#![allow(unsafe_code, reason = "the interface passes pointers, and memory that changes hands")]

use crate::guest::Guest;
use jamsocket::SimpleJamsocketService;
use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ptr::NonNull,
    slice, str,
};

/// The exports of a module, whose room is the static `$guest`, a [`Guest`](crate::guest::Guest).
///
/// What is unsafe in here is exempt from the lints of the crate that it expands in, also where that
/// crate forbids unsafe code: those lints are silent about other crates' macros.
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($guest:ident) => {
        // The version of the interface, and of the protocol on top of it.
        #[unsafe(no_mangle)]
        static JAMSOCKET_API_VERSION: i32 = 1;
        #[unsafe(no_mangle)]
        static JAMSOCKET_API_PROTOCOL: i32 = 0;

        #[unsafe(no_mangle)]
        extern "C" fn jam_malloc(size: usize) -> *mut u8 {
            $crate::__private::allocate(size)
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn jam_free(start: *mut u8, size: usize) {
            // SAFETY: the host frees what `jam_malloc` gave it, once, with the size it asked for.
            unsafe { $crate::__private::free(start, size) }
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn initialize(room_id: *const u8, len: usize) {
            // SAFETY: the host has filled these bytes and lets them be until this call returns.
            let room_id = unsafe { $crate::__private::text(room_id, len) };
            $guest.initialize(room_id, &$crate::__private::Host);
            $crate::__private::opened(&$guest);
        }

        #[unsafe(no_mangle)]
        extern "C" fn connect(client: u32) {
            $guest.connect(client, &$crate::__private::Host);
            $crate::__private::run_tasks();
        }

        #[unsafe(no_mangle)]
        extern "C" fn disconnect(client: u32) {
            $guest.disconnect(client, &$crate::__private::Host);
            $crate::__private::run_tasks();
        }

        #[unsafe(no_mangle)]
        extern "C" fn timer() {
            $guest.timer(&$crate::__private::Host);
            $crate::__private::run_tasks();
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn message(client: u32, start: *const u8, len: usize) {
            // SAFETY: as in `initialize`.
            let message = unsafe { $crate::__private::text(start, len) };
            $guest.message(client, message, &$crate::__private::Host);
            $crate::__private::run_tasks();
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn binary(client: u32, start: *const u8, len: usize) {
            // SAFETY: as in `initialize`.
            let message = unsafe { $crate::__private::bytes(start, len) };
            $guest.binary(client, message, &$crate::__private::Host);
            $crate::__private::run_tasks();
        }
    };
}

/// The room is open: its tasks come back to it, and those that it has spawned already run.
pub fn opened<T: SimpleJamsocketService>(guest: &'static Guest<T>) {
    #[cfg(feature = "bus")]
    crate::tasks::open(guest);
    #[cfg(not(feature = "bus"))]
    let _ = guest;
    run_tasks();
}

/// Runs the room's tasks as far as they come, when a callback has returned.
pub fn run_tasks() {
    #[cfg(feature = "bus")]
    wasm_bus::task::run_ready();
}

/// Allocates `size` bytes for the host to fill. Where `size` is 0 there is no allocation behind the
/// pointer, which is never null.
///
/// # Panics
///
/// Panics where no allocation can be that large. Ends the module where memory is exhausted.
pub fn allocate(size: usize) -> *mut u8 {
    if size == 0 {
        return NonNull::dangling().as_ptr();
    }
    let layout = layout_of(size);
    // SAFETY: `alloc` asks for a layout of more than zero bytes, and 0 has returned above.
    let start = unsafe { alloc(layout) };
    if start.is_null() {
        handle_alloc_error(layout);
    }
    start
}

/// Gives back what [`allocate`] gave.
///
/// # Safety
///
/// `start` comes from `allocate(size)`, with this `size`, and was not given back since.
pub unsafe fn free(start: *mut u8, size: usize) {
    if size == 0 {
        return;
    }
    // SAFETY: by the caller's promise `start` is a live allocation of `allocate(size)`, which for a
    // size above 0 is one of `alloc` with the layout of the same size.
    unsafe { dealloc(start, layout_of(size)) }
}

/// The bytes that the host passes. Where there are none, `start` is not looked at.
///
/// # Safety
///
/// Where `len` is above 0, `start` is the start of `len` initialised bytes, which live and do not
/// change for `'a`.
///
/// # Panics
///
/// Panics where `start` is null and `len` is not 0, or no allocation can be that large.
pub unsafe fn bytes<'a>(start: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    assert!(!start.is_null(), "the host passed {len} bytes at address 0");
    // SAFETY: `start` is not null, and bytes have no alignment; they are initialised, unchanging
    // and alive for `'a` by the caller's promise. That they do not exceed `isize::MAX`, the layout
    // proves.
    unsafe { slice::from_raw_parts(start, layout_of(len).size()) }
}

/// The text that the host passes.
///
/// # Safety
///
/// As for [`bytes`].
///
/// # Panics
///
/// As [`bytes`], and where the bytes are not UTF-8.
pub unsafe fn text<'a>(start: *const u8, len: usize) -> &'a str {
    // SAFETY: the caller's promise is the one that `bytes` asks for.
    let bytes = unsafe { bytes(start, len) };
    str::from_utf8(bytes).expect("a host passes texts as UTF-8")
}

/// One layout for giving and taking back.
fn layout_of(size: usize) -> Layout {
    Layout::array::<u8>(size)
        .unwrap_or_else(|_| panic!("the host asked for {size} bytes, more than memory can hold"))
}

#[cfg(test)]
mod tests {
    use super::{allocate, bytes, free, text};
    use std::{panic::catch_unwind, ptr};

    #[test]
    fn an_allocation_takes_what_the_host_writes_and_is_given_back() {
        for size in [1, 2, 7, 4096, 1 << 20] {
            let start = allocate(size);
            // SAFETY: `start` is the start of `size` bytes of `allocate`, which nothing else refers
            // to. They are read before they are given back, once, with their size.
            unsafe {
                ptr::write_bytes(start, 0x61, size);
                assert_eq!(text(start, size), "a".repeat(size));
                free(start, size);
            }
        }
    }

    #[test]
    fn nothing_has_an_address_and_needs_no_memory() {
        let start = allocate(0);
        assert!(!start.is_null());
        // SAFETY: it comes from `allocate(0)`.
        unsafe { free(start, 0) };
        // A host need not have asked for it.
        // SAFETY: there are no bytes to be read or given back.
        unsafe {
            assert!(bytes(ptr::without_provenance(1), 0).is_empty());
            assert_eq!(text(ptr::null(), 0), "");
            free(ptr::without_provenance_mut(1), 0);
        }
    }

    #[test]
    fn more_than_memory_can_hold_panics() {
        assert!(catch_unwind(|| allocate(isize::MAX as usize + 1)).is_err());
        assert!(catch_unwind(|| allocate(usize::MAX)).is_err());
        // SAFETY: a length that no memory has is refused before anything is read.
        assert!(catch_unwind(|| unsafe { bytes(ptr::dangling(), usize::MAX) }.len()).is_err());
    }

    #[test]
    fn bytes_at_address_0_panic() {
        // SAFETY: the null pointer is refused before anything is read.
        assert!(catch_unwind(|| unsafe { bytes(ptr::null(), 1) }.len()).is_err());
    }

    #[test]
    fn a_text_that_is_not_utf_8_panics() {
        // SAFETY: a static of two bytes.
        assert!(catch_unwind(|| unsafe { text(b"\xff\xfe".as_ptr(), 2) }.len()).is_err());
    }
}
