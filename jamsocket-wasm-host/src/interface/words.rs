use std::borrow::Borrow;
use wasmtime::{ExternType, Mutability, ValType};

/// Says in words what something is. Types that differ read differently.
pub(super) fn in_words(ty: &ExternType) -> String {
    let texts = |types: &mut dyn Iterator<Item = ValType>| -> Vec<String> {
        types.map(|ty| ty.to_string()).collect()
    };
    match ty {
        ExternType::Func(function) => {
            function_in_words(&texts(&mut function.params()), &texts(&mut function.results()))
        }
        ExternType::Global(global) => {
            let mutable = match global.mutability() {
                Mutability::Const => "",
                Mutability::Var => "mutable ",
            };
            format!("a {mutable}global {}", global.content())
        }
        ExternType::Table(_) => "a table".to_owned(),
        ExternType::Memory(_) => "a memory".to_owned(),
        ExternType::Tag(_) => "a tag".to_owned(),
    }
}

/// A function in words, of types in words.
pub(super) fn function_in_words<T: Borrow<str>>(params: &[T], results: &[T]) -> String {
    let params = params.join(", ");
    match results {
        [] => format!("a function ({params})"),
        [result] => format!("a function ({params}) -> {}", result.borrow()),
        _ => format!("a function ({params}) -> ({})", results.join(", ")),
    }
}
