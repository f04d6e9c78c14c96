use super::room_list::{RoomList, Selection};
use crate::{
    http::refuse,
    metrics::exposition::{CONTENT_TYPE, Exposition},
    site::Site,
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::CONTENT_TYPE as CONTENT_TYPE_HEADER},
    web::{self, Data, Query, ServiceConfig},
};
use std::fmt::Display;

/// Adds `GET /metrics` and `GET /rooms`, and nothing else.
pub(crate) fn add(app: &mut ServiceConfig, site: &Site) {
    let exposition = Exposition::new(site.services().to_vec(), site.refused_hosts().clone());
    let metrics_route = web::get().to(metrics);
    let rooms_route = web::get().to(rooms);
    app.service(web::resource("/metrics").app_data(Data::new(exposition)).route(metrics_route));
    app.service(web::resource("/rooms").app_data(Data::new(site.clone())).route(rooms_route));
}

async fn metrics(exposition: Data<Exposition>) -> HttpResponse {
    match exposition.text() {
        Ok(text) => {
            HttpResponse::Ok().insert_header((CONTENT_TYPE_HEADER, CONTENT_TYPE)).body(text)
        }
        Err(error) => refuse::text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

async fn rooms(site: Data<Site>, request: HttpRequest) -> HttpResponse {
    let selection = match Query::<Selection>::from_query(request.query_string()) {
        Ok(selection) => selection,
        Err(error) => return bad_query(&error),
    };
    match RoomList::of(site.services(), &selection) {
        Some(list) => HttpResponse::Ok().json(list),
        None => refuse::text(StatusCode::NOT_FOUND, "there is no such service".to_owned()),
    }
}

fn bad_query(error: &dyn Display) -> HttpResponse {
    let text = format!("{error}: write /rooms?service=NAME&limit=NUMBER, or a part of that");
    refuse::text(StatusCode::BAD_REQUEST, text)
}
