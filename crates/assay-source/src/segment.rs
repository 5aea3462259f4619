//! The form in which values are kept on disk: segments that are written once.
//!
//! A segment is a table of keys with a checksum, and after it the values, each
//! with a checksum in the table. It is never changed: what is new goes into
//! another one, so that several processes can read and write the same folder.
//! Only the table is read at first; a value is read when it is asked for.

use std::collections::HashMap;

use crate::blob::BlobKey;

/// The bytes from which [`SegmentTable::byte_count`] tells the size of a table.
pub const SEGMENT_HEAD_BYTES: usize = 20;

const MAGIC: &[u8; 8] = b"assaysg2";
const CHECKSUM_BYTES: usize = 32;
const KEY_BYTES: usize = 32;
const VALUE_CHECKSUM_BYTES: usize = 16;
const ROW_BYTES: usize = KEY_BYTES + 8 + VALUE_CHECKSUM_BYTES;
/// A segment that says it has more values is damaged.
const ROWS_MAX: usize = 4_000_000;

/// Returns the bytes of a segment; of a larger one than 4 GB only what fits.
pub fn write_segment(entries: &[(BlobKey, Vec<u8>)]) -> Vec<u8> {
    let mut fitting = 0;
    let mut length = 0_u64;
    for (_, value) in entries {
        if length + value.len() as u64 > u64::from(u32::MAX) || fitting >= ROWS_MAX {
            break;
        }
        length += value.len() as u64;
        fitting += 1;
    }
    let entries = &entries[..fitting];
    let mut out = Vec::with_capacity(length as usize + entries.len() * ROW_BYTES + 64);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    let mut offset = 0_u32;
    for (key, value) in entries {
        out.extend_from_slice(key);
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&(value.len() as u32).to_le_bytes());
        out.extend_from_slice(&checksum(value));
        offset = offset.wrapping_add(value.len() as u32);
    }
    let table = blake3::hash(&out);
    out.extend_from_slice(table.as_bytes());
    for (_, value) in entries {
        out.extend_from_slice(value);
    }
    out
}

fn checksum(value: &[u8]) -> [u8; VALUE_CHECKSUM_BYTES] {
    let mut short = [0; VALUE_CHECKSUM_BYTES];
    short.copy_from_slice(&blake3::hash(value).as_bytes()[..VALUE_CHECKSUM_BYTES]);
    short
}

/// The table of a segment, read and found whole.
pub struct SegmentTable {
    rows: HashMap<BlobKey, Row>,
    /// Where the values begin.
    data: u64,
}

struct Row {
    offset: u32,
    length: u32,
    checksum: [u8; VALUE_CHECKSUM_BYTES],
}

impl SegmentTable {
    /// Returns how many bytes of a segment its table takes, by its first
    /// [`SEGMENT_HEAD_BYTES`]; none when they are not those of a segment of this
    /// size.
    pub fn byte_count(head: &[u8], segment_bytes: u64) -> Option<usize> {
        let rest = head.strip_prefix(MAGIC)?;
        let count = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        let values = u64::from_le_bytes(rest.get(4..12)?.try_into().ok()?);
        let table = SEGMENT_HEAD_BYTES + count.min(ROWS_MAX) * ROW_BYTES + CHECKSUM_BYTES;
        let is_whole = (table as u64).checked_add(values) == Some(segment_bytes);
        (count <= ROWS_MAX && is_whole).then_some(table)
    }

    /// Takes the bytes of a table; none when a single one of them is not as it
    /// was written.
    pub fn read(table: &[u8]) -> Option<Self> {
        let (content, sum) = table.split_at_checked(table.len().checked_sub(CHECKSUM_BYTES)?)?;
        if blake3::hash(content).as_bytes() != sum {
            return None;
        }
        let mut rows = HashMap::with_capacity(content.len() / ROW_BYTES);
        for row in content.get(SEGMENT_HEAD_BYTES..)?.chunks_exact(ROW_BYTES) {
            let (key, rest) = row.split_first_chunk::<KEY_BYTES>()?;
            let (offset, rest) = rest.split_first_chunk::<4>()?;
            let (length, rest) = rest.split_first_chunk::<4>()?;
            let row = Row {
                offset: u32::from_le_bytes(*offset),
                length: u32::from_le_bytes(*length),
                checksum: rest.try_into().ok()?,
            };
            rows.insert(*key, row);
        }
        Some(Self {
            rows,
            data: table.len() as u64,
        })
    }

    /// Returns where in the segment a value begins, and how long it is.
    pub fn place(&self, key: &BlobKey) -> Option<(u64, usize)> {
        let row = self.rows.get(key)?;
        Some((self.data + u64::from(row.offset), row.length as usize))
    }

    /// Returns whether the bytes are those that were kept under a key.
    pub fn is_value(&self, key: &BlobKey, bytes: &[u8]) -> bool {
        let row = self.rows.get(key);
        row.is_some_and(|row| row.checksum == checksum(bytes))
    }

    /// Returns the keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &BlobKey> {
        self.rows.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::{BlobKey, SEGMENT_HEAD_BYTES, SegmentTable, write_segment};

    fn key(number: u8) -> BlobKey {
        [number; 32]
    }

    fn get(bytes: &[u8], key: &BlobKey) -> Option<Vec<u8>> {
        let head = bytes.get(..SEGMENT_HEAD_BYTES)?;
        let size = SegmentTable::byte_count(head, bytes.len() as u64)?;
        let table = SegmentTable::read(&bytes[..size])?;
        let (start, length) = table.place(key)?;
        let value = &bytes[start as usize..start as usize + length];
        table.is_value(key, value).then(|| value.to_vec())
    }

    #[test]
    fn a_segment_gives_back_what_was_put_in() {
        let entries = vec![
            (key(1), b"one".to_vec()),
            (key(2), Vec::new()),
            (key(3), b"three".to_vec()),
        ];
        let bytes = write_segment(&entries);
        for (key, value) in &entries {
            assert_eq!(get(&bytes, key).as_ref(), Some(value));
        }
        assert_eq!(get(&bytes, &key(4)), None);
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let bytes = write_segment(&[(key(1), b"one".to_vec())]);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert_eq!(get(&damaged, &key(1)), None, "byte {at}");
            assert_eq!(get(&bytes[..at], &key(1)), None, "cut at {at}");
        }
    }
}
