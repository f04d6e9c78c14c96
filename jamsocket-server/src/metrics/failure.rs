use super::cases::cases;
use jamsocket::{BuildError, ServiceError};
use std::error::Error as _;

cases! {
    /// Why a service failed: as its room was built, or after that.
    pub(crate) enum Failure ["cause"] {
        /// A sandboxed service trapped.
        Trapped = ["trapped"],
        /// A sandboxed service ran out of time.
        OutOfTime = ["out_of_time"],
        /// A native service panicked.
        Panicked = ["panicked"],
        /// One callback sent more than it may.
        SentTooMuch = ["sent_too_much"],
        /// The host gave up on a callback.
        Abandoned = ["abandoned"],
        /// The service declined to open the room.
        Declined = ["declined"],
        /// Something else, that the service's factory knows.
        Other = ["other"],
    }
}

impl From<&ServiceError> for Failure {
    fn from(error: &ServiceError) -> Self {
        match error {
            ServiceError::Trapped(_) => Failure::Trapped,
            ServiceError::OutOfTime { .. } => Failure::OutOfTime,
            ServiceError::Panicked(_) => Failure::Panicked,
            ServiceError::SentTooMuch { .. } => Failure::SentTooMuch,
            ServiceError::Abandoned => Failure::Abandoned,
            _ => Failure::Other,
        }
    }
}

impl Failure {
    /// Why a room could not be built; `None` where only capacity was wanting.
    pub(crate) fn of_build(error: &BuildError) -> Option<Self> {
        match error {
            BuildError::AtCapacity(_) => None,
            BuildError::Declined => Some(Failure::Declined),
            _ => {
                let cause = error.source().and_then(|cause| cause.downcast_ref::<ServiceError>());
                Some(cause.map_or(Failure::Other, Failure::from))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::cases::tests::assert_sound;

    #[test]
    fn the_labels_are_sound() {
        assert_sound::<Failure>();
    }

    #[test]
    fn a_room_that_could_not_be_built_has_the_cause_that_its_service_had() {
        let trapped = ServiceError::Trapped(String::new()).into();
        assert_eq!(Failure::of_build(&trapped), Some(Failure::Trapped));
        assert_eq!(Failure::of_build(&BuildError::failed("of no use")), Some(Failure::Other));
        assert_eq!(Failure::of_build(&BuildError::Declined), Some(Failure::Declined));
        assert_eq!(Failure::of_build(&BuildError::AtCapacity("full".into())), None);
    }
}
