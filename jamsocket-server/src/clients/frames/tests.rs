use super::*;

const FIN: u8 = 0x80;
const CONTINUE: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const MEBIBYTE: usize = 1 << 20;

/// A masked frame as a client sends it; the mask is zero.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend_from_slice(payload);
    bytes
}

fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match length {
        0..126 => bytes.push(0x80 | length as u8),
        126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes
}

/// Everything that comes of these bytes, and how it ends.
fn decode(bytes: &[u8]) -> (Vec<Incoming>, Option<u16>) {
    decode_in_pieces(bytes, bytes.len().max(1))
}

fn decode_in_pieces(bytes: &[u8], piece: usize) -> (Vec<Incoming>, Option<u16>) {
    let mut decoder = Decoder::new(&Limits::default());
    let mut all = Vec::new();
    for piece in bytes.chunks(piece) {
        decoder.feed(piece);
        loop {
            match decoder.next() {
                Ok(Some(incoming)) => all.push(incoming),
                Ok(None) => break,
                Err(reason) => return (all, Some(reason.code)),
            }
        }
    }
    (all, None)
}

fn closes_with(bytes: &[u8]) -> u16 {
    decode(bytes).1.expect("the bytes are refused")
}

#[test]
fn messages_come_out_as_they_went_in_however_they_are_cut() {
    let bytes = [
        frame(FIN | TEXT, "héllo".as_bytes()),
        frame(FIN | BINARY, &[7; 300]),
        frame(FIN | PING, b"?"),
        frame(FIN | TEXT, b""),
        frame(FIN | CLOSE, &1000u16.to_be_bytes()),
    ]
    .concat();
    let whole = decode(&bytes);
    let expected = [
        Incoming::Text("héllo".into()),
        Incoming::Binary(vec![7; 300].into()),
        Incoming::Ping("?".into()),
        Incoming::Text("".into()),
        Incoming::Close(Some(1000)),
    ];
    assert_eq!(whole.0, expected);
    for piece in [1, 2, 3, 7, 100] {
        assert_eq!(decode_in_pieces(&bytes, piece), whole);
    }
}

#[test]
fn ancestor_a4_fragments_are_joined_and_control_frames_may_come_between_them() {
    let bytes = [
        frame(TEXT, b"one "),
        frame(FIN | PING, b""),
        frame(CONTINUE, b"message"),
        frame(FIN | CONTINUE, b""),
        frame(BINARY, &[1]),
        frame(FIN | CONTINUE, &[2]),
    ]
    .concat();
    let expected = [
        Incoming::Ping("".into()),
        Incoming::Text("one message".into()),
        Incoming::Binary(vec![1, 2].into()),
    ];
    assert_eq!(decode(&bytes), (expected.into(), None));
}

#[test]
fn ancestor_a4_protocol_errors_close_with_1002() {
    let unmasked = [0x81, 0x01, b'x'];
    assert_eq!(closes_with(&unmasked), 1002);
    assert_eq!(closes_with(&frame(FIN | 0x40 | TEXT, b"")), 1002);
    assert_eq!(closes_with(&frame(FIN | 3, b"")), 1002);
    assert_eq!(closes_with(&frame(FIN | 0xb, b"")), 1002);
    assert_eq!(closes_with(&frame(FIN | CONTINUE, b"")), 1002);
    assert_eq!(closes_with(&[frame(TEXT, b""), frame(FIN | TEXT, b"")].concat()), 1002);
    assert_eq!(closes_with(&frame(PING, b"")), 1002);
}

#[test]
fn each_reserved_bit_and_each_reserved_opcode_is_a_protocol_error() {
    for bit in [0x40, 0x20, 0x10] {
        for opcode in [TEXT, BINARY, CLOSE, PING, PONG] {
            assert_eq!(closes_with(&frame(FIN | bit | opcode, b"")), 1002, "{bit:#x} {opcode}");
        }
        let continued = [frame(TEXT, b""), frame(FIN | bit | CONTINUE, b"")];
        assert_eq!(closes_with(&continued.concat()), 1002, "{bit:#x}");
    }
    for opcode in (3..8).chain(0xb..=0xf) {
        assert_eq!(closes_with(&frame(FIN | opcode, b"")), 1002, "{opcode}");
    }
}

#[test]
fn frames_of_every_kind_are_masked() {
    for opcode in [TEXT, BINARY, CLOSE, PING, PONG] {
        assert_eq!(closes_with(&[FIN | opcode, 0]), 1002, "{opcode}");
    }
    let continued = [frame(TEXT, b""), vec![FIN | CONTINUE, 0]];
    assert_eq!(closes_with(&continued.concat()), 1002);
}

