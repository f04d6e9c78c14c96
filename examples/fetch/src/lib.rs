//! Fetches the URL that somebody sends and tells everyone what is there: a room with a task.
//!
//! Run it with `jamsocket dev examples/fetch --allow-net https://example.com` and send
//! `https://example.com/` to ws://localhost:8080/ws/1.

use jamsocket_wasm::{Context, bus::http, prelude::*, spawn, with};

/// How much of a page is shown.
const SHOWN_CHARS: usize = 200;

/// How many pages were fetched in one room.
#[jamsocket_wasm]
#[derive(Debug)]
pub struct Fetcher {
    fetched: u32,
}

impl SimpleJamsocketService for Fetcher {
    fn new(_room_id: &str, _context: &impl JamsocketContext) -> Self {
        Fetcher { fetched: 0 }
    }

    fn message(&mut self, client: ClientId, url: &str, context: &impl JamsocketContext) {
        context.send_message(client, "fetching");
        let url = url.to_owned();
        // The room goes on meanwhile.
        spawn(async move {
            match fetch(&url).await {
                Ok(text) => with(|fetcher: &mut Fetcher, context| {
                    fetcher.fetched += 1;
                    let text = format!("{}. {url}: {text}", fetcher.fetched);
                    context.send_message(MessageRecipient::Broadcast, &text);
                }),
                Err(error) => Context.send_message(client, &format!("{url}: {error}")),
            }
        });
    }
}

async fn fetch(url: &str) -> Result<String, String> {
    let response = http::get(url).send().await.map_err(|error| with_causes(&error))?;
    let text = String::from_utf8_lossy(response.bytes().map_err(|error| with_causes(&error))?);
    Ok(format!("{} {}", response.status(), text.chars().take(SHOWN_CHARS).collect::<String>()))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", with_causes(cause)),
        None => error.to_string(),
    }
}
