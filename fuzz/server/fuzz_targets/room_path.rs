//! Every path names a room or none, the same one whether the room is joined or created, and by the
//! rule in the documentation: 1 to 255 bytes of UTF-8 without control characters.

#![no_main]

use actix_web::{
    App,
    body::to_bytes,
    http::{Method, Uri},
    rt::{System, SystemRunner},
    test::{TestRequest, call_service, init_service},
};
use jamsocket::{JamsocketContext, SimpleJamsocketService, SimpleJamsocketServiceFactory};
use jamsocket_server::{Server, parts::room_id};
use libfuzzer_sys::fuzz_target;

struct Nothing;

impl SimpleJamsocketService for Nothing {
    fn new(_: &str, _: &impl JamsocketContext) -> Self {
        Nothing
    }
}

/// A status, and a text.
type Answer = (u16, String);

thread_local!(static SYSTEM: SystemRunner = System::new());

fuzz_target!(|path: &[u8]| {
    // The parser of requests makes a path of no other bytes.
    let Ok(uri) = Uri::try_from([b"/ws/", path].concat()) else { return };
    let Some(segment) = uri.path().strip_prefix("/ws/") else { return };
    let read = room_id(segment);
    assert_eq!(read.clone().ok(), expected(segment));

    let [joined, created, valid_joined, valid_created] = SYSTEM.with(|system| {
        system.block_on(async {
            [
                answer(Method::GET, &uri).await,
                answer(Method::POST, &uri).await,
                answer(Method::GET, &Uri::from_static("/ws/valid")).await,
                answer(Method::POST, &Uri::from_static("/ws/valid")).await,
            ]
        })
    });
    if segment.contains('/') {
        assert_eq!(joined.0, 404);
        assert_eq!(created.0, 404);
    } else if let Err(reason) = read {
        let refused = (400, format!("{reason}\n"));
        assert_eq!(joined, refused);
        assert_eq!(created, refused);
    } else {
        // The one has no handshake, and the other is not how rooms are made there.
        assert_eq!(joined, valid_joined);
        assert_eq!(created, valid_created);
    }
});

/// The documented rule, once more.
fn expected(segment: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let mut byte = *first;
        if byte == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
            byte = u8::from_str_radix(digits, 16).ok()?;
            rest = &rest[2..];
        }
        bytes.push(byte);
    }
    let id = String::from_utf8(bytes).ok()?;
    let fits = (1..=255).contains(&id.len()) && !id.chars().any(char::is_control);
    fits.then_some(id)
}

async fn answer(method: Method, uri: &Uri) -> Answer {
    let rooms = Server::new()
        .mount(SimpleJamsocketServiceFactory::<Nothing, _>::default())
        .expect("the default settings are usable");
    let app = init_service(App::new().configure(|app| rooms.configure(app))).await;
    let request = TestRequest::with_uri(&uri.to_string())
        .method(method)
        .insert_header(("host", "localhost"))
        .to_request();
    let response = call_service(&app, request).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.unwrap_or_default();
    (status, String::from_utf8_lossy(&body).into_owned())
}
