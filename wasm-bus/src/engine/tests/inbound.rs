//! Calls of others, and what answers them.

use super::{QUESTION, Question, STEP, Step, ask, closed, finish, start};
use crate::{
    CallError, CallHandle,
    SerializationFormat::{Bincode, Json},
    abi::reply_callback,
    engine,
    host::scripted::ScriptedHost,
    serve::{listen, respond_to, serve},
    task::spawn,
};
use serde::{Serialize, Serializer};
use std::{cell::Cell, rc::Rc};

/// Answers a question by twice its number, and 0 by an error.
fn listen_to_questions() {
    listen(
        Json,
        |_, Question(number)| async move {
            if number == 0 { Err(CallError::BadRequest) } else { Ok(2 * number) }
        },
        false,
    );
}

#[test]
fn a_call_is_answered_before_the_host_goes_on() {
    let host = ScriptedHost::install();
    listen_to_questions();
    start(None, 7, QUESTION, "21");
    start(None, 7, QUESTION, "0");
    start(None, 7, QUESTION, "{}");
    assert_eq!(
        host.asked(),
        [&format!("listen {QUESTION}"), "reply 7 42", "fault 7 12", "fault 7 2"]
    );
}

#[test]
fn a_reply_that_cannot_be_written_is_a_fault() {
    struct Unwritable;
    impl Serialize for Unwritable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("never"))
        }
    }
    let host = ScriptedHost::install();
    listen(Json, |_, Question(_)| async { Ok(Unwritable) }, false);
    start(None, 7, QUESTION, "1");
    assert_eq!(host.asked()[1..], ["fault 7 1"]);
}

#[test]
fn what_nobody_answers_is_a_fault() {
    let host = ScriptedHost::install();
    start(None, 7, QUESTION, "1");
    start(Some(3), 7, QUESTION, "1");
    assert_eq!(host.asked(), ["fault 7 9", "fault 7 8"]);
}

#[test]
fn a_call_whose_number_is_in_use_is_a_fault() {
    let host = ScriptedHost::install();
    listen_to_questions();
    let own = ask(1).invoke();
    host.asked();
    start(None, own.id(), QUESTION, "1");
    assert_eq!(host.asked(), ["fault 1 8"]);
}

#[test]
fn a_call_that_waits_is_answered_when_it_goes_on() {
    let host = ScriptedHost::install();
    let handler = |_, Question(number)| async move {
        let doubled = ask(number).invoke().join::<u32>().await?;
        Ok(doubled + 1)
    };
    listen(Json, handler, false);
    start(None, 7, QUESTION, "1");
    start(None, 8, QUESTION, "2");
    finish(2, "20");
    finish(1, "10");
    assert_eq!(
        host.asked()[1..],
        [
            &format!("call - 1 0 oracle {QUESTION} 1"),
            &format!("call - 2 0 oracle {QUESTION} 2"),
            "drop 2",
            "reply 8 21",
            "drop 1",
            "reply 7 11",
        ]
    );
}

#[test]
fn an_answer_to_a_call_that_is_over_is_not_sent() {
    let host = ScriptedHost::install();
    let handler = |_, Question(number)| async move { ask(number).invoke().join::<u32>().await };
    listen(Json, handler, false);
    start(None, 7, QUESTION, "1");
    closed(7);
    // The number is the host's to give to another call.
    start(None, 7, QUESTION, "2");
    host.asked();
    finish(1, "10");
    assert_eq!(host.asked(), ["drop 1"]);
    finish(2, "20");
    assert_eq!(host.asked(), ["drop 2", "reply 7 20"]);
}

#[test]
fn callbacks_are_fed_while_the_call_lasts() {
    let host = ScriptedHost::install();
    listen(
        Json,
        |call, Question(_)| async move {
            reply_callback(call, Json, Step(1));
            spawn(async move { reply_callback(call, Json, Step(2)) });
            Ok(())
        },
        false,
    );
    start(None, 7, QUESTION, "1");
    // The task runs when the call is over.
    assert_eq!(host.asked()[1..], [&format!("reply_callback 7 {STEP} 1"), "reply 7 null"]);
}

#[test]
fn a_message_that_cannot_be_written_fails_its_call() {
    let host = ScriptedHost::install();
    listen(
        Json,
        |call, Question(_)| async move {
            reply_callback(call, Json, std::collections::BTreeMap::from([((), ())]));
            Ok(())
        },
        false,
    );
    start(None, 7, QUESTION, "1");
    assert_eq!(host.asked()[1..], ["fault 7 1"]);
}

