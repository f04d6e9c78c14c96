use super::{Call, CallError, Callee};

/// Finds whom a guest calls.
pub(crate) trait Switch: Send + Sync {
    /// How often the guest was denied what it called, and programs that it runs.
    fn denied(&self) -> u64;

    /// Makes a call to the module of this name.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be called.
    fn call(&self, module: &str, call: Call) -> Result<Box<dyn Callee>, CallError>;

    /// Makes a call likewise, in the named instance of a host.
    ///
    /// # Errors
    ///
    /// The same, or the token is not the right one.
    fn call_in(
        &self,
        instance: &str,
        access_token: &str,
        module: &str,
        call: Call,
    ) -> Result<Box<dyn Callee>, CallError>;
}
