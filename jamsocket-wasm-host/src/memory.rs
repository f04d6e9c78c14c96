//! A guest's memory as the host sees it: everything that a guest points at goes through here.
//! Nothing is allocated before a pointer and its length are known to lie inside.

use crate::interface::MEMORY;
use simdutf8::compat::from_utf8;
use std::ops::Range;
use thiserror::Error;
use wasmtime::{Caller, Error, Extern, Memory};

/// What a store has whose guest calls the host.
pub(crate) trait HasMemory: 'static {
    /// The guest's memory, once it has been looked up.
    fn memory(&mut self) -> &mut Option<Memory>;
}

/// The memory of the guest that calls the host.
///
/// # Errors
///
/// It exports none.
pub(crate) fn memory_of<T: HasMemory>(caller: &mut Caller<'_, T>) -> wasmtime::Result<Memory> {
    if let Some(memory) = *caller.data_mut().memory() {
        return Ok(memory);
    }
    // A start function may call the host before anyone could hand it the memory.
    let memory = caller.get_export(MEMORY).and_then(Extern::into_memory);
    let memory = memory.ok_or_else(|| Error::msg("the guest exports no memory"))?;
    *caller.data_mut().memory() = Some(memory);
    Ok(memory)
}

/// What a guest pointed at is not what it has to be.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum PointerFault {
    #[error("{len} bytes at address {pointer:#x} reach beyond the guest's memory of {size} bytes")]
    OutOfBounds { pointer: u32, len: u32, size: usize },
    #[error(
        "the {len} bytes of text at address {pointer:#x} are not UTF-8 after the first {valid}"
    )]
    NotUtf8 { pointer: u32, len: u32, valid: usize },
}

/// The bytes that a guest points at.
pub(crate) fn bytes(memory: &[u8], pointer: u32, len: u32) -> Result<&[u8], PointerFault> {
    let out_of_bounds = PointerFault::OutOfBounds { pointer, len, size: memory.len() };
    range(pointer, len).and_then(|range| memory.get(range)).ok_or(out_of_bounds)
}

/// The text that a guest points at.
pub(crate) fn text(memory: &[u8], pointer: u32, len: u32) -> Result<&str, PointerFault> {
    from_utf8(bytes(memory, pointer, len)?).map_err(|error| PointerFault::NotUtf8 {
        pointer,
        len,
        valid: error.valid_up_to(),
    })
}

/// Where a guest wants bytes to be written.
pub(crate) fn bytes_mut(
    memory: &mut [u8],
    pointer: u32,
    len: u32,
) -> Result<&mut [u8], PointerFault> {
    let out_of_bounds = PointerFault::OutOfBounds { pointer, len, size: memory.len() };
    range(pointer, len).and_then(|range| memory.get_mut(range)).ok_or(out_of_bounds)
}

/// The `i32` that a guest points at. It need not be aligned.
pub(crate) fn read_i32(memory: &[u8], pointer: u32) -> Result<i32, PointerFault> {
    let mut little_endian = [0; 4];
    little_endian.copy_from_slice(bytes(memory, pointer, 4)?);
    Ok(i32::from_le_bytes(little_endian))
}

fn range(pointer: u32, len: u32) -> Option<Range<usize>> {
    let start = u64::from(pointer);
    let end = start + u64::from(len);
    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u32 = 16;
    const MEMORY: [u8; SIZE as usize] = *b"0123456789abcdef";

    #[test]
    fn what_lies_inside_is_given() {
        for (pointer, len) in [(0, 0), (0, 1), (0, SIZE), (SIZE - 1, 1), (SIZE, 0)] {
            let inside = bytes(&MEMORY, pointer, len).unwrap();
            let (start, end) = (pointer as usize, (pointer + len) as usize);
            assert_eq!(inside, &MEMORY[start..end]);
            let mut memory = MEMORY;
            assert_eq!(bytes_mut(&mut memory, pointer, len).unwrap(), inside);
        }
    }

    #[test]
    fn what_reaches_beyond_is_refused() {
        let beyond = [
            (0, SIZE + 1),
            (SIZE - 1, 2),
            (SIZE, 1),
            (SIZE + 1, 0),
            (1, u32::MAX),
            (u32::MAX, 0),
            (u32::MAX, 1),
            (u32::MAX, u32::MAX),
        ];
        for (pointer, len) in beyond {
            let fault = PointerFault::OutOfBounds { pointer, len, size: MEMORY.len() };
            assert_eq!(bytes(&MEMORY, pointer, len), Err(fault));
            let mut memory = MEMORY;
            assert!(bytes_mut(&mut memory, pointer, len).is_err());
        }
    }

    #[test]
    fn a_number_at_the_very_end_is_read_and_one_across_it_is_not() {
        let mut memory = [0; 16];
        memory[12..].copy_from_slice(&(-2_i32).to_le_bytes());
        assert_eq!(read_i32(&memory, 12), Ok(-2));
        for pointer in [13, 16, 0xFFFF_FFFC, u32::MAX] {
            assert!(read_i32(&memory, pointer).is_err(), "{pointer:#x}");
        }
    }

    #[test]
    fn text_is_utf8_or_nothing() {
        assert_eq!(text("größer".as_bytes(), 2, 4), Ok("öß"));
        let not_utf8: [&[u8]; 5] =
            [b"\xFF", b"\xC0\x80", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"\xF0\x9F\x98"];
        for bytes in not_utf8 {
            let len = bytes.len() as u32;
            let fault = PointerFault::NotUtf8 { pointer: 0, len, valid: 0 };
            assert_eq!(text(bytes, 0, len), Err(fault));
        }
    }
}
