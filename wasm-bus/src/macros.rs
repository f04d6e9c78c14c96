//! The attribute `#[wasm_bus]`.

/// Makes of a trait what is needed to call it in another module, and to be called.
///
/// ```
/// use std::sync::Arc;
/// use wasm_bus::prelude::*;
///
/// #[wasm_bus(format = "bincode")]
/// pub trait Shop {
///     /// What a thing costs, where it is sold.
///     async fn price(&self, of: String) -> Option<u32>;
///     /// Opens a basket. `changed` is told what is in it.
///     async fn basket(&self, changed: impl Fn(Vec<String>)) -> Arc<dyn Basket>;
/// }
///
/// #[wasm_bus(format = "bincode")]
/// pub trait Basket {
///     async fn put(&self, thing: String);
/// }
///
/// # async fn go_shopping() -> Result<(), CallError> {
/// let shop = ShopClient::new("shop");
/// let basket = shop.basket(Box::new(|things| println!("{things:?}"))).await?;
/// basket.put("tea".to_owned()).await?;
/// # Ok(())
/// # }
/// ```
///
/// # What is asked of the trait
///
/// - Its methods are `async fn`s that take `&self`. Arguments and what is returned are owned values of
///   types that serde writes and reads, and that are `Debug` and `Clone`.
/// - An argument `impl Fn(T)` is a *callback*: the far side calls it any number of times, until the call
///   has its answer or, where it returns an object, until that object ends. Both sides have it as
///   `Box<dyn Fn(T) + Send + Sync>`.
/// - A return of `Arc<dyn OtherTrait>`, of a trait with this attribute, is an *object*: it stays in
///   the far side's module, and is called by a client. When that and its clones have been dropped, so is
///   the object. `OtherTraitClient` and `OtherTraitService` have to be where `OtherTrait` is.
/// - Nothing is generic, and there are no other supertraits than `Debug`, `Send` and `Sync`, which
///   every such trait has.
///
/// Docs, `deprecated` and `allow` stay on the methods, and all attributes on the trait. An argument may
/// have serde's attributes.
///
/// # What is made of a trait `Shop`
///
/// All of it is as visible as the trait is.
///
/// - `Shop` itself: its methods return `Result<_, CallError>`, and each has one beside it that
///   waits, `blocking_price`. `as_client` gives the client where it is one.
/// - `ShopSimplified`, which a server implements under `#[async_trait]`: `price` returns what it says,
///   `basket` a `Result<Arc<dyn Basket + Send + Sync>, CallError>`. Whatever implements it is a
///   `Shop`. To fail calls of `price`, implement `Shop` itself.
/// - `ShopService`: `listen(Arc<dyn Shop + Send + Sync>)` answers calls from now on; `serve()` keeps the
///   module when its `main` returns; `attach(.., handle)` answers the calls to an object.
/// - `ShopClient`, which is a `Shop`: `new(module)`, `new_with_instance(module, instance, token)`.
/// - `ShopPriceRequest` and `ShopBasketChangedCallback`: what is sent. Their names are in
///   [Pascal case](https://docs.rs/convert_case), whatever case the trait and its methods are in.
///
/// # Arguments
///
/// - `format`: how messages are written, `"json"`, `"bincode"` or `"messagepack"`: see
///   [`SerializationFormat`](crate::SerializationFormat).
/// - `path`, which may be left out: what stands for the path of the trait's module in the topics of its
///   messages, such as `"calc::api"`. Without it that is the path itself, so that both sides have to take
///   the trait from the same crate.
///
/// `wasm-bus` has to be a dependency of the crate, under this name.
pub use wasm_bus_macros::wasm_bus;