/// Says when it is dropped.
struct Object(Rc<Cell<bool>>);

impl Drop for Object {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// Makes an object of each call, which answers in bincode; the cell tells when one is dropped.
fn listen_for_objects() -> Rc<Cell<bool>> {
    let dropped = Rc::new(Cell::new(false));
    let inner = Rc::clone(&dropped);
    let handler = move |call: CallHandle, Question(number)| {
        let object = Rc::new(Object(Rc::clone(&inner)));
        async move {
            let method = move |_, Step(step)| {
                let object = Rc::clone(&object);
                async move {
                    let _object = object;
                    Ok(number + step)
                }
            };
            respond_to(call, Bincode, method, false);
            Ok(())
        }
    };
    listen(Json, handler, true);
    dropped
}

#[test]
fn an_object_answers_until_the_caller_has_done_with_it() {
    let host = ScriptedHost::install();
    let dropped = listen_for_objects();
    start(None, 7, QUESTION, "1");
    start(None, 8, QUESTION, "2");
    assert_eq!(
        host.asked(),
        [&format!("listen {QUESTION}"), &format!("listen {STEP}"), "reply 7 null", "reply 8 null",],
        "a topic of objects is told once"
    );
    start(Some(7), 9, STEP, "\u{5}\0\0\0");
    start(Some(8), 9, STEP, "\u{5}\0\0\0");
    start(Some(9), 9, STEP, "\u{5}\0\0\0");
    start(None, 9, STEP, "\u{5}\0\0\0");
    assert_eq!(
        host.asked(),
        ["reply 9 \u{6}\0\0\0", "reply 9 \u{7}\0\0\0", "fault 9 8", "fault 9 9"]
    );
    assert!(!dropped.get());
    closed(7);
    assert!(dropped.get());
    start(Some(7), 9, STEP, "\u{5}\0\0\0");
    start(Some(8), 9, STEP, "\u{5}\0\0\0");
    assert_eq!(host.asked(), ["fault 9 8", "reply 9 \u{7}\0\0\0"]);
}

#[test]
fn an_object_whose_caller_has_gone_before_it_was_made_is_dropped() {
    let host = ScriptedHost::install();
    let (dropped, made) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
    let (inner, seen) = (Rc::clone(&dropped), Rc::clone(&made));
    let handler = move |call, Question(number)| {
        let (object, made) = (Rc::new(Object(Rc::clone(&inner))), Rc::clone(&seen));
        async move {
            ask(number).invoke().join::<u32>().await?;
            made.set(true);
            let method = move |_, Step(_)| {
                let object = Rc::clone(&object);
                async move {
                    drop(object);
                    Ok(())
                }
            };
            respond_to(call, Bincode, method, false);
            Ok(())
        }
    };
    listen(Json, handler, true);
    start(None, 7, QUESTION, "1");
    closed(7);
    host.asked();
    finish(1, "1");
    assert!(made.get() && dropped.get());
    assert_eq!(host.asked(), ["drop 1", &format!("listen {STEP}")]);
}

#[test]
fn the_last_to_listen_answers() {
    let host = ScriptedHost::install();
    listen_to_questions();
    listen(Json, |_, Question(number)| async move { Ok(number) }, false);
    host.asked();
    start(None, 7, QUESTION, "21");
    assert_eq!(host.asked(), ["reply 7 21"]);
}

#[test]
fn what_was_spawned_has_run_when_a_module_serves() {
    let host = ScriptedHost::install();
    spawn(async { ask(1).invoke().join::<u32>().await });
    assert!(host.asked().is_empty());
    serve();
    assert_eq!(host.asked(), ["fork", &format!("call - 1 0 oracle {QUESTION} 1")]);
}

#[test]
fn a_session_that_ends_ends_its_call() {
    let host = ScriptedHost::install();
    let dropped = listen_for_objects();
    start(None, 7, QUESTION, "1");
    let session = crate::abi::WasmBusSession::new(7.into());
    assert!(!dropped.get());
    session.close();
    assert!(dropped.get());
    host.asked();
    start(Some(7), 9, STEP, "\u{5}\0\0\0");
    assert_eq!(host.asked(), ["fault 9 8"]);
    engine::with(|engine| assert_eq!(engine.run_ready(), 0));
}
