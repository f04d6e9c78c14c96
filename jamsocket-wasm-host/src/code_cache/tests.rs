use super::*;
use wasmtime::Config;

const ONE: &str = r#"(module (func (export "number") (result i32) (i32.const 1)))"#;
const TWO: &str = r#"(module (func (export "number") (result i32) (i32.const 2)))"#;

/// A cache in `folder` as a process opens it, and an engine that has it.
fn opened(folder: &Path) -> (CodeCache, Engine) {
    let cache = CodeCache::open(folder).unwrap();
    let engine = Engine::new(Config::new().cache(Some(cache.wasmtimes()))).unwrap();
    (cache, engine)
}

/// The number that a module gives in a process of its own, and whether it was compiled for that.
fn number(folder: &Path, module: &str) -> (i32, bool) {
    let (cache, engine) = opened(folder);
    let module = cache.module(&engine, module.as_bytes()).unwrap();
    let mut store = wasmtime::Store::new(&engine, ());
    let instance = wasmtime::Instance::new(&mut store, &module, &[]).unwrap();
    let number = instance.get_typed_func::<(), i32>(&mut store, "number").unwrap();
    let was_compiled = cache.wasmtimes().cache_misses() > 0;
    (number.call(&mut store, ()).unwrap(), was_compiled)
}

/// The files that keep modules.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut kept: Vec<_> = paths.filter(|path| path.file_name().unwrap().len() == 64).collect();
    kept.sort();
    kept
}

#[test]
fn a_module_is_compiled_once() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(number(folder.path(), ONE), (1, true));
    assert_eq!(number(folder.path(), ONE), (1, false));
    assert_eq!(number(folder.path(), TWO), (2, true));
    assert_eq!(number(folder.path(), TWO), (2, false));
    assert_eq!(number(folder.path(), ONE), (1, false));
    assert_eq!(kept(folder.path()).len(), 2);
}

#[test]
fn code_of_another_module_is_not_run_and_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    number(folder.path(), ONE);
    let one = kept(folder.path()).remove(0);
    number(folder.path(), TWO);
    let two = kept(folder.path()).into_iter().find(|path| *path != one).unwrap();
    // What another user can do who could write to the folder for a while: copy a file, and rename one.
    fs::copy(&two, &one).unwrap();
    assert_eq!(number(folder.path(), ONE), (1, true));
    assert_eq!(number(folder.path(), ONE), (1, false));
    fs::rename(&two, &one).unwrap();
    assert_eq!(number(folder.path(), ONE), (1, true));
    assert_eq!(number(folder.path(), ONE), (1, false));
}

#[test]
fn code_of_another_key_is_not_run() {
    let [folder, attackers] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    number(folder.path(), ONE);
    number(attackers.path(), ONE);
    fs::copy(&kept(attackers.path())[0], &kept(folder.path())[0]).unwrap();
    assert_eq!(number(folder.path(), ONE), (1, true));
    // Without its key a whole cache is worth nothing.
    fs::remove_file(folder.path().join("key")).unwrap();
    assert_eq!(number(folder.path(), ONE), (1, true));
}

#[test]
fn files_that_are_damaged_are_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    number(folder.path(), ONE);
    let path = kept(folder.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    let mut last_bit = whole.clone();
    *last_bit.last_mut().unwrap() ^= 1;
    let mut first_bit = whole.clone();
    first_bit[0] ^= 1;
    for damaged in [&whole[..whole.len() / 2], &whole[..5], b"", &last_bit, &first_bit] {
        fs::write(&path, damaged).unwrap();
        assert_eq!(number(folder.path(), ONE), (1, true));
        assert_eq!(fs::read(&path).unwrap().len(), whole.len());
        assert_eq!(number(folder.path(), ONE), (1, false));
    }
}

#[test]
fn what_wasmtimes_cache_would_take_is_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    number(folder.path(), ONE);
    let bytes = fs::read(&kept(folder.path())[0]).unwrap();
    let staged = staging::Staged::parse(&bytes[key::TAG_BYTES..]).unwrap().to_bytes();
    let len = u32::from_le_bytes(*staged.first_chunk().unwrap()) as usize;
    let path = folder.path().join(std::str::from_utf8(&staged[4..4 + len]).unwrap());
    fs::remove_file(&kept(folder.path())[0]).unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, &staged[4 + len..]).unwrap();
    assert_eq!(number(folder.path(), ONE), (1, true));
}

#[test]
fn modules_that_are_made_at_once_are_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        |number| format!(r#"(module (func (export "number") (result i32) (i32.const {number})))"#);
    let texts: Vec<_> = (0..8).map(text).collect();
    for _ in 0..2 {
        let (cache, engine) = opened(folder.path());
        std::thread::scope(|threads| {
            for (expected, text) in texts.iter().enumerate() {
                let (cache, engine) = (&cache, &engine);
                threads.spawn(move || {
                    let module = cache.module(engine, text.as_bytes()).unwrap();
                    let mut store = wasmtime::Store::new(engine, ());
                    let instance = wasmtime::Instance::new(&mut store, &module, &[]).unwrap();
                    let number = instance.get_typed_func::<(), i32>(&mut store, "number").unwrap();
                    assert_eq!(number.call(&mut store, ()).unwrap(), expected as i32);
                });
            }
        });
    }
    // Each is kept soon, though they may have been in each other's way.
    let all_are_kept = || {
        let numbers = texts.iter().map(|text| number(folder.path(), text));
        numbers.filter(|(_, was_compiled)| *was_compiled).count() == 0
    };
    assert!((0..8).any(|_| all_are_kept()));
}

#[test]
fn a_module_that_is_none_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, engine) = opened(folder.path());
    assert!(cache.module(&engine, b"(module (oops))").is_err());
    assert_eq!(kept(folder.path()), [] as [PathBuf; 0]);
}

#[test]
fn a_folder_is_made_with_those_above_it() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("a/b");
    CodeCache::open(&folder).unwrap();
    CodeCache::open(&folder).unwrap();
    assert!(folder.is_dir());
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for (mode, is_ours) in [(0o755, true), (0o720, false), (0o702, false)] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(CodeCache::open(folder.path()).is_ok(), is_ours, "{mode:o}");
    }
    let refused = CodeCache::open(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("others can write to it; empty it"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_can_replace_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("cache");
    for (mode, is_safe) in [(0o755, true), (0o777, false), (0o1777, true)] {
        fs::set_permissions(above.path(), fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(CodeCache::open(&folder).is_ok(), is_safe, "{mode:o}");
    }
    fs::set_permissions(above.path(), fs::Permissions::from_mode(0o775)).unwrap();
    let refused = CodeCache::open(&folder).unwrap_err();
    assert!(matches!(&refused, CodeCacheError::ReplaceableByOthers { .. }), "{refused}");
    let told =
        format!("others can write to {} and put", fs::canonicalize(&above).unwrap().display());
    assert!(refused.to_string().contains(&told), "{refused}");
}

#[test]
fn a_file_is_no_folder() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(CodeCache::open(file.path()), Err(CodeCacheError::Unusable { .. })));
}
