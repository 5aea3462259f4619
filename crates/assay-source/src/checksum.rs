//! The checksum at the end of tokens: by it a scanner tells a real token from what
//! only looks like one, without asking anybody.

/// Returns the CRC-32 of the bytes in base 62, six digits, as GitHub and npm write
/// it at the end of their tokens.
pub fn checksum_base_sixty_two(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let mut rest = !crc;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[rest as usize % 62];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::checksum_base_sixty_two;

    #[test]
    fn the_published_check_value_is_right() {
        // CRC-32 of "123456789" is 0xcbf43926.
        assert_eq!(checksum_base_sixty_two(b"123456789"), "3jZRME");
        assert_eq!(checksum_base_sixty_two(b""), "000000");
    }
}
