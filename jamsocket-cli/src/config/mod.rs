//! `jamsocket.toml`: what a project says about its services, its pages, its browser package and its
//! limits.

mod bus;
mod error;
mod excerpt;
mod file;
mod risk;

pub(crate) use bus::{BusConfig, NamedProgram};
pub(crate) use error::{ConfigError, Place};
pub(crate) use risk::Risk;

use crate::limits::{AllLimits, NamedLimit};
use file::{ConfigFile, LimitValue, SourceKey};
use jamsocket::host::read_text_file;
use jamsocket_server::{
    AccessToken, AdminAddress, NamedService, RoomIdStrategy, ServiceShutdownPolicy, Tls,
};
use jamsocket_wasm_host::Grants;
use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::{Path, PathBuf},
};
use toml::Spanned;

/// The name of the file, in the folder of the package that it is for.
pub(crate) const CONFIG_FILE: &str = "jamsocket.toml";

/// The most bytes that the file may have.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// All that `jamsocket.toml` says, with its paths led back to its folder.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Config {
    /// The file, where there is one.
    pub(crate) path: PathBuf,
    /// What a file of a stranger must not get by itself.
    pub(crate) risks: Vec<Risk>,
    /// The folder that is served under `/`.
    pub(crate) static_files: Option<PathBuf>,
    /// Where the operator is told about the server.
    pub(crate) admin: Option<AdminAddress>,
    /// `tls_cert` and `tls_key`: what the server speaks TLS with.
    pub(crate) tls: Option<Tls>,
    /// `[service]`: the service at `/ws/{room}`.
    pub(crate) service: Option<ServiceConfig>,
    /// `[services.NAME]`: the services at `/NAME/ws/{room}`.
    pub(crate) services: BTreeMap<String, NamedServiceConfig>,
    /// `[client]`: the package of this name is built for browsers and served under `/client`.
    pub(crate) client: Option<PackageName>,
    /// `[bus]` and `[programs]`.
    pub(crate) bus: BusConfig,
    /// `[limits]`, and the defaults of those that it leaves out.
    pub(crate) limits: AllLimits,
}

/// `[service]`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ServiceConfig {
    pub(crate) package: Option<PackageName>,
    pub(crate) rooms: RoomConfig,
}

/// `[services.NAME]`.
#[derive(Debug, PartialEq)]
pub(crate) struct NamedServiceConfig {
    pub(crate) source: ServiceSource,
    pub(crate) rooms: RoomConfig,
}

/// Where a named service comes from.
#[derive(Debug, PartialEq)]
pub(crate) enum ServiceSource {
    /// `module`: a file that is there.
    Module(PathBuf),
    /// `package`: a package of the workspace, which `dev` and `build` build.
    Package(PackageName),
}

/// What a service's table says about its rooms.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct RoomConfig {
    pub(crate) strategy: Option<RoomIdStrategy>,
    pub(crate) shutdown_policy: Option<ServiceShutdownPolicy>,
    /// What the rooms may reach on the bus, in the place of what all may.
    pub(crate) bus: Option<Grants>,
    /// What calls to the rooms have to show.
    pub(crate) access_token: Option<AccessToken>,
}

/// The name of a package of the workspace, and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PackageName {
    pub(crate) name: String,
    pub(crate) place: Place,
}

impl Config {
    /// Reads `jamsocket.toml` in `folder`. Where there is none, all of it is left to the defaults.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join(CONFIG_FILE);
        let path = path.strip_prefix(".").unwrap_or(&path);
        match Self::read(path) {
            Err(ConfigError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            read => read,
        }
    }

    /// Reads the file `path`, which has to be there.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = read_text_file(path, MAX_FILE_BYTES)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let file: ConfigFile =
            toml::from_str(text).map_err(|refused| ConfigError::syntax(path, text, &refused))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let risks = risk::risks_of(&file, folder);
        let package = |name: Spanned<String>| PackageName {
            place: Place::of(path, text, name.span()),
            name: name.into_inner(),
        };
        let static_files = match file.static_files {
            Some(named) => Some(existing_folder(folder, &named).ok_or_else(|| {
                let message = format!("there is no folder `{}`", named.get_ref());
                ConfigError::invalid(path, text, named.span(), message)
            })?),
            None => None,
        };
        let tls = match (file.tls_cert, file.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::from_files(
                folder.join(certificate.get_ref()),
                folder.join(key.get_ref()),
            )),
            (None, None) => None,
            (Some(half), None) | (None, Some(half)) => {
                let message = "TLS takes both of the keys `tls_cert` and `tls_key`".to_owned();
                return Err(ConfigError::invalid(path, text, half.span(), message));
            }
        };
        for name in file.services.keys() {
            NamedService::check_name(name.get_ref()).map_err(|refused| {
                ConfigError::invalid(path, text, name.span(), refused.to_string())
            })?;
        }
        let mut limits = AllLimits::default();
        for (name, value) in &file.limits {
            set_limit(&mut limits, name, value)
                .map_err(|(span, message)| ConfigError::invalid(path, text, span, message))?;
        }
        let named = |(name, table): (Spanned<String>, file::NamedServiceTable)| {
            let source = match table.source {
                SourceKey::Module(module) => ServiceSource::Module(folder.join(module)),
                SourceKey::Package(name) => ServiceSource::Package(package(name)),
            };
            (name.into_inner(), NamedServiceConfig { source, rooms: table.rooms })
        };
        Ok(Self {
            path: path.to_owned(),
            risks,
            static_files,
            admin: file.admin.0,
            tls,
            service: file.service.map(|table| ServiceConfig {
                rooms: table.rooms(),
                package: table.package.map(package),
            }),
            services: file.services.into_iter().map(named).collect(),
            client: file.client.map(|table| package(table.package)),
            bus: BusConfig {
                grants: file.bus.grants(),
                programs: file
                    .programs
                    .into_iter()
                    .map(|(name, path)| (name, folder.join(path)))
                    .collect(),
            },
            limits,
        })
    }
}

fn existing_folder(folder: &Path, named: &Spanned<String>) -> Option<PathBuf> {
    let path = folder.join(named.get_ref());
    path.is_dir().then_some(path)
}

/// Sets a limit, or says what is wrong where.
fn set_limit(
    limits: &mut AllLimits,
    name: &Spanned<String>,
    value: &Spanned<LimitValue>,
) -> Result<(), (Span, String)> {
    let limit = NamedLimit::named(name.get_ref()).ok_or_else(|| {
        let known: Vec<_> = NamedLimit::all().map(|limit| format!("`{}`", limit.name)).collect();
        let message =
            format!("unknown key `{}`, expected one of {}", name.get_ref(), known.join(", "));
        (name.span(), message)
    })?;
    limit
        .set(limits, &value.get_ref().to_string())
        .map_err(|refused| (value.span(), refused.to_string()))
}

/// A stretch of a file, in bytes.
type Span = Range<usize>;

#[cfg(test)]
mod tests;
