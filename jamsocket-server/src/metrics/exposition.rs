use super::{
    Closing, Counter, Failure, Refusal, ServiceMetrics,
    family::{Families, Service},
};
use crate::rooms::Rooms;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text},
    registry::Registry,
};
use std::{fmt, sync::Arc};

/// The media type of what [`Exposition::text`] returns.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of a server, in the text format that Prometheus reads (OpenMetrics 1.0).
#[derive(Debug)]
pub(crate) struct Exposition(Registry);

impl Exposition {
    /// Of these services, and of how often the server refused a request for another name than its
    /// own.
    pub(crate) fn new(services: Vec<Arc<Rooms>>, refused_hosts: Arc<Counter>) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Metrics { services, refused_hosts }));
        Self(registry)
    }

    /// The metrics as they are now.
    ///
    /// # Errors
    ///
    /// None that can be met: a string takes all that is written to it.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.0)?;
        Ok(text)
    }
}

#[derive(Debug)]
struct Metrics {
    services: Vec<Arc<Rooms>>,
    refused_hosts: Arc<Counter>,
}

impl Collector for Metrics {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let services = self.services.iter().map(Service::new).collect();
        let mut to = Families { encoder, services };
        write_rooms(&mut to)?;
        write_traffic(&mut to)?;
        write_endings(&mut to)?;
        write_bounds(&mut to, self.refused_hosts.get())
    }
}

fn write_rooms(to: &mut Families<'_>) -> fmt::Result {
    to.gauge("jamsocket_rooms", "Rooms that there are.", |s| s.usage.rooms)?;
    to.gauge("jamsocket_clients", "Clients that are in a room.", |s| s.usage.clients)?;
    to.gauge("jamsocket_open_connections", "WebSockets that are open.", |s| {
        s.rooms.metrics.open_connections()
    })?;
    to.gauge("jamsocket_guest_memory_bytes", "Memory of rooms of WebAssembly modules.", |s| {
        s.usage.memory_bytes
    })?;
    to.counter("jamsocket_started_rooms", "Rooms that were started.", |s| {
        s.rooms.metrics.started_rooms.get()
    })?;
    to.counter("jamsocket_connections", "WebSockets that were opened.", |s| {
        s.rooms.metrics.connections.get()
    })
}

fn write_traffic(to: &mut Families<'_>) -> fmt::Result {
    to.counter("jamsocket_received_messages", "Messages that rooms received.", |s| {
        s.sum(|traffic| traffic.received_messages.get())
    })?;
    to.counter("jamsocket_received_bytes", "Bytes of messages that rooms received.", |s| {
        s.sum(|traffic| traffic.received_bytes.get())
    })?;
    to.counter(
        "jamsocket_sent_messages",
        "Messages that rooms sent, one for each recipient.",
        |s| s.sum(|traffic| traffic.sent_messages.get()),
    )?;
    to.counter(
        "jamsocket_sent_bytes",
        "Bytes of messages that rooms sent, to each recipient.",
        |s| s.sum(|traffic| traffic.sent_bytes.get()),
    )?;
    to.counter(
        "jamsocket_undelivered_messages",
        "Messages that rooms sent while nobody was in whom they were for.",
        |s| s.sum(|traffic| traffic.undelivered_messages.get()),
    )?;
    to.histograms(
        "jamsocket_callback_seconds",
        "Time that callbacks took, waiting included.",
        ServiceMetrics::times,
    )
}

fn write_endings(to: &mut Families<'_>) -> fmt::Result {
    to.counters::<Failure>(
        "jamsocket_room_failures",
        "Rooms that ended because their service failed.",
        |metrics| &metrics.room_failures,
        None,
    )?;
    to.counters::<Failure>(
        "jamsocket_build_failures",
        "Rooms that could not be started, though there was capacity.",
        |metrics| &metrics.build_failures,
        None,
    )?;
    to.counters::<Closing>(
        "jamsocket_closes",
        "Ends of WebSockets, each by what came first: our Close, the peer's, or neither.",
        |metrics| &metrics.closes,
        None,
    )
}

fn write_bounds(to: &mut Families<'_>, refused_hosts: u64) -> fmt::Result {
    to.counters::<Refusal>(
        "jamsocket_refusals",
        "Requests that were refused.",
        |metrics| &metrics.refusals,
        // Which service it was for was not looked at.
        Some(([("reason", "host")], refused_hosts)),
    )?;
    to.counter(
        "jamsocket_slow_clients",
        "Clients that were put out of their room because too much waited for them.",
        |s| s.rooms.metrics.slow_clients.get(),
    )?;
    to.counter(
        "jamsocket_paused_clients",
        "Times that a client was not read on because its room had too much to do.",
        |s| s.rooms.metrics.paused_clients.get(),
    )?;
    to.counter(
        "jamsocket_close_timeouts",
        "WebSockets whose peer was given no more time after a Close.",
        |s| s.rooms.metrics.close_timeouts.get(),
    )?;
    to.counter(
        "jamsocket_refused_growths",
        "Times that a room asked for more memory, or a longer table, and was refused.",
        |s| s.sum(|traffic| traffic.refused_growths.get()),
    )?;
    to.counter(
        "jamsocket_denied_calls",
        "Times that a room called something on the bus that was not granted.",
        |s| s.sum(|traffic| traffic.denied_calls.get()),
    )?;
    to.counter("jamsocket_dropped_log_lines", "Log lines of rooms that were dropped.", |s| {
        s.sum(|traffic| traffic.dropped_log_lines.get())
    })
}
