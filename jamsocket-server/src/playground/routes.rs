use super::{Listeners, page};
use crate::http::refuse;
use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, LOCATION, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
    web::{self, Data, ServiceConfig},
};
use std::sync::Arc;
use uuid::Uuid;

/// Adds `GET /_/`, which answers with the page, and `GET /_/events`, which tells it what happens.
///
/// Neither looks at `Origin`. A browser keeps the answers from pages of other sites, as no header here
/// lets them read; all that such a page can do is to listen in vain, on as many connections as its
/// browser makes to one host, which are fewer than may listen.
pub(crate) fn add(app: &mut ServiceConfig, listeners: &Arc<Listeners>) {
    let listeners = Data::from(listeners.clone());
    app.service(web::resource("/_/").route(web::get().to(show)).route(web::head().to(show)));
    app.service(web::resource("/_/events").app_data(listeners).route(web::get().to(events)));
    add_way_from(app, "/_");
}

/// Has `GET /` lead to the page.
pub(crate) fn add_way_there(app: &mut ServiceConfig) {
    add_way_from(app, "/");
}

/// Has a path lead to the page: `/` or `/_`, from both of which it is at `_/`, whatever comes before.
fn add_way_from(app: &mut ServiceConfig, path: &str) {
    let lead =
        || async { HttpResponse::TemporaryRedirect().insert_header((LOCATION, "_/")).finish() };
    app.service(web::resource(path).route(web::get().to(lead)).route(web::head().to(lead)));
}

async fn show() -> HttpResponse {
    let nonce = Uuid::new_v4().simple().to_string();
    ok().insert_header((CONTENT_SECURITY_POLICY, page::content_security_policy(&nonce)))
        .content_type(ContentType::html())
        .body(page::page(&nonce))
}

async fn events(listeners: Data<Listeners>) -> HttpResponse {
    match listeners.listen() {
        Some(events) => ok().content_type("text/event-stream").body(events),
        None => refuse::listener(),
    }
}

/// An answer that is as old as its server, and what it says it is.
fn ok() -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"));
    answer
}
