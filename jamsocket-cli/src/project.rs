use crate::{
    browser,
    cargo::{BuildEnvironment, Consent, Job, WasmTarget, Workspace, compile, ensure_installed},
    config::{BusConfig, Config, PackageName, RoomConfig, ServiceSource},
    console::Console,
    failure::Failure,
    flags::ProjectFlags,
    hosting::{HostedModule, Hosting},
    limits::AllLimits,
};
use cargo_metadata::Package;
use jamsocket_server::{AdminAddress, Tls};
use std::path::PathBuf;

/// What came of a build.
#[derive(Debug)]
pub(crate) struct Built {
    /// What `dev` serves.
    pub(crate) hosting: Hosting,
    /// The modules of services that were built, each once: the one served alone first.
    pub(crate) modules: Vec<PathBuf>,
}

/// Builds all that the folder's `jamsocket.toml`, which is `config`, and its packages call for.
///
/// Mistakes that can be seen without a compiler are told before it starts.
///
/// # Errors
///
/// The first thing that is missing, wrong, or fails.
pub(crate) fn build(
    flags: &ProjectFlags,
    config: Config,
    job: &Job,
    console: Console,
) -> Result<Built, Failure> {
    let environment = BuildEnvironment::of_this_process();
    let workspace = Workspace::read(&flags.path, &environment)?;
    let plan = Plan::new(config, &workspace)?;
    let mut builder = Builder {
        workspace: &workspace,
        environment: &environment,
        consent: match flags.consent() {
            // The terminal's keys are listened to.
            Consent::Ask if job.is_beside() => Consent::Withheld,
            consent => consent,
        },
        job,
        console,
        modules: Vec::new(),
    };
    let alone = plan.alone.map(|service| builder.host(service)).transpose()?;
    let named = plan.named.into_iter().map(|service| builder.host(service));
    let named = named.collect::<Result<Vec<_>, Failure>>()?;
    let client = plan.client.map(|package| {
        browser::build(package, &workspace, &environment, builder.consent, job, console)
    });
    Ok(Built {
        hosting: Hosting {
            alone,
            named,
            static_files: plan.static_files,
            admin: plan.admin,
            tls: plan.tls,
            client: client.transpose()?,
            bus: plan.bus,
            limits: plan.limits,
            playground: None,
        },
        modules: builder.modules.into_iter().map(|(_, module)| module).collect(),
    })
}

/// What to build, all of it found in the workspace.
#[derive(Debug)]
struct Plan<'a> {
    alone: Option<PlannedService<'a>>,
    named: Vec<PlannedService<'a>>,
    client: Option<&'a Package>,
    static_files: Option<PathBuf>,
    admin: Option<AdminAddress>,
    tls: Option<Tls>,
    bus: BusConfig,
    limits: AllLimits,
}

#[derive(Debug)]
struct PlannedService<'a> {
    name: String,
    source: PlannedSource<'a>,
    rooms: RoomConfig,
}

#[derive(Debug)]
enum PlannedSource<'a> {
    Build(&'a Package),
    Module(PathBuf),
}

impl<'a> Plan<'a> {
    /// The service of the folder is part of it unless there are `[services.NAME]` and no
    /// `[service]`.
    fn new(config: Config, workspace: &'a Workspace) -> Result<Self, Failure> {
        let service = match config.service {
            None if config.services.is_empty() => Some(Default::default()),
            service => service,
        };
        let client = config.client.as_ref();
        let alone = service.map(|service| {
            let package = match &service.package {
                Some(named) => workspace.named(named)?,
                None => workspace.own(client)?,
            };
            Ok::<_, Failure>(PlannedService {
                name: package.name.to_string(),
                source: PlannedSource::Build(package),
                rooms: service.rooms,
            })
        });
        let named = config.services.into_iter().map(|(name, service)| {
            let source = match service.source {
                ServiceSource::Module(path) => PlannedSource::Module(path),
                ServiceSource::Package(named) => PlannedSource::Build(workspace.named(&named)?),
            };
            Ok(PlannedService { name, source, rooms: service.rooms })
        });
        Ok(Self {
            alone: alone.transpose()?,
            named: named.collect::<Result<_, Failure>>()?,
            client: client.map(|named: &PackageName| workspace.named(named)).transpose()?,
            static_files: config.static_files,
            admin: config.admin,
            tls: config.tls,
            bus: config.bus,
            limits: config.limits,
        })
    }
}

/// Builds each package once, however many services come of it.
#[derive(Debug)]
struct Builder<'a> {
    workspace: &'a Workspace,
    environment: &'a BuildEnvironment,
    consent: Consent,
    job: &'a Job,
    console: Console,
    modules: Vec<(&'a Package, PathBuf)>,
}

impl<'a> Builder<'a> {
    fn host(&mut self, service: PlannedService<'a>) -> Result<HostedModule, Failure> {
        let PlannedService { name, source, rooms } = service;
        let module = match source {
            PlannedSource::Module(path) => path,
            PlannedSource::Build(package) => self.module_of(package)?,
        };
        Ok(HostedModule { name, module, rooms })
    }

    fn module_of(&mut self, package: &'a Package) -> Result<PathBuf, Failure> {
        if let Some((_, module)) = self.modules.iter().find(|(built, _)| built.id == package.id) {
            return Ok(module.clone());
        }
        let target = WasmTarget::Wasip1;
        if self.modules.is_empty() {
            let folder = self.workspace.folder();
            ensure_installed(target, folder, self.environment, self.consent, self.console)?;
        }
        let Self { workspace, environment, job, console, .. } = *self;
        let module = compile(package, target, workspace, environment, job, console)?;
        self.modules.push((package, module.clone()));
        Ok(module)
    }
}

#[cfg(test)]
mod tests;
