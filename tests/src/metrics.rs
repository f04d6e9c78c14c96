use crate::{http, soon};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

/// What `GET /metrics` said at one moment.
#[derive(Debug)]
pub struct Metrics {
    text: String,
}

/// A family of metrics, as its heading and its samples show it.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, with `_total` where it is a counter.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// What it is.
    pub help: String,
    /// The keys of its labels, but for a histogram's `le`.
    pub labels: BTreeSet<String>,
}

impl Metrics {
    /// Reads them at an admin address.
    ///
    /// # Panics
    ///
    /// It has none.
    pub async fn read(admin: SocketAddr) -> Self {
        let answer = http(admin, "GET /metrics").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.ends_with("# EOF\n"), "{answer:?}");
        Self { text: answer.body }
    }

    /// Waits until a sample has this value.
    ///
    /// # Panics
    ///
    /// It does not get it in time.
    pub async fn until(admin: SocketAddr, sample: &str, value: f64) -> Self {
        soon(&format!("{sample} to be {value}"), async {
            loop {
                let metrics = Self::read(admin).await;
                if metrics.value(sample) == value {
                    return metrics;
                }
            }
        })
        .await
    }

    /// The value of a sample such as `jamsocket_closes_total{code="1009"}`: the sum of all that have
    /// these labels, and maybe others.
    ///
    /// # Panics
    ///
    /// There is none.
    pub fn value(&self, sample: &str) -> f64 {
        let (name, labels) = parse(sample);
        let values: Vec<f64> = self
            .samples()
            .filter(|(found, with, _)| {
                *found == name && labels.iter().all(|(key, value)| with.get(key) == Some(value))
            })
            .map(|(_, _, value)| value)
            .collect();
        assert!(!values.is_empty(), "there is no {sample} in:\n{}", self.text);
        values.iter().sum()
    }

    /// The values that these labels have in samples of this name, each combination once, in order.
    pub fn cases(&self, name: &str, keys: &[&str]) -> Vec<Vec<String>> {
        let of_name = self.samples().filter(|(found, ..)| *found == name);
        let values = |labels: Labels<'_>| keys.iter().map(|key| labels[key].to_owned()).collect();
        of_name.map(|(_, labels, _)| values(labels)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// All families, by name.
    pub fn families(&self) -> BTreeMap<String, Family> {
        let heading = |keyword: &str| {
            let opening = format!("# {keyword} ");
            let lines = self.text.lines().filter_map(move |line| {
                line.strip_prefix(&opening)?.split_once(' ').map(|(a, b)| (a.into(), b.into()))
            });
            lines.collect::<Vec<(String, String)>>()
        };
        let helps: BTreeMap<_, _> = heading("HELP").into_iter().collect();
        let families = heading("TYPE").into_iter().map(|(name, kind)| {
            let samples = match kind.as_str() {
                "counter" => format!("{name}_total"),
                "histogram" => format!("{name}_bucket"),
                _ => name.clone(),
            };
            let of_family = self.samples().filter(|(found, ..)| *found == samples);
            let labels = of_family.flat_map(|(_, labels, _)| labels.into_keys());
            let family = Family {
                labels: labels.filter(|key| *key != "le").map(str::to_owned).collect(),
                help: helps[&name].clone(),
                name: if kind == "counter" { samples } else { name },
                kind,
            };
            (family.name.clone(), family)
        });
        families.collect()
    }

    fn samples(&self) -> impl Iterator<Item = (&str, Labels<'_>, f64)> {
        let lines = self.text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| {
            let (sample, value) = line.rsplit_once(' ').expect("a sample and its value");
            let (name, labels) = parse(sample);
            (name, labels, value.parse().expect("a number"))
        })
    }
}

type Labels<'a> = BTreeMap<&'a str, &'a str>;

/// Takes a sample apart into its name and its labels. No value of a label has a comma.
fn parse(sample: &str) -> (&str, Labels<'_>) {
    let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
    let pairs = labels.trim_end_matches('}').split(',').filter_map(|pair| pair.split_once('='));
    (name, pairs.map(|(key, value)| (key, value.trim_matches('"'))).collect())
}