#[test]
fn a_mask_is_taken_off() {
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode(&masked), (vec![Incoming::Text("Hello".into())], None));
}

#[test]
fn no_control_frame_is_fragmented() {
    for opcode in [CLOSE, PING, PONG] {
        assert_eq!(closes_with(&frame(opcode, b"")), 1002, "{opcode}");
        let between = [frame(TEXT, b""), frame(opcode, b"")];
        assert_eq!(closes_with(&between.concat()), 1002, "{opcode}");
    }
}

#[test]
fn a_continuation_continues_something() {
    for last in [0, FIN] {
        assert_eq!(closes_with(&frame(last | CONTINUE, b"")), 1002);
        let after_a_whole_one = [frame(FIN | TEXT, b""), frame(last | CONTINUE, b"")];
        assert_eq!(closes_with(&after_a_whole_one.concat()), 1002);
        let after_the_last =
            [frame(TEXT, b""), frame(FIN | CONTINUE, b""), frame(last | CONTINUE, b"")];
        assert_eq!(closes_with(&after_the_last.concat()), 1002);
    }
}

#[test]
fn no_message_begins_inside_another() {
    for inner in [TEXT, BINARY, FIN | TEXT, FIN | BINARY] {
        let bytes = [frame(TEXT, b"one"), frame(inner, b"two")].concat();
        assert_eq!(decode(&bytes), (Vec::new(), Some(1002)), "{inner:#x}");
    }
}

#[test]
fn a_close_has_a_code_that_a_peer_may_send() {
    let close = |code: u16| decode(&frame(FIN | CLOSE, &code.to_be_bytes()));
    for code in (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]) {
        assert_eq!(close(code), (vec![Incoming::Close(Some(code))], None));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, u16::MAX] {
        assert_eq!(close(code), (Vec::new(), Some(1002)), "{code}");
    }
}

#[test]
fn a_close_is_empty_or_has_a_whole_code_and_a_reason() {
    let close = |payload: &[u8]| decode(&frame(FIN | CLOSE, payload));
    assert_eq!(close(b""), (vec![Incoming::Close(None)], None));
    assert_eq!(close(&[3]), (Vec::new(), Some(1002)));
    let with_reason = |reason: &[u8]| close(&[&1000_u16.to_be_bytes(), reason].concat());
    let accepted = (vec![Incoming::Close(Some(1000))], None);
    assert_eq!(with_reason("auf später".as_bytes()), accepted);
    assert_eq!(with_reason(&[b'x'; 123]), accepted);
    assert_eq!(closes_with(&header(FIN | CLOSE, 126)), 1002);
}

