use jamsocket_wasm_host::Grants;
use std::{collections::BTreeMap, path::PathBuf, str::FromStr};

/// `[bus]` and `[programs]`: what guests may reach.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct BusConfig {
    /// What the guests of services may reach that have no table of their own.
    pub(crate) grants: Grants,
    /// The programs that there are, by their names.
    pub(crate) programs: BTreeMap<String, PathBuf>,
}

/// A program of the command line: `NAME=PATH`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamedProgram {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl FromStr for NamedProgram {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => {
                Ok(Self { name: name.to_owned(), path: path.into() })
            }
            _ => Err("a program is a name, `=`, and the path of its module"),
        }
    }
}
