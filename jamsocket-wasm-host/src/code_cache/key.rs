use super::access;
use aws_lc_rs::{hmac, rand};
use jamsocket::host::read_file;
use std::{
    fmt::{self, Write as _},
    hash::{Hash, Hasher},
    io::{self, ErrorKind, Write as _},
    path::Path,
};
use tempfile::NamedTempFile;
use wasmtime::Engine;

/// The file of the key, in the folder of the cache.
const FILE: &str = "key";

/// How the file begins: no other file of this user's is taken for a key.
const MAGIC: &[u8] = b"jamsocket code cache, key 1\n";

const KEY_BYTES: usize = 32;

/// How many bytes a tag has.
pub(super) const TAG_BYTES: usize = 32;

/// A secret of this user's, without which no file of the cache can be made.
pub(super) struct Key(hmac::Key);

/// Which module this is, on which kind of engine: a name that only the key's owner can find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Id([u8; TAG_BYTES]);

impl Key {
    /// Returns the key of a folder. Makes a new key if there is no key, or if other users may know it or have
    /// made it. No file of the cache has a tag of a new key.
    ///
    /// # Errors
    ///
    /// The key cannot be read or written.
    pub(super) fn of_folder(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        match Self::read(&path) {
            Ok(key) => return Ok(key),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(
                    "the key {} of the compiled modules is made anew: {error}",
                    path.display()
                );
                std::fs::remove_file(&path)?;
            }
        }
        Self::create(folder, &path)?;
        // It may be another process's, which was first.
        Self::read(&path)
    }

    fn read(path: &Path) -> io::Result<Self> {
        if !access::is_private_file(path)? {
            return Err(io::Error::other("it is not this user's alone"));
        }
        let content = read_file(path, (MAGIC.len() + KEY_BYTES) as u64)?;
        match content.strip_prefix(MAGIC) {
            Some(key) if key.len() == KEY_BYTES => Ok(Self::of(key)),
            _ => Err(io::Error::other("it is not a key")),
        }
    }

    fn create(folder: &Path, path: &Path) -> io::Result<()> {
        let mut key = [0; KEY_BYTES];
        rand::fill(&mut key).map_err(|_| io::Error::other("the system gives no random numbers"))?;
        // For its owner alone.
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(MAGIC)?;
        file.write_all(&key)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Err(refused) if refused.error.kind() != ErrorKind::AlreadyExists => Err(refused.error),
            _ => Ok(()),
        }
    }

    pub(super) fn of(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The id of a module on an engine.
    pub(super) fn id_of(&self, engine: &Engine, bytes: &[u8]) -> Id {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"module\0");
        context.update(&(bytes.len() as u64).to_le_bytes());
        context.update(bytes);
        let mut hasher = Updated(context);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Id(bytes_of(hasher.0.sign()))
    }

    /// The tag of what is kept of a module.
    pub(super) fn tag(&self, id: &Id, content: &[u8]) -> [u8; TAG_BYTES] {
        bytes_of(self.signed(id, content).sign())
    }

    /// Whether this is the tag of what is kept of a module.
    pub(super) fn is_tag(&self, id: &Id, content: &[u8], tag: &[u8]) -> bool {
        let expected = self.tag(id, content);
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected, tag).is_ok()
    }

    fn signed(&self, id: &Id, content: &[u8]) -> hmac::Context {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"code\0");
        context.update(&id.0);
        context.update(content);
        context
    }
}

fn bytes_of(tag: hmac::Tag) -> [u8; TAG_BYTES] {
    tag.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// Not the secret.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

impl Id {
    /// The name of the file that has what is kept.
    pub(super) fn file_name(&self) -> String {
        self.0.iter().fold(String::with_capacity(2 * TAG_BYTES), |mut name, byte| {
            let _infallible = write!(name, "{byte:02x}");
            name
        })
    }
}

/// Takes whatever is hashed into a tag.
struct Updated(hmac::Context);

impl Hasher for Updated {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The tag has what was hashed, and this number nothing.
    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use wasmtime::Config;

    /// Something that tells keys apart.
    fn mark(key: &Key) -> [u8; TAG_BYTES] {
        key.tag(&Id([0; TAG_BYTES]), b"")
    }

    #[test]
    fn a_key_stays_and_is_another_in_each_folder() {
        let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let key = Key::of_folder(one.path()).unwrap();
        assert_eq!(mark(&key), mark(&Key::of_folder(one.path()).unwrap()));
        assert_ne!(mark(&key), mark(&Key::of_folder(other.path()).unwrap()));
        assert!(access::is_private_file(&one.path().join(FILE)).unwrap());
    }

    #[test]
    fn processes_that_make_a_key_at_once_have_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let keys = std::thread::scope(|threads| {
            let make = || mark(&Key::of_folder(folder.path()).unwrap());
            let making = [(); 8].map(|()| threads.spawn(make));
            making.map(|thread| thread.join().unwrap())
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_know_or_have_made_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let first = mark(&Key::of_folder(folder.path()).unwrap());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let second = mark(&Key::of_folder(folder.path()).unwrap());
        assert_ne!(first, second);
        for content in [b"".as_slice(), &[0; 60], &[MAGIC, &[0; 31]].concat()] {
            fs::write(&path, content).unwrap();
            assert_ne!(mark(&Key::of_folder(folder.path()).unwrap()), second);
        }
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        let key = Key::of_folder(folder.path()).unwrap();
        assert_ne!(mark(&key), mark(&Key::read(&elsewhere).unwrap()));
    }

    #[test]
    fn an_id_is_of_one_module_and_one_kind_of_engine() {
        let key = Key::of(b"secret");
        let engine = Engine::default();
        let id = key.id_of(&engine, b"a");
        assert_eq!(id, key.id_of(&Engine::default(), b"a"));
        assert_ne!(id, key.id_of(&engine, b"b"));
        let other = Engine::new(Config::new().epoch_interruption(true)).unwrap();
        assert_ne!(id, key.id_of(&other, b"a"));
        assert_ne!(id, Key::of(b"other").id_of(&engine, b"a"));
        assert_eq!(id.file_name().len(), 64);
    }

    #[test]
    fn a_tag_is_of_one_module_and_one_content() {
        let key = Key::of(b"secret");
        let [one, other] = [1, 2].map(|byte| Id([byte; TAG_BYTES]));
        let tag = key.tag(&one, b"code");
        assert!(key.is_tag(&one, b"code", &tag));
        assert!(!key.is_tag(&other, b"code", &tag) && !key.is_tag(&one, b"cods", &tag));
        assert!(!key.is_tag(&one, b"code", &tag[..31]) && !key.is_tag(&one, b"code", b""));
        assert!(!format!("{key:?}").contains("secret"));
    }
}
