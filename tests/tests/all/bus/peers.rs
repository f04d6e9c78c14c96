//! Those whom guests talk to, on loopback.

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::header,
    web::{self, Bytes},
};
use futures_util::{SinkExt as _, StreamExt as _};
use jamsocket_tests::Certificate;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use std::{net::SocketAddr, sync::Arc, thread};
use tokio::{net::TcpListener, sync::oneshot, task::AbortHandle};
use tokio_tungstenite::{accept_async, tungstenite::Message};

/// A web server: `/` says hello, packed where that is asked for, and takes what is posted; `/moved/URL`
/// leads there; `/long` is 5 MiB; `/headers` has those of the request, one a line.
pub(super) struct Web {
    pub(super) addr: SocketAddr,
    handle: ServerHandle,
}

impl Web {
    pub(super) fn start(certificate: Option<&Certificate>) -> Self {
        let tls = certificate.map(|certificate| {
            let chain = vec![CertificateDer::from_pem_slice(certificate.pem.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .unwrap()
        });
        let (tell, told) = std::sync::mpsc::channel();
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = || {
                    App::new()
                        .route("/", web::get().to(hello))
                        .route("/", web::post().to(post))
                        .route("/moved/{url:.*}", web::get().to(moved))
                        .route("/headers", web::get().to(headers))
                        .route("/long", web::get().to(async || "x".repeat(5 << 20)))
                };
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = match tls {
                    Some(tls) => server.bind_rustls_0_23("127.0.0.1:0", tls),
                    None => server.bind("127.0.0.1:0"),
                };
                let server = server.unwrap();
                let addr = server.addrs()[0];
                let server = server.run();
                tell.send((addr, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (addr, handle) = told.recv().unwrap();
        Self { addr, handle }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// `packed hello`, by gzip.
const PACKED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\x48\x4c\xce\x4e\x4d\
    \x51\xc8\x48\xcd\xc9\xc9\x07\x00\xed\x3c\x4f\x3a\x0c\x00\x00\x00";

async fn hello(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type("text/plain");
    let accepted = request.headers().get(header::ACCEPT_ENCODING);
    if accepted.is_some_and(|value| value.to_str().is_ok_and(|value| value.contains("gzip"))) {
        return response.insert_header((header::CONTENT_ENCODING, "gzip")).body(PACKED);
    }
    response.body("plain hello")
}

async fn headers(request: HttpRequest) -> String {
    let header = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        format!("{name}: {}", value.to_str().unwrap())
    };
    let mut lines: Vec<_> = request.headers().iter().map(header).collect();
    lines.sort();
    lines.join("\n")
}

async fn post(body: Bytes) -> HttpResponse {
    HttpResponse::Created().body(format!("{} bytes", body.len()))
}

async fn moved(url: web::Path<String>) -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, url.into_inner())).finish()
}

/// A WebSocket server that sends back what comes, and closes at `bye`.
pub(super) struct Echo {
    pub(super) addr: SocketAddr,
    task: AbortHandle,
}

impl Echo {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut socket = accept_async(socket).await.unwrap();
                    while let Some(Ok(message)) = socket.next().await {
                        let is_last = message.to_text().is_ok_and(|text| text == "bye");
                        if message.is_text() || message.is_binary() {
                            socket.send(message).await.unwrap();
                        }
                        if is_last {
                            let _ = socket.send(Message::Close(None)).await;
                        }
                    }
                });
            }
        });
        Self { addr, task: task.abort_handle() }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server that takes connections and never says anything. It tells when it has got one.
pub(super) async fn mute() -> (SocketAddr, oneshot::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        let mut held = Vec::new();
        let mut tell = Some(tell);
        while let Ok(accepted) = listener.accept().await {
            held.push(accepted);
            tell.take().map(|tell| tell.send(()));
        }
    });
    (addr, told)
}
