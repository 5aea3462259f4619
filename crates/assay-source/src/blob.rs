//! What is kept between runs is found again by a key: a hash of everything that
//! it was worked out from.

/// By what a value is kept: a hash of all that it depends on.
pub type BlobKey = [u8; 32];

/// Collects what a value depends on. Each part is preceded by its length, so
/// that `ab`,`c` and `a`,`bc` differ.
#[derive(Clone)]
pub struct BlobKeyHasher(blake3::Hasher);

impl BlobKeyHasher {
    /// Starts a key; the kind names what the value is and its version.
    pub fn new(kind: &str) -> Self {
        let mut this = Self(blake3::Hasher::new());
        this.add(kind.as_bytes());
        this
    }

    /// Adds a part.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// Adds a part and returns the rest.
    #[must_use]
    pub fn part(mut self, part: &[u8]) -> Self {
        self.add(part);
        self
    }

    /// Returns the key.
    pub fn finish(&self) -> BlobKey {
        *self.0.finalize().as_bytes()
    }

    /// Makes bytes unreadable to whoever does not have all parts, and makes them
    /// readable again. What has the same parts must always be the same bytes.
    pub fn veil(&self, bytes: &mut [u8]) {
        let mut pad = [0; 4_096];
        let mut stream = self.0.finalize_xof();
        for chunk in bytes.chunks_mut(pad.len()) {
            let pad = &mut pad[..chunk.len()];
            stream.fill(pad);
            for (byte, pad) in chunk.iter_mut().zip(pad) {
                *byte ^= *pad;
            }
        }
    }
}

/// Keeps values worked out from contents, so that the same is not worked out
/// twice. A cache may forget anything at any time.
pub trait BlobCache: Sync {
    /// Returns what was kept under a key.
    fn get(&self, key: &BlobKey) -> Option<Vec<u8>>;

    /// Keeps a value.
    fn put(&self, key: &BlobKey, value: Vec<u8>);
}
