use super::{
    Case, CountedBy, ServiceMetrics, Traffic,
    histogram::{BOUNDS, Times},
};
use crate::rooms::{Rooms, RoomsUsage};
use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet},
    metrics::MetricType,
};
use std::{fmt, sync::Arc};

/// The key of the label that says which service a value is of.
const SERVICE: &str = "service";

/// A service, with what its rooms used at one moment.
pub(super) struct Service {
    pub(super) rooms: Arc<Rooms>,
    pub(super) usage: RoomsUsage,
}

impl Service {
    pub(super) fn new(rooms: &Arc<Rooms>) -> Self {
        Self { usage: rooms.usage(), rooms: rooms.clone() }
    }

    /// The sum over all threads.
    pub(super) fn sum(&self, read: impl Fn(&Traffic) -> u64) -> u64 {
        self.rooms.metrics.sum(read)
    }

    fn labels<C: Case>(&self, case: C) -> Vec<(&str, &str)> {
        let mut labels = vec![(SERVICE, self.rooms.label())];
        for label in case.labels() {
            labels.push(label);
        }
        labels
    }
}

/// Writes families of metrics: a name, a sentence, and a value for each service, or several.
pub(super) struct Families<'a> {
    pub(super) encoder: DescriptorEncoder<'a>,
    pub(super) services: Vec<Service>,
}

impl Families<'_> {
    pub(super) fn gauge(
        &mut self,
        name: &str,
        help: &str,
        read: impl Fn(&Service) -> u64,
    ) -> fmt::Result {
        let mut family = self.encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for service in &self.services {
            let labels = [(SERVICE, service.rooms.label())];
            family.encode_family(&labels)?.encode_gauge(&read(service))?;
        }
        Ok(())
    }

    /// The encoder adds `_total` to the name.
    pub(super) fn counter(
        &mut self,
        name: &str,
        help: &str,
        read: impl Fn(&Service) -> u64,
    ) -> fmt::Result {
        let mut family = self.encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for service in &self.services {
            let labels = [(SERVICE, service.rooms.label())];
            write_counter(&mut family, &labels, read(service))?;
        }
        Ok(())
    }

    /// A counter for each case, and one of the whole server with these labels where there is one.
    pub(super) fn counters<C: Case>(
        &mut self,
        name: &str,
        help: &str,
        read: impl Fn(&ServiceMetrics) -> &CountedBy<C>,
        servers: Option<([(&str, &str); 1], u64)>,
    ) -> fmt::Result {
        let mut family = self.encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for service in &self.services {
            for case in C::ALL {
                let value = read(&service.rooms.metrics).get(*case);
                write_counter(&mut family, &service.labels(*case), value)?;
            }
        }
        match servers {
            Some((labels, value)) => write_counter(&mut family, &labels, value),
            None => Ok(()),
        }
    }

    /// A histogram for each case.
    pub(super) fn histograms<C: Case>(
        &mut self,
        name: &str,
        help: &str,
        read: impl Fn(&ServiceMetrics, C) -> Times,
    ) -> fmt::Result {
        let mut family = self.encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for service in &self.services {
            for case in C::ALL {
                let times = read(&service.rooms.metrics, *case);
                write_times(&mut family, &service.labels(*case), &times)?;
            }
        }
        Ok(())
    }
}

fn write_counter(
    family: &mut MetricEncoder<'_>,
    labels: &impl EncodeLabelSet,
    value: u64,
) -> fmt::Result {
    family.encode_family(labels)?.encode_counter::<NoLabelSet, u64, u64>(&value, None)
}

fn write_times(
    family: &mut MetricEncoder<'_>,
    labels: &impl EncodeLabelSet,
    times: &Times,
) -> fmt::Result {
    let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
    let bounds = BOUNDS.into_iter().map(seconds).chain([f64::INFINITY]);
    let buckets: Vec<_> = bounds.zip(times.buckets).collect();
    // The count is the sum, so that the two never differ.
    let count = times.buckets.iter().sum();
    family.encode_family(labels)?.encode_histogram::<NoLabelSet>(
        seconds(times.nanoseconds),
        count,
        &buckets,
        None,
    )
}
