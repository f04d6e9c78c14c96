use crate::{AccessToken, Limits, Playground, RoomIdStrategy};
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
    /// What calls to the rooms have to show, where they have to.
    pub(crate) access_token: Option<AccessToken>,
    /// Where the rooms' log lines are shown, too.
    pub(crate) playground: Option<Playground>,
}
