use super::{
    network::{MAX_URL_BYTES, NotGranted, Resolver, tls},
    outgoing::Outgoing,
    wire::{read, reply},
};
use crate::bus::{Call, CallError, Callee, Member, host_task::HostTask};
use jamsocket::host::shown_url;
use reqwest::{
    Client, Method, Url,
    header::{self, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, LOCATION},
    redirect::Policy,
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

pub(super) const MAKE: &str = "wasm_bus_reqwest::api::ReqwestMakeRequest";

/// How often a request is redirected at most.
const MAX_REDIRECTS: usize = 10;

/// What went wrong, as guests are told it: numbers of Linux.
const EIO: i32 = 5;
const EINVAL: i32 = 22;
const EFBIG: i32 = 27;
const ETIMEDOUT: i32 = 110;
const ECONNREFUSED: i32 = 111;

#[derive(Deserialize)]
struct Make {
    url: String,
    method: String,
    options: Options,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct Options {
    gzip: bool,
    #[expect(dead_code, reason = "it is for browsers")]
    cors_proxy: Option<String>,
}

#[derive(Serialize)]
struct Response {
    pos: usize,
    data: Option<Vec<u8>>,
    ok: bool,
    redirected: bool,
    status: u16,
    status_text: String,
    headers: Vec<(String, String)>,
}

/// Why there is no response.
enum Failure {
    /// A redirect, or a name, led to where the guest may not go.
    NotGranted(String),
    Errno(i32),
}

/// Makes a request to another server.
pub(super) fn make(member: &Arc<Member>, call: Call) -> Result<Box<dyn Callee>, CallError> {
    let make: Make = read(&call.request)?;
    let url = Some(&make.url).filter(|url| url.len() <= MAX_URL_BYTES);
    let url: Option<Url> =
        url.and_then(|url| url.parse().ok()).filter(|url: &Url| !url.cannot_be_a_base());
    if let Some(url) = &url
        && !member.grants.allow_url(url)
    {
        return Err(member.deny(format_args!("the URL {}", shown_url(url.as_str()))));
    }
    let place = member.begin_connection()?;
    let member = member.clone();
    Ok(HostTask::answer(call.caller, move |mut caller| async move {
        let _place = place;
        let made = match url {
            Some(url) => {
                let limit = member.limits.bus_http_time;
                let made = timeout(limit, request(&member, url, make)).await;
                made.unwrap_or(Err(Failure::Errno(ETIMEDOUT)))
            }
            None => Err(Failure::Errno(EINVAL)),
        };
        let answer: Result<Response, i32> = match made {
            Ok(response) => Ok(response),
            Err(Failure::Errno(errno)) => Err(errno),
            Err(Failure::NotGranted(what)) => {
                return caller.fault(member.deny(format_args!("{what}")));
            }
        };
        reply(&mut caller, &answer);
    }))
}

async fn request(member: &Arc<Member>, url: Url, make: Make) -> Result<Response, Failure> {
    let gzip = make.options.gzip;
    let outgoing = outgoing(url, make).ok_or(Failure::Errno(EINVAL))?;
    let unpacks = gzip && !outgoing.headers.contains_key(ACCEPT_ENCODING);
    let client = client(unpacks).ok_or(Failure::Errno(EIO))?;
    let (mut response, redirected) = send(member, &client, outgoing).await?;
    let status = response.status();
    let headers = response.headers().iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let headers = headers.collect();
    let mut data = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if data.len() + chunk.len() > member.limits.bus_http_bytes {
            return Err(Failure::Errno(EFBIG));
        }
        data.extend_from_slice(&chunk);
    }
    Ok(Response {
        pos: 0,
        data: Some(data),
        ok: status.is_success(),
        redirected,
        status: status.as_u16(),
        status_text: status.canonical_reason().unwrap_or_default().to_owned(),
        headers,
    })
}

/// The first request, or `None` if it is not one that a guest may make.
fn outgoing(url: Url, make: Make) -> Option<Outgoing> {
    let method = Method::from_bytes(make.method.as_bytes()).ok()?;
    if method == Method::CONNECT {
        return None;
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &make.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if is_ours(&name) {
            return None;
        }
        headers.try_append(name, HeaderValue::from_str(value).ok()?).ok()?;
    }
    Some(Outgoing { method, url, headers, body: make.body.map(Into::into) })
}

/// Sends a request, and those that redirects ask for. Returns the last response, and whether there was a
/// redirect before it.
async fn send(
    member: &Member,
    client: &Client,
    mut outgoing: Outgoing,
) -> Result<(reqwest::Response, bool), Failure> {
    for redirects in 0..=MAX_REDIRECTS {
        let mut request = client.request(outgoing.method.clone(), outgoing.url.clone());
        request = request.headers(outgoing.headers.clone());
        if let Some(body) = &outgoing.body {
            request = request.body(body.clone());
        }
        let response = request.send().await.map_err(failure)?;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let Some(next) = outgoing.redirected(response.status(), location) else {
            return Ok((response, redirects > 0));
        };
        if !member.grants.allow_url(&next.url) {
            let (from, to) = (shown_url(outgoing.url.as_str()), shown_url(next.url.as_str()));
            return Err(Failure::NotGranted(format!("what the URL {from} leads to, {to}")));
        }
        outgoing = next;
    }
    tracing::debug!("a guest's request was redirected more than {MAX_REDIRECTS} times");
    Err(Failure::Errno(EIO))
}

/// A client that follows no redirect by itself, and keeps no connection for others.
fn client(unpacks: bool) -> Option<Client> {
    let client = Client::builder()
        .tls_backend_preconfigured((*tls().ok()?).clone())
        .dns_resolver(Arc::new(Resolver))
        .redirect(Policy::none())
        .referer(false)
        .gzip(unpacks)
        .no_proxy()
        .pool_idle_timeout(Duration::ZERO)
        .build();
    client.inspect_err(|error| tracing::warn!("no client of HTTP: {error}")).ok()
}

/// Whether a header says how and to whom a request goes, which is not the guest's to say: a URL that was
/// granted would be one of another host.
fn is_ours(name: &HeaderName) -> bool {
    let ours = [
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::HOST,
        header::PROXY_AUTHORIZATION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ];
    ours.contains(name)
}

fn failure(error: reqwest::Error) -> Failure {
    if NotGranted::is_cause_of(&error) {
        let url = error.url().map_or("", Url::as_str);
        return Failure::NotGranted(format!("what the URL {} leads to", shown_url(url)));
    }
    let errno = match () {
        () if error.is_timeout() => ETIMEDOUT,
        () if error.is_connect() => ECONNREFUSED,
        () if error.is_builder() => EINVAL,
        () => EIO,
    };
    tracing::debug!("a guest's request failed: {}", error.without_url());
    Failure::Errno(errno)
}