#[test]
fn a_length_takes_its_shortest_form() {
    let sixteen_bits = |length: u16| {
        let mut bytes = vec![FIN | BINARY, 0x80 | 126];
        bytes.extend(length.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.resize(bytes.len() + usize::from(length), 0);
        bytes
    };
    let sixty_four_bits = |length: u64| {
        let mut bytes = vec![FIN | BINARY, 0x80 | 127];
        bytes.extend(length.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.resize(bytes.len() + length as usize, 0);
        bytes
    };
    for length in [0, 125] {
        assert_eq!(closes_with(&sixteen_bits(length)), 1002, "{length}");
    }
    for length in [0, 125, 126, 65_535] {
        assert_eq!(closes_with(&sixty_four_bits(length)), 1002, "{length}");
    }
    assert_eq!(decode(&sixteen_bits(126)).0, [Incoming::Binary(vec![0; 126].into())]);
    assert_eq!(decode(&sixteen_bits(65_535)).0, [Incoming::Binary(vec![0; 65_535].into())]);
    assert_eq!(decode(&sixty_four_bits(65_536)).0, [Incoming::Binary(vec![0; 65_536].into())]);
}

#[test]
fn a_control_frame_has_at_most_125_bytes() {
    assert_eq!(decode(&frame(FIN | PING, &[0; 125])).1, None);
    for opcode in [CLOSE, PING, PONG] {
        assert_eq!(closes_with(&header(FIN | opcode, 126)), 1002, "{opcode}");
    }
}

#[test]
fn a_message_has_at_most_a_mebibyte() {
    let whole = decode(&frame(FIN | BINARY, &vec![0; MEBIBYTE]));
    assert_eq!(whole.0.len(), 1);
    let parts = [frame(BINARY, &vec![0; MEBIBYTE - 1]), frame(FIN | CONTINUE, &[0])];
    assert_eq!(decode(&parts.concat()).0.len(), 1);
    let parts = [frame(BINARY, &vec![0; MEBIBYTE - 1]), header(FIN | CONTINUE, 2)];
    assert_eq!(closes_with(&parts.concat()), 1009);
}

#[test]
fn a_frame_that_is_too_long_is_refused_at_its_header() {
    for length in [MEBIBYTE as u64 + 1, 1 << 30, (1 << 63) - 1] {
        assert_eq!(closes_with(&header(FIN | BINARY, length)), 1009, "{length}");
        assert_eq!(closes_with(&header(TEXT, length)), 1009, "{length}");
    }
    for length in [1 << 63, u64::MAX] {
        assert_eq!(closes_with(&header(FIN | BINARY, length)), 1002, "{length}");
    }
}

#[test]
fn the_bound_of_messages_is_none_of_control_frames() {
    let mut decoder = Decoder::new(&Limits { message_bytes: 10, ..Limits::default() });
    decoder.feed(&frame(FIN | PING, &[0; 125]));
    assert_eq!(decoder.next().unwrap(), Some(Incoming::Ping(vec![0; 125].into())));
    decoder.feed(&frame(FIN | BINARY, &[0; 11]));
    assert_eq!(decoder.next().unwrap_err().code, 1009);
}

#[test]
fn a_header_with_two_faults_closes_alike_however_it_is_cut() {
    // Too long, and of a kind that there is not, with a reserved bit set, or not masked.
    for header in [header(FIN | 3, 1 << 30), header(FIN | 0x40 | TEXT, 1 << 30), {
        let mut unmasked = header(FIN | TEXT, 1 << 30);
        unmasked[1] = 127;
        unmasked
    }] {
        let whole = decode(&header);
        assert_eq!(whole.1, Some(1009));
        for piece in [1, 2, 3, 9] {
            assert_eq!(decode_in_pieces(&header, piece), whole);
        }
    }
}

#[test]
fn a_message_has_at_most_65_537_fragments() {
    let mut bytes = frame(BINARY, b"");
    for _ in 2..65_537 {
        bytes.extend(frame(CONTINUE, b""));
    }
    let at_the_bound = [bytes.clone(), frame(FIN | CONTINUE, b"")].concat();
    assert_eq!(decode(&at_the_bound), (vec![Incoming::Binary(Bytes::new())], None));
    bytes.extend(frame(CONTINUE, b""));
    assert_eq!(closes_with(&[bytes, frame(FIN | CONTINUE, b"")].concat()), 1008);
}

#[test]
fn bad_utf8_closes_with_1007_at_the_end_of_its_frame() {
    for bad in [&b"\xff"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x9f\x8e"] {
        assert_eq!(closes_with(&frame(FIN | TEXT, bad)), 1007, "{bad:?}");
    }
    assert_eq!(closes_with(&frame(TEXT, b"ok\xff")), 1007);
    assert_eq!(closes_with(&[frame(TEXT, b"ok"), frame(CONTINUE, b"\xff")].concat()), 1007);
    let reason = [&1000_u16.to_be_bytes()[..], b"ok\xff"].concat();
    assert_eq!(closes_with(&frame(FIN | CLOSE, &reason)), 1007);
    // The code of a Close is no text, and a binary message none either.
    assert_eq!(decode(&frame(FIN | CLOSE, &[0x0f, 0xff])).0, [Incoming::Close(Some(4095))]);
    assert_eq!(decode(&frame(FIN | BINARY, b"\xff")).0, [Incoming::Binary(b"\xff"[..].into())]);
}

#[test]
fn a_character_may_be_cut_by_fragments_but_not_by_the_end() {
    let dice = "🎲".as_bytes();
    let cut = |last: u8| {
        let parts =
            [frame(TEXT, &dice[..1]), frame(CONTINUE, &dice[1..3]), frame(last, &dice[3..])];
        decode(&parts.concat())
    };
    assert_eq!(cut(FIN | CONTINUE), (vec![Incoming::Text("🎲".into())], None));
    let unfinished = [frame(TEXT, &dice[..2]), frame(FIN | CONTINUE, &dice[2..3])].concat();
    assert_eq!(closes_with(&unfinished), 1007);
}

#[test]
fn a_client_that_has_sent_a_long_message_keeps_no_space_for_another() {
    let mut decoder = Decoder::new(&Limits::default());
    for (payload, is_kept) in [(100, true), (KEPT_BYTES, false), (100, true)] {
        decoder.feed(&frame(FIN | BINARY, &vec![0; payload]));
        assert!(matches!(decoder.next(), Ok(Some(Incoming::Binary(_)))));
        assert_eq!(decoder.next(), Ok(None));
        assert_eq!(decoder.peak > 0, is_kept, "{payload} bytes");
    }
}
