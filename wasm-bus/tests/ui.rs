//! The attribute as its users meet it: `ui/pass` compiles without a warning and runs, `ui/fail`
//! holds one mistake a file and the error that it must get.
//!
//! The errors are rendered by the compiler, so a new release of it may word them anew:
//! `TRYBUILD=overwrite cargo test -p wasm-bus --test ui` writes them again, to be read before they are
//! kept.

#[test]
fn what_the_attribute_goes_on_compiles_without_a_warning() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}

#[test]
fn each_mistake_is_told_at_its_place() {
    trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
}
