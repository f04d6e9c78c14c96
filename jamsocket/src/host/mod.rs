//! What every host of rooms drives: a server, a test, one day a browser.
//!
//! A [`Room`] is a plain struct with one door in and one door out. All that happens to it is an
//! [`Input`] (a join, a leave, a message, a wake-up, a stop); all that it does goes to its
//! [`RoomHost`] (a message with its recipients, a log line, a departure). It has no socket, no
//! task and no clock of its own: time is what the host says it is, so a test can make it pass.
//!
//! - [`RoomContext`] is the [`JamsocketContext`](crate::JamsocketContext) that services in a
//!   [`Room`] are given. It collects what they send.
//! - [`ServiceShutdownPolicy`] says how long an empty room lives.
//! - [`visible`] makes text of clients and guests fit to be logged, and [`shown_url`] makes URLs so.
//! - [`read_file`] reads the files that operators and projects name.
//! - [`Bound`] and [`limits!`](crate::limits) are how hosts define what they limit.

mod callback;
mod context;
mod file;
mod input;
mod limits;
mod message;
mod policy;
mod room;
mod room_end;
mod room_host;
mod roster;
mod url;
mod visible;

pub use callback::{Callback, contain_panics};
pub use context::{RoomContext, SendLimits};
pub use file::{read_file, read_text_file};
pub use input::Input;
pub use limits::{Bound, BoundError, BoundValue};
pub use message::Message;
pub use policy::{ParseShutdownPolicyError, ServiceShutdownPolicy};
pub use room::Room;
pub use room_end::RoomEnd;
pub use room_host::{Departure, RoomHost};
pub use url::shown_url;
pub use visible::visible;
