use super::{
    network::{MAX_URL_BYTES, NotGranted, Resolver, tls},
    wire::{read, reply},
};
use crate::bus::{Call, CallError, Callee, Grants, Member, host_task::HostTask};
use reqwest::{
    Client, Method, Url,
    header::{self, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue},
    redirect::{Attempt, Policy},
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
        return Err(member.deny(format_args!("the URL {url}")));
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
    let invalid = || Failure::Errno(EINVAL);
    let method = Method::from_bytes(make.method.as_bytes()).map_err(|_| invalid())?;
    if method == Method::CONNECT {
        return Err(invalid());
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &make.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        if is_ours(&name) {
            return Err(invalid());
        }
        let value = HeaderValue::from_str(value).map_err(|_| invalid())?;
        headers.try_append(name, value).map_err(|_| invalid())?;
    }
    let unpacks = make.options.gzip && !headers.contains_key(ACCEPT_ENCODING);
    let client = client(&member.grants, unpacks).ok_or(Failure::Errno(EIO))?;
    let mut request = client.request(method, url.clone()).headers(headers);
    if let Some(body) = make.body {
        request = request.body(body);
    }
    let mut response = request.send().await.map_err(|error| failure(&error))?;
    let status = response.status();
    let headers = response.headers().iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let headers = headers.collect();
    let mut data = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if data.len() + chunk.len() > member.limits.bus_http_bytes {
            return Err(Failure::Errno(EFBIG));
        }
        data.extend_from_slice(&chunk);
    }
    Ok(Response {
        pos: 0,
        data: Some(data),
        ok: status.is_success(),
        redirected: *response.url() != url,
        status: status.as_u16(),
        status_text: status.canonical_reason().unwrap_or_default().to_owned(),
        headers,
    })
}

/// A client that goes nowhere but where it may. It keeps no connection for others.
fn client(grants: &Arc<Grants>, unpacks: bool) -> Option<Client> {
    let granted = grants.clone();
    let redirects = Policy::custom(move |attempt| redirect(&granted, attempt));
    let client = Client::builder()
        .tls_backend_preconfigured((*tls().ok()?).clone())
        .dns_resolver(Arc::new(Resolver))
        .redirect(redirects)
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

fn redirect(grants: &Grants, attempt: Attempt<'_>) -> reqwest::redirect::Action {
    if !grants.allow_url(attempt.url()) {
        let refused = NotGranted::url(attempt.url());
        return attempt.error(refused);
    }
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error("too many redirects");
    }
    attempt.follow()
}

fn failure(error: &reqwest::Error) -> Failure {
    if NotGranted::is_cause_of(error) {
        let url = error.url().map_or_else(String::new, ToString::to_string);
        return Failure::NotGranted(format!("what the URL {url} leads to"));
    }
    tracing::debug!("a guest's request failed: {error}");
    Failure::Errno(match () {
        () if error.is_timeout() => ETIMEDOUT,
        () if error.is_connect() => ECONNREFUSED,
        () if error.is_builder() => EINVAL,
        () => EIO,
    })
}
