//! One guest calls another: `add` of two numbers, in JSON, one call after another. What is measured is
//! processor time.

#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros; a benchmark")]

use criterion::{Criterion, criterion_group, criterion_main};
use jamsocket_benches::{guest, runtime};
use jamsocket_wasm_host::{Bus, Grants, Program, WasmEngine};
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

fn calls(criterion: &mut Criterion) {
    let engine = WasmEngine::new().unwrap();
    let load = |name: &str| Program::load(&engine, guest(name)).expect("`make bench` builds it");
    let programs = [("calc".to_owned(), load("calc-service"))].into();
    let grants = Grants { programs: ["calc".to_owned()].into(), ..Grants::default() };
    let (bus, adds) = (Bus::new(&engine, programs, Grants::default()), load("adds"));
    let runtime = runtime();
    // The program's start is in each measurement, and criterion's slope is without it.
    criterion.bench_function("bus/a program's call of another, and its reply", |bench| {
        bench.iter_custom(|times| {
            let arguments = ["adds".to_owned(), times.to_string()];
            let begin = cpu_time();
            let code = runtime.block_on(bus.run(&adds, &arguments, grants.clone())).unwrap();
            assert_eq!(code, 0);
            cpu_time() - begin
        });
    });
}

/// What this thread has run, on which both guests are.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

criterion_group!(benches, calls);
criterion_main!(benches);
