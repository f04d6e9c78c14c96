use super::InterfaceFault;

/// An export or an import, as the guest interface has it and as a module has it.
///
/// Types are given in words: `a function (i32, i32) -> i32`, `a memory`, `a global i64`. Names are
/// the module's own, and may have anything in them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InterfaceItem {
    /// The module that it is imported from; none where it is an export.
    pub imported_from: Option<String>,
    /// What it is called.
    pub name: String,
    /// Whether every service has to have it. That is so of most exports, and of no import.
    pub required: bool,
    /// The type that it has to have; none where the interface has nothing of this name.
    pub expected: Option<String>,
    /// The type that it has; none where the module has nothing of this name.
    pub found: Option<String>,
    /// Why the module is refused for it, if it is.
    pub fault: Option<InterfaceFault>,
}
