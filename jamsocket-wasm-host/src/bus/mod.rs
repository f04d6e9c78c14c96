//! The bus: typed calls between guests, and from guests to their host.
//!
//! A guest calls a topic of a module by that module's name, or of the host by the name `os`, and gets
//! one reply or one error. A call may carry callbacks, which whoever answers may feed any number of
//! times, and may be kept alive after its reply as an object, on which further calls can be made.
//!
//! - A [`Desk`](desk::Desk) has all that one guest has to do with the bus. It is a plain struct.
//! - A [`Mailbox`](mailbox::Mailbox) is what waits for a guest. All that comes from outside comes
//!   through it, from whatever thread.
//! - A [`Call`] is on its way between two of them, with its [`Caller`], who gets exactly one answer,
//!   and its [`Callee`], who is told of its end. A [`CallToRoom`] finds its callee on the way.

mod call;
mod call_error;
mod call_to_room;
mod deliver;
mod desk;
mod grants;
mod host_task;
mod hub;
mod imports;
mod mailbox;
mod member;
mod os;
mod port;

pub(crate) use call::{Call, CallKey, Callee, Caller, GuestCallee};
pub(crate) use call_error::CallError;
pub(crate) use call_to_room::CallToRoom;
pub(crate) use deliver::deliver;
pub(crate) use desk::Desk;
pub use grants::{Grants, RoomPattern, RoomPatternError, UrlPattern, UrlPatternError};
pub use hub::Bus;
pub(crate) use hub::BusAccess;
pub(crate) use imports::{MODULE, add_to_linker};
use member::Member;
pub(crate) use port::{Exports, OnBus, Port};
