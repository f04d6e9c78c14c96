use crate::{Limits, Playground, RoomIdStrategy};
use jamsocket::host::ServiceShutdownPolicy;
use std::{sync::Arc, time::Duration};

/// How the rooms of one service are run.
#[derive(Debug, Clone)]
pub(crate) struct ServiceSettings {
    pub(crate) room_id_strategy: RoomIdStrategy,
    pub(crate) shutdown_policy: ServiceShutdownPolicy,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) heartbeat_timeout: Duration,
    pub(crate) limits: Arc<Limits>,
    /// Where the rooms' log lines are shown, too.
    pub(crate) playground: Option<Playground>,
}
