use super::*;

const FIN: u8 = 0x80;
const CONTINUE: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
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
    assert_eq!(closes_with(&frame(FIN | CLOSE, &[3])), 1002);
    assert_eq!(closes_with(&frame(FIN | CLOSE, &1005u16.to_be_bytes())), 1002);
}

#[test]
fn a_control_frame_has_at_most_125_bytes() {
    assert_eq!(decode(&frame(FIN | PING, &[0; 125])).1, None);
    assert_eq!(closes_with(&header(FIN | PING, 126)), 1002);
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
    for length in [MEBIBYTE as u64 + 1, 1 << 30, (1 << 63) - 1, 1 << 63, u64::MAX] {
        assert_eq!(closes_with(&header(FIN | BINARY, length)), 1009, "{length}");
        assert_eq!(closes_with(&header(TEXT, length)), 1009, "{length}");
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
