//! A module between the calls of a host that does as a test says.

mod executor;
mod inbound;
mod outbound;
mod waiting;

use crate::{
    SerializationFormat::Json,
    abi::{CallBuilder, call},
    engine,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What calls ask for.
#[derive(Debug, Serialize, Deserialize)]
struct Question(u32);

/// What callbacks are fed with.
#[derive(Debug, Serialize, Deserialize)]
struct Step(u32);

const QUESTION: &str = "wasm_bus::engine::tests::Question";
const STEP: &str = "wasm_bus::engine::tests::Step";

fn ask(number: u32) -> CallBuilder {
    call(Cow::Borrowed("oracle"), Json, None, Question(number))
}

fn finish(handle: u32, data: &str) {
    engine::with(|engine| engine.finish(handle.into(), data.as_bytes().to_vec()));
}

fn error(handle: u32, code: u32) {
    engine::with(|engine| engine.error(handle.into(), code.into()));
}

fn closed(handle: u32) {
    engine::with(|engine| engine.closed(handle.into()));
}

fn start(parent: Option<u32>, handle: u32, topic: &str, request: &str) {
    let request = request.as_bytes().to_vec();
    engine::with(|engine| engine.start(parent.map(Into::into), handle.into(), topic, request));
}
