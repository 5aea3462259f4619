//! The binary data in patches of git: compressed, in letters and digits, whole
//! or as a difference.

use gix::bstr::ByteSlice;
use gix::zlib::{Decompress, FlushDecompress, Status};

use super::parse::{Lines, trim_end, wrong};
use crate::error::Error;

/// Binary data, still compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BinaryHunk {
    /// The line of the input that it begins at.
    line: u64,
    is_delta: bool,
    /// The size after decompression.
    size: u64,
    compressed: Vec<u8>,
}

/// The digits of the encoding, in order.
const DIGITS: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// Reads what follows `GIT binary patch`: the data to go forward and perhaps
/// that to go back.
pub(super) fn read(lines: &mut Lines<'_>) -> Result<(BinaryHunk, Option<BinaryHunk>), Error> {
    let Some(forward) = hunk(lines)? else {
        return Err(wrong(
            lines.number + 1,
            "binary data begins `literal SIZE` or `delta SIZE`",
        ));
    };
    Ok((forward, hunk(lines)?))
}

fn hunk(lines: &mut Lines<'_>) -> Result<Option<BinaryHunk>, Error> {
    let Some(first) = lines.peek() else {
        return Ok(None);
    };
    let (is_delta, size) = match trim_end(first).split_once_str(" ") {
        Some((b"literal", size)) => (false, size),
        Some((b"delta", size)) => (true, size),
        _ => return Ok(None),
    };
    lines.next();
    let line = lines.number;
    let size = std::str::from_utf8(size)
        .ok()
        .and_then(|size| size.parse().ok())
        .ok_or_else(|| wrong(line, "the size of the binary data is not a number"))?;
    let mut compressed = Vec::new();
    while let Some(next) = lines.peek() {
        let text = trim_end(next);
        if text.is_empty() {
            lines.next();
            break;
        }
        let number = lines.number + 1;
        decode_line(text, &mut compressed)
            .ok_or_else(|| wrong(number, "the line is not binary data"))?;
        lines.next();
    }
    Ok(Some(BinaryHunk {
        line,
        is_delta,
        size,
        compressed,
    }))
}

/// Decodes a line: a letter for the number of bytes, then five digits for
/// each four bytes.
fn decode_line(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (&length, digits) = text.split_first()?;
    let length = match length {
        b'A'..=b'Z' => usize::from(length - b'A') + 1,
        b'a'..=b'z' => usize::from(length - b'a') + 27,
        _ => return None,
    };
    if digits.len() != length.div_ceil(4) * 5 {
        return None;
    }
    let mut left = length;
    for group in digits.chunks(5) {
        let mut value: u32 = 0;
        for digit in group {
            let digit = DIGITS.iter().position(|known| known == digit)?;
            value = value
                .checked_mul(85)?
                .checked_add(u32::try_from(digit).ok()?)?;
        }
        let bytes = value.to_be_bytes();
        let take = left.min(4);
        out.extend_from_slice(&bytes[..take]);
        left -= take;
    }
    Some(())
}

impl BinaryHunk {
    /// Returns the content that it makes of a base; none when the two do not
    /// go together or the result would be larger than `bytes_max`.
    pub(crate) fn apply(&self, base: Option<&[u8]>, bytes_max: u64) -> Option<Vec<u8>> {
        if self.size > bytes_max {
            return None;
        }
        let data = self.inflate()?;
        if self.is_delta {
            delta(base?, &data, bytes_max)
        } else {
            Some(data)
        }
    }

    /// Returns whether it needs a base.
    pub(crate) fn is_delta(&self) -> bool {
        self.is_delta
    }

    fn inflate(&self) -> Option<Vec<u8>> {
        let size = usize::try_from(self.size).ok()?;
        // One byte more shows data that is longer than it says.
        let mut out = vec![0; size.checked_add(1)?];
        let mut inflate = Decompress::new();
        let status = inflate
            .decompress(&self.compressed, &mut out, FlushDecompress::Finish)
            .ok()?;
        let done = status == Status::StreamEnd && inflate.total_out() == self.size;
        out.truncate(size);
        done.then_some(out)
    }
}

/// Applies the delta format of git's packs: copies from the base, and bytes.
fn delta(base: &[u8], data: &[u8], bytes_max: u64) -> Option<Vec<u8>> {
    let mut data = data;
    let base_size = size(&mut data)?;
    let size = size(&mut data)?;
    if base_size != base.len() as u64 || size > bytes_max {
        return None;
    }
    let mut out = Vec::new();
    while let Some((&command, rest)) = data.split_first() {
        data = rest;
        if command & 0x80 != 0 {
            let offset = number(command & 0x0f, &mut data)?;
            let length = match number((command >> 4) & 0x07, &mut data)? {
                0 => 0x10000,
                length => length,
            };
            let from = base.get(offset..offset.checked_add(length)?)?;
            out.extend_from_slice(from);
        } else {
            let (bytes, rest) = data.split_at_checked(usize::from(command))?;
            if bytes.is_empty() {
                return None;
            }
            out.extend_from_slice(bytes);
            data = rest;
        }
        if out.len() as u64 > size {
            return None;
        }
    }
    (out.len() as u64 == size).then_some(out)
}

/// Reads a size: seven bits a byte, the lowest first.
fn size(data: &mut &[u8]) -> Option<u64> {
    let (mut size, mut shift) = (0u64, 0);
    loop {
        let (&byte, rest) = data.split_first()?;
        *data = rest;
        size |= u64::from(byte & 0x7f)
            .checked_shl(shift)
            .filter(|_| shift < 63)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
}

/// Reads a number of which the mask says which bytes are there.
fn number(mask: u8, data: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for at in 0..4 {
        if mask & (1 << at) != 0 {
            let (&byte, rest) = data.split_first()?;
            *data = rest;
            number |= usize::from(byte) << (8 * at);
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::{decode_line, delta};

    #[test]
    fn lines_decode_to_as_many_bytes_as_they_say() {
        for (line, expected) in [
            (&b"A0ssI2"[..], Some(&[1][..])),
            (b"D0ssI2", Some(&[1, 0, 0, 0][..])),
            (b"D0000", None),
            (b"D0000\"", None),
            (b"D~~~~~", None),
            (b"100000", None),
        ] {
            let mut out = Vec::new();
            let decoded = decode_line(line, &mut out).map(|()| out);
            assert_eq!(
                decoded.is_some(),
                expected.is_some(),
                "{line:?} {decoded:?}"
            );
            if let (Some(decoded), Some(expected)) = (&decoded, expected) {
                assert_eq!(decoded.len(), expected.len(), "{line:?}");
            }
        }
    }

    #[test]
    fn deltas_copy_and_insert() {
        let base = b"hello world";
        // Sizes 11 and 8; copy 5 from 6, then three bytes.
        assert_eq!(
            delta(base, b"\x0b\x08\x91\x06\x05\x03abc", 100).as_deref(),
            Some(&b"worldabc"[..])
        );
        for wrong in [
            &b""[..],
            b"\x0b",
            b"\x0a\x08\x91\x06\x05\x03abc",
            b"\x0b\x08\x91\x06\x06\x03abc",
            b"\x0b\x07\x91\x06\x05\x03abc",
            b"\x0b\x08\x91\x06\x05\x04abc",
            b"\x0b\x08\x00",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(delta(base, wrong, 100), None, "{wrong:?}");
        }
        assert_eq!(delta(base, b"\x0b\x08\x91\x06\x05\x03abc", 7), None);
    }
}
