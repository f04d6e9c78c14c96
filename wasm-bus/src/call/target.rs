use super::{CallBuilder, CallInstance, DetachedCall};
use crate::{CallHandle, SerializationFormat};
use serde::Serialize;
use std::{borrow::Cow, sync::Arc};

/// What a client calls: a module, or an object. Clients that the attribute makes hold one.
#[derive(Debug, Clone)]
pub struct Target {
    wapm: Cow<'static, str>,
    instance: Option<CallInstance>,
    object: Option<Arc<DetachedCall<()>>>,
}

impl Target {
    /// A module, whatever instance the host gives.
    pub fn module(wapm: &str) -> Self {
        Target { wapm: Cow::Owned(wapm.to_owned()), instance: None, object: None }
    }

    /// A module in an instance.
    pub fn instance(wapm: &str, instance: &str, access_token: &str) -> Self {
        let instance = Some(CallInstance::new(instance, access_token));
        Target { instance, ..Self::module(wapm) }
    }

    /// An object, which lives for as long as a clone of this does.
    pub fn object(object: DetachedCall<()>) -> Self {
        let (wapm, instance) = (object.wapm(), object.clone_instance());
        Target { wapm, instance, object: Some(Arc::new(object)) }
    }

    /// The handle of the object.
    pub fn object_handle(&self) -> Option<CallHandle> {
        self.object.as_ref().map(|object| object.handle())
    }

    /// Prepares a call of a topic.
    pub fn call<T: Serialize>(
        &self,
        topic: &'static str,
        format: SerializationFormat,
        request: &T,
    ) -> CallBuilder {
        let (parent, wapm) = (self.object_handle(), self.wapm.clone());
        CallBuilder::new(parent, wapm, self.instance.clone(), topic, format, request)
    }
}
