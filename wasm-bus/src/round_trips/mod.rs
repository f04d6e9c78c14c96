//! Clients and services that the attribute makes, in one module that calls itself.

mod readme;

use crate::{host::loopback::LoopbackHost, prelude::*, task::spawn};
use std::{
    cell::RefCell,
    future::Future,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// Runs a client's side of a story to its end, beside the services of the same module.
#[track_caller]
pub(crate) fn tell<T: 'static>(host: &LoopbackHost, story: impl Future<Output = T> + 'static) -> T {
    let told = Rc::new(RefCell::new(None));
    let inner = Rc::clone(&told);
    spawn(async move {
        let outcome = story.await;
        inner.borrow_mut().replace(outcome);
    });
    host.run();
    told.take().expect("the story has come to its end")
}

/// The same trait in each format, which is a literal that comes out of a macro.
macro_rules! counters {
    ($module:ident $format:literal) => {
        mod $module {
            use super::*;

            #[wasm_bus(format = $format)]
            pub(super) trait Shop {
                async fn price(&self, of: String, pieces: Option<u32>) -> Result<u64, String>;
                async fn nothing(&self);
                async fn echo(&self, r#type: (u8, Vec<u8>), request: [char; 2]) -> (u8, Vec<u8>);
                /// A callback in a method that returns a value.
                async fn count(&self, to: u32, message: impl Fn(u32), done: impl Fn(())) -> u32;
                async fn basket(
                    &self,
                    owner: String,
                    changed: impl Fn(Vec<String>),
                ) -> Arc<dyn Basket>;
            }

            #[wasm_bus(format = $format)]
            pub(super) trait Basket {
                async fn put(&self, thing: String) -> u32;
                async fn split(&self) -> Arc<dyn Basket>;
            }

            #[derive(Debug, Default)]
            pub(super) struct Server {
                pub(super) baskets: Arc<AtomicU32>,
            }

            #[async_trait]
            impl ShopSimplified for Server {
                async fn price(&self, of: String, pieces: Option<u32>) -> Result<u64, String> {
                    match pieces {
                        Some(pieces) => Ok(of.len() as u64 * u64::from(pieces)),
                        None => Err(format!("no {of}")),
                    }
                }

                async fn nothing(&self) {}

                async fn echo(&self, kind: (u8, Vec<u8>), request: [char; 2]) -> (u8, Vec<u8>) {
                    assert_eq!(request, ['a', 'ß']);
                    kind
                }

                async fn count(
                    &self,
                    to: u32,
                    message: Box<dyn Fn(u32) + Send + Sync>,
                    done: Box<dyn Fn(()) + Send + Sync>,
                ) -> u32 {
                    (1..=to).for_each(message);
                    done(());
                    to
                }

                async fn basket(
                    &self,
                    owner: String,
                    changed: Box<dyn Fn(Vec<String>) + Send + Sync>,
                ) -> Result<Arc<dyn Basket + Send + Sync>, CallError> {
                    if owner.is_empty() {
                        return Err(CallError::AccessDenied);
                    }
                    self.baskets.fetch_add(1, Ordering::Relaxed);
                    let baskets = Arc::clone(&self.baskets);
                    Ok(Arc::new(Bag {
                        things: Default::default(),
                        changed: Some(changed),
                        baskets,
                    }))
                }
            }

            struct Bag {
                things: std::sync::Mutex<Vec<String>>,
                changed: Option<Box<dyn Fn(Vec<String>) + Send + Sync>>,
                baskets: Arc<AtomicU32>,
            }

            impl std::fmt::Debug for Bag {
                fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    formatter.write_str("Bag")
                }
            }

            impl Drop for Bag {
                fn drop(&mut self) {
                    self.baskets.fetch_sub(1, Ordering::Relaxed);
                }
            }

            #[async_trait]
            impl BasketSimplified for Bag {
                async fn put(&self, thing: String) -> u32 {
                    let things = {
                        let mut things = self.things.lock().unwrap();
                        things.push(thing);
                        things.clone()
                    };
                    let count = things.len() as u32;
                    if let Some(changed) = &self.changed {
                        changed(things);
                    }
                    count
                }

                async fn split(&self) -> Result<Arc<dyn Basket + Send + Sync>, CallError> {
                    self.baskets.fetch_add(1, Ordering::Relaxed);
                    let baskets = Arc::clone(&self.baskets);
                    Ok(Arc::new(Bag { things: Default::default(), changed: None, baskets }))
                }
            }

            fn open() -> (Rc<LoopbackHost>, ShopClient, Arc<AtomicU32>) {
                let host = LoopbackHost::install();
                let server = Server::default();
                let baskets = Arc::clone(&server.baskets);
                ShopService::listen(Arc::new(server));
                (host, ShopClient::new("shop"), baskets)
            }

            #[test]
            fn values_go_there_and_back() {
                let (host, shop, _) = open();
                tell(&host, async move {
                    assert_eq!(shop.price("tea".to_owned(), Some(4)).await, Ok(Ok(12)));
                    let refused = Err("no tea".to_owned());
                    assert_eq!(shop.price("tea".to_owned(), None).await, Ok(refused));
                    assert_eq!(shop.nothing().await, Ok(()));
                    let echoed = shop.echo((7, vec![1, 2]), ['a', 'ß']).await;
                    assert_eq!(echoed, Ok((7, vec![1, 2])));
                });
                assert_eq!(host.open(), 0);
            }

            #[test]
            fn callbacks_come_before_the_answer() {
                let (host, shop, _) = open();
                let log = Arc::new(std::sync::Mutex::new(Vec::new()));
                let (steps, end) = (Arc::clone(&log), Arc::clone(&log));
                let counted = tell(&host, async move {
                    let step = Box::new(move |step| steps.lock().unwrap().push(step));
                    shop.count(3, step, Box::new(move |()| end.lock().unwrap().push(0))).await
                });
                assert_eq!(counted, Ok(3));
                assert_eq!(*log.lock().unwrap(), [1, 2, 3, 0]);
                assert_eq!(Arc::strong_count(&log), 1);
            }

            #[test]
            fn an_object_lives_as_long_as_its_clients() {
                let (host, shop, baskets) = open();
                let log = Arc::new(std::sync::Mutex::new(Vec::new()));
                let seen = Arc::clone(&log);
                let basket = tell(&host, async move {
                    let changed = Box::new(move |things: Vec<String>| {
                        seen.lock().unwrap().push(things.join(" "));
                    });
                    shop.basket("me".to_owned(), changed).await.unwrap()
                });
                let other = basket.as_client().unwrap();
                assert_eq!(other.parent_handle(), basket.parent_handle());
                assert!(other.parent_handle().is_some() && other.handle().is_none());
                assert_eq!(other.id(), 0);
                let put = tell(&host, async move {
                    let first = basket.put("tea".to_owned()).await;
                    drop(basket);
                    (first, other.put("pot".to_owned()).await, other)
                });
                assert_eq!((put.0, put.1), (Ok(1), Ok(2)));
                assert_eq!(*log.lock().unwrap(), ["tea", "tea pot"]);
                assert_eq!(baskets.load(Ordering::Relaxed), 1);
                drop(put.2);
                host.run();
                assert_eq!(baskets.load(Ordering::Relaxed), 0);
                assert_eq!(Arc::strong_count(&log), 1, "the callback is gone");
                assert_eq!(host.open(), 0);
            }

            #[test]
            fn an_object_of_an_object_outlives_it() {
                let (host, shop, baskets) = open();
                let put = tell(&host, async move {
                    let first = shop.basket("me".to_owned(), Box::new(|_| {})).await.unwrap();
                    let second = first.split().await.unwrap();
                    drop(first);
                    (second.put("tea".to_owned()).await, second)
                });
                assert_eq!(put.0, Ok(1));
                host.run();
                assert_eq!(baskets.load(Ordering::Relaxed), 1);
                drop(put);
                host.run();
                assert_eq!(baskets.load(Ordering::Relaxed), 0);
            }

            #[test]
            fn an_object_may_be_refused() {
                let (host, shop, _) = open();
                let refused =
                    tell(
                        &host,
                        async move { shop.basket(String::new(), Box::new(|_| {})).await.err() },
                    );
                assert_eq!(refused, Some(CallError::AccessDenied));
                assert_eq!(host.open(), 0);
            }
        }
    };
}

