use crate::LoadError;
use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Loads a module, given what it is called, on a thread of its own, and waits no longer than `limit`
/// for it.
///
/// Compiling cannot be interrupted: a load that is given up goes on until it ends by itself.
pub(crate) fn within<T: Send + 'static>(
    limit: Duration,
    module: String,
    load: impl FnOnce(String) -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    let name = module.clone();
    let (done, loaded) = mpsc::sync_channel(1);
    let started = Instant::now();
    let thread = thread::Builder::new().name("jamsocket-load".to_owned()).spawn(move || {
        // Nobody waits for it any more when it was given up.
        let _ = done.send(load(name));
    });
    if let Err(source) = thread {
        return Err(LoadError::Thread { module, source });
    }
    match loaded.recv_timeout(limit) {
        Ok(loaded) if started.elapsed() < limit => loaded,
        Ok(_) | Err(mpsc::RecvTimeoutError::Timeout) => Err(LoadError::TooSlow { module, limit }),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let reason = "compiling it panicked".to_owned();
            Err(LoadError::NotAModule { module, reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Loads something called `it`.
    fn load<T: Send + 'static>(
        limit: Duration,
        load: impl FnOnce(String) -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        within(limit, "it".to_owned(), load)
    }

    #[test]
    fn what_is_done_in_time_is_loaded() {
        for limit in [LONG, Duration::MAX] {
            assert_eq!(load(limit, Ok).unwrap(), "it");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let wrong = |module| Err::<(), _>(LoadError::TooLarge { module, limit: 3 });
        assert!(matches!(load(LONG, wrong), Err(LoadError::TooLarge { limit: 3, .. })));
    }

    #[test]
    fn no_time_is_too_little_even_for_what_is_there_at_once() {
        for _ in 0..100 {
            let refused = load(Duration::ZERO, Ok).unwrap_err();
            let expected = "it takes longer to load than the 0ns that a load may take";
            assert_eq!(refused.to_string(), expected);
        }
    }

    #[test]
    fn a_load_that_does_not_end_is_given_up() {
        let (end, ended) = mpsc::channel::<()>();
        let refused = load(Duration::from_millis(1), move |_| Ok(ended.recv().is_err()));
        assert!(matches!(refused, Err(LoadError::TooSlow { .. })));
        drop(end);
    }

    #[test]
    fn a_load_that_panics_is_an_error() {
        let refused = load(LONG, |_| -> Result<(), _> { panic!("on purpose") }).unwrap_err();
        let expected = "it is not a WebAssembly module that can run here: compiling it panicked";
        assert_eq!(refused.to_string(), expected);
    }
}
