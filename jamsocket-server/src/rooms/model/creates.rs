use crate::{
    RoomIdStrategy,
    rooms::{CreateError, JoinError},
};
use tokio::{task::JoinHandle, time::Instant};

/// Requests to create rooms, and what they make known.
#[derive(Debug)]
pub(super) struct Creates {
    strategy: RoomIdStrategy,
    all: Vec<Create>,
}

#[derive(Debug)]
struct Create {
    name: &'static str,
    since: Instant,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Waiting(JoinHandle<(Instant, Result<(), CreateError>)>),
    Ended(Instant, Result<(), CreateError>),
}

/// Whether a room was known at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Certainly,
    Perhaps,
    No,
}

impl Known {
    pub(super) fn is_certain(self) -> bool {
        self == Known::Certainly
    }

    pub(super) fn is_possible(self) -> bool {
        self != Known::No
    }
}

impl Creates {
    pub(super) fn new(strategy: RoomIdStrategy) -> Self {
        Self { strategy, all: Vec::new() }
    }

    pub(super) fn add(
        &mut self,
        name: &'static str,
        outcome: JoinHandle<(Instant, Result<(), CreateError>)>,
    ) {
        let outcome = Outcome::Waiting(outcome);
        self.all.push(Create { name, since: Instant::now(), outcome });
    }

    /// Takes the outcomes that there are by now.
    pub(super) async fn learn(&mut self) {
        for create in &mut self.all {
            if let Outcome::Waiting(outcome) = &mut create.outcome
                && outcome.is_finished()
            {
                let (at, outcome) = outcome.await.expect("a create ends");
                create.outcome = Outcome::Ended(at, outcome);
            }
        }
    }

    /// Whether creates had made a room known, or could have, in this stretch of time.
    pub(super) fn make_known(&self, name: &str, since: Instant, until: Instant) -> Known {
        if self.strategy == RoomIdStrategy::Implicit {
            return Known::Certainly;
        }
        let known = |create: &Create| match &create.outcome {
            Outcome::Ended(at, Ok(())) if *at < since => Known::Certainly,
            Outcome::Ended(_, Err(CreateError::Exists)) => Known::No,
            // Of a server that stops nobody asks whether it knows a room that it did not start.
            Outcome::Ended(_, Err(CreateError::NotStarted(JoinError::Stopping))) => Known::Perhaps,
            Outcome::Ended(at, Err(_)) if *at < since => Known::No,
            _ if until < create.since => Known::No,
            _ => Known::Perhaps,
        };
        let all: Vec<_> = self.all.iter().filter(|c| c.name == name).map(known).collect();
        if all.contains(&Known::Certainly) {
            Known::Certainly
        } else if all.contains(&Known::Perhaps) {
            Known::Perhaps
        } else {
            Known::No
        }
    }

    /// Checks, when nothing happens, that each request was answered as it should be. Returns what is
    /// wrong.
    pub(super) fn check(&self) -> Vec<String> {
        let is_wrong = |create: &&Create| {
            let Outcome::Ended(at, outcome) = &create.outcome else { return true };
            let explicit = self.strategy == RoomIdStrategy::Explicit;
            match outcome {
                Ok(()) => {
                    let again = self.all.iter().filter(|other| {
                        let granted = matches!(other.outcome, Outcome::Ended(_, Ok(())));
                        granted && other.name == create.name
                    });
                    !explicit || again.count() != 1
                }
                Err(CreateError::WrongStrategy(strategy)) => explicit || *strategy != self.strategy,
                Err(CreateError::Exists) => {
                    !self.make_known(create.name, create.since, *at).is_possible()
                }
                Err(CreateError::NotStarted(_)) => !explicit,
            }
        };
        self.all.iter().filter(is_wrong).map(|create| format!("not right: {create:?}")).collect()
    }
}
