//! The form in which facts are kept on disk: segments that are written once.
//!
//! A segment is a table of keys, the facts, and a checksum over all of it. It is
//! never changed: what is new goes into another one, so that several processes
//! can read and write the same folder.

use std::collections::HashMap;

/// By what the facts of a file are kept.
pub type FactKey = [u8; 32];

const MAGIC: &[u8; 8] = b"assayfx1";
const CHECKSUM_BYTES: usize = 32;
const KEY_BYTES: usize = 32;
const ROW_BYTES: usize = KEY_BYTES + 8;
/// A segment that says it has more files is damaged.
const ROWS_MAX: usize = 4_000_000;

/// Returns the bytes of a segment; of a larger one than 4 GB only what fits.
pub fn write_segment(entries: &[(FactKey, Vec<u8>)]) -> Vec<u8> {
    let mut fitting = 0;
    let mut length = 0_u64;
    for (_, value) in entries {
        length += value.len() as u64;
        if length > u64::from(u32::MAX) || fitting >= ROWS_MAX {
            break;
        }
        fitting += 1;
    }
    let entries = &entries[..fitting];
    let mut out = Vec::with_capacity(length as usize + entries.len() * ROW_BYTES + 64);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    let mut offset = 0_u32;
    for (key, value) in entries {
        out.extend_from_slice(key);
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&(value.len() as u32).to_le_bytes());
        offset += value.len() as u32;
    }
    for (_, value) in entries {
        out.extend_from_slice(value);
    }
    let checksum = blake3::hash(&out);
    out.extend_from_slice(checksum.as_bytes());
    out
}

/// A segment that was read and found whole.
pub struct Segment {
    bytes: Vec<u8>,
    /// Where the facts of each key are.
    rows: HashMap<FactKey, (usize, usize)>,
}

impl Segment {
    /// Takes the bytes of a segment; none when a single one of them is not as it
    /// was written.
    pub fn read(bytes: Vec<u8>) -> Option<Self> {
        let end = bytes.len().checked_sub(CHECKSUM_BYTES)?;
        let (content, checksum) = bytes.split_at(end);
        let rest = content.strip_prefix(MAGIC)?;
        let count: [u8; 4] = rest.get(..4)?.try_into().ok()?;
        let count = u32::from_le_bytes(count) as usize;
        if count > ROWS_MAX || blake3::hash(content).as_bytes() != checksum {
            return None;
        }
        let table = MAGIC.len() + 4;
        let data = table + count * ROW_BYTES;
        let mut rows = HashMap::with_capacity(count);
        for row in content.get(table..data)?.chunks_exact(ROW_BYTES) {
            let number = |at: usize| {
                let bytes: [u8; 4] = row[at..at + 4].try_into().expect("four bytes");
                u32::from_le_bytes(bytes) as usize
            };
            let key: FactKey = row[..KEY_BYTES]
                .try_into()
                .expect("a row begins with a key");
            let start = data + number(KEY_BYTES);
            let stop = start + number(KEY_BYTES + 4);
            if stop > end {
                return None;
            }
            rows.insert(key, (start, stop));
        }
        Some(Self { bytes, rows })
    }

    /// Returns the facts that are kept under a key.
    pub fn get(&self, key: &FactKey) -> Option<&[u8]> {
        let &(start, end) = self.rows.get(key)?;
        self.bytes.get(start..end)
    }

    /// Returns the keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &FactKey> {
        self.rows.keys()
    }

    /// Returns how many files it has the facts of.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the size in bytes.
    pub fn byte_count(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{FactKey, Segment, write_segment};

    fn key(number: u8) -> FactKey {
        [number; 32]
    }

    #[test]
    fn a_segment_gives_back_what_was_put_in() {
        let entries = vec![
            (key(1), b"one".to_vec()),
            (key(2), Vec::new()),
            (key(3), b"three".to_vec()),
        ];
        let segment = Segment::read(write_segment(&entries)).expect("it is whole");
        assert_eq!(segment.len(), 3);
        for (key, value) in &entries {
            assert_eq!(segment.get(key), Some(value.as_slice()));
        }
        assert_eq!(segment.get(&key(4)), None);
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let bytes = write_segment(&[(key(1), b"one".to_vec())]);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(Segment::read(damaged).is_none(), "byte {at}");
            assert!(Segment::read(bytes[..at].to_vec()).is_none(), "cut at {at}");
        }
    }
}
