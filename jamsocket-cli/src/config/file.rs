//! The file as it is written. What is read from it is a [`Config`](super::Config).

use super::RoomConfig;
use jamsocket_server::AccessToken;
use jamsocket_wasm_host::{Grants, RoomPattern, UrlPattern};
use serde::{Deserialize, Deserializer, de};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Display},
    str::FromStr,
};
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct ConfigFile {
    pub(super) static_files: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) admin: FromText<jamsocket_server::AdminAddress>,
    pub(super) tls_cert: Option<Spanned<String>>,
    pub(super) tls_key: Option<Spanned<String>>,
    pub(super) service: Option<ServiceTable>,
    #[serde(default)]
    pub(super) services: BTreeMap<Spanned<String>, NamedServiceTable>,
    pub(super) client: Option<ClientTable>,
    #[serde(default)]
    pub(super) bus: BusTable,
    #[serde(default)]
    pub(super) programs: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) limits: BTreeMap<Spanned<String>, Spanned<LimitValue>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct ServiceTable {
    pub(super) package: Option<Spanned<String>>,
    #[serde(default)]
    room_strategy: FromText<jamsocket_server::RoomIdStrategy>,
    #[serde(default)]
    shutdown_policy: FromText<jamsocket_server::ServiceShutdownPolicy>,
    bus: Option<BusTable>,
    #[serde(default)]
    access_token: FromText<AccessToken>,
}

impl ServiceTable {
    pub(super) fn rooms(&self) -> RoomConfig {
        RoomConfig {
            strategy: self.room_strategy.0,
            shutdown_policy: self.shutdown_policy.0,
            bus: self.bus.as_ref().map(BusTable::grants),
            access_token: self.access_token.0.clone(),
        }
    }
}

/// `[bus]`, or that of a service.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct BusTable {
    #[serde(default)]
    net: Vec<FromText<UrlPattern>>,
    #[serde(default)]
    programs: BTreeSet<String>,
    #[serde(default)]
    rooms: Vec<FromText<RoomPattern>>,
}

impl BusTable {
    pub(super) fn grants(&self) -> Grants {
        let net = self.net.iter().filter_map(|pattern| pattern.0.clone()).collect();
        let rooms = self.rooms.iter().filter_map(|pattern| pattern.0.clone()).collect();
        Grants { net, programs: self.programs.clone(), rooms }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct ClientTable {
    pub(super) package: Spanned<String>,
}

/// `[services.NAME]`, with one of `module` and `package`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "NamedServiceKeys")]
pub(super) struct NamedServiceTable {
    pub(super) source: SourceKey,
    pub(super) rooms: RoomConfig,
}

impl NamedServiceTable {
    /// The file of the module, if one is named.
    pub(super) fn module(&self) -> Option<&str> {
        match &self.source {
            SourceKey::Module(module) => Some(module),
            SourceKey::Package(_) => None,
        }
    }
}

#[derive(Debug)]
pub(super) enum SourceKey {
    Module(String),
    Package(Spanned<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct NamedServiceKeys {
    module: Option<String>,
    package: Option<Spanned<String>>,
    #[serde(default)]
    room_strategy: FromText<jamsocket_server::RoomIdStrategy>,
    #[serde(default)]
    shutdown_policy: FromText<jamsocket_server::ServiceShutdownPolicy>,
    bus: Option<BusTable>,
    #[serde(default)]
    access_token: FromText<AccessToken>,
}

impl TryFrom<NamedServiceKeys> for NamedServiceTable {
    type Error = &'static str;

    fn try_from(keys: NamedServiceKeys) -> Result<Self, Self::Error> {
        let source = match (keys.module, keys.package) {
            (Some(module), None) => SourceKey::Module(module),
            (None, Some(package)) => SourceKey::Package(package),
            (None, None) => return Err("a service needs one of the keys `module` and `package`"),
            (Some(_), Some(_)) => {
                return Err("a service has one of the keys `module` and `package`, not both");
            }
        };
        let rooms = RoomConfig {
            strategy: keys.room_strategy.0,
            shutdown_policy: keys.shutdown_policy.0,
            bus: keys.bus.as_ref().map(BusTable::grants),
            access_token: keys.access_token.0,
        };
        Ok(Self { source, rooms })
    }
}

/// The value of a limit: `1000`, `"64KiB"`, `"10s"`.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a limit is an integer or a string")]
pub(super) enum LimitValue {
    Integer(i64),
    Text(String),
}

impl fmt::Display for LimitValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LimitValue::Integer(integer) => integer.fmt(f),
            LimitValue::Text(text) => text.fmt(f),
        }
    }
}

/// A value that is written as a string and read by its `FromStr`.
#[derive(Debug)]
pub(super) struct FromText<T>(pub(super) Option<T>);

impl<T> Default for FromText<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for FromText<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(|value| Self(Some(value))).map_err(de::Error::custom)
    }
}
