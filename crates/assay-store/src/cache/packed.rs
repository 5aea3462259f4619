//! How a value stands in Redis: packed, with the time until which it is good and a
//! hash over all of it, so that what is cut off or stands under the wrong key is
//! not taken for a value.

use assay_source::{BlobKey, BlobKeyHasher};

use super::VALUE_BYTES_MAX;

const HASH_BYTES: usize = 16;
const TIME_BYTES: usize = 8;
/// The usual trade of time for size.
const LEVEL: i32 = 1;

/// Packs a value: hash, time, packed bytes.
pub(super) fn pack(key: &BlobKey, until_ms: i64, bytes: &[u8]) -> Option<Vec<u8>> {
    let body = zstd::bulk::compress(bytes, LEVEL).ok()?;
    let time = until_ms.to_le_bytes();
    let mut packed = hash(key, &time, &body).to_vec();
    packed.extend_from_slice(&time);
    packed.extend_from_slice(&body);
    Some(packed)
}

/// Unpacks a value; anything that is not one is nothing.
pub(super) fn unpack(key: &BlobKey, packed: &[u8]) -> Option<(i64, Vec<u8>)> {
    let (said, rest) = packed.split_first_chunk::<HASH_BYTES>()?;
    let (time, body) = rest.split_first_chunk::<TIME_BYTES>()?;
    if *said != hash(key, time, body) {
        return None;
    }
    let bytes = zstd::bulk::decompress(body, VALUE_BYTES_MAX).ok()?;
    Some((i64::from_le_bytes(*time), bytes))
}

fn hash(key: &BlobKey, time: &[u8; TIME_BYTES], body: &[u8]) -> [u8; HASH_BYTES] {
    let mut hasher = BlobKeyHasher::new("cache value 1");
    hasher.add(key);
    hasher.add(time);
    hasher.add(body);
    let whole = hasher.finish();
    let mut cut = [0; HASH_BYTES];
    cut.copy_from_slice(&whole[..HASH_BYTES]);
    cut
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};

    #[test]
    fn only_a_whole_value_under_its_own_key_is_one() {
        let key = [7; 32];
        for bytes in [Vec::new(), b"x".to_vec(), vec![5; 100_000]] {
            let packed = pack(&key, 42, &bytes).unwrap();
            assert_eq!(unpack(&key, &packed), Some((42, bytes)));
            assert_eq!(unpack(&[8; 32], &packed), None);
            for end in [0, 1, 15, 16, 23, packed.len() - 1] {
                assert_eq!(unpack(&key, &packed[..end]), None);
            }
            for at in 0..packed.len().min(40) {
                let mut changed = packed.clone();
                changed[at] ^= 1;
                assert_eq!(unpack(&key, &changed), None, "byte {at}");
            }
        }
    }
}