counters! { json "json" }
counters! { bincode "bincode" }
counters! { messagepack "messagepack" }

/// What a service implements itself may fail as calls do.
#[wasm_bus(format = "json", path = "elsewhere::api")]
trait Door {
    async fn open(&self, key: u32) -> bool;
}

#[derive(Debug)]
struct Locked;

#[async_trait]
impl Door for Locked {
    async fn open(&self, key: u32) -> Result<bool, CallError> {
        if key == 7 { Ok(true) } else { Err(CallError::AccessDenied) }
    }
}

#[test]
fn a_service_may_fail_a_call() {
    let host = LoopbackHost::install();
    DoorService::listen(Arc::new(Locked));
    let door = DoorClient::new("door");
    let opened = tell(&host, async move { (door.open(7).await, door.open(8).await) });
    assert_eq!(opened, (Ok(true), Err(CallError::AccessDenied)));
}

#[test]
fn a_service_can_be_called_where_it_is() {
    let door: Arc<dyn Door + Send + Sync> = Arc::new(Locked);
    assert_eq!(door.blocking_open(7), Ok(true));
    assert!(door.as_client().is_none() && door.handle().is_none());
    assert!(door.parent_handle().is_none());
}

#[test]
fn a_client_is_ready_at_once() {
    let mut door = DoorClient::new_with_instance("room", "lobby/1", "token");
    assert_eq!(door.try_wait(), Ok(Some(())));
    assert_eq!(crate::task::block_on(door.clone()), Ok(()));
    assert_eq!(door.wait(), Ok(()));
}

#[test]
fn topics_may_have_a_path_of_their_own() {
    let host = crate::host::scripted::ScriptedHost::install();
    let _ = crate::task::run_ready();
    DoorService::listen(Arc::new(Locked));
    assert_eq!(host.asked(), ["listen elsewhere::api::DoorOpenRequest"]);
    let listened = {
        json::ShopService::listen(Arc::new(json::Server::default()));
        host.asked()
    };
    let expected = ["Price", "Nothing", "Echo", "Count", "Basket"]
        .map(|method| format!("listen wasm_bus::round_trips::json::Shop{method}Request"));
    assert_eq!(listened, expected);
}
