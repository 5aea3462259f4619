//! Bytes become text and the same bytes again.

use assay_source::{Encoding, SourceText};

#[test]
fn what_is_decoded_is_encoded_to_the_same_bytes() {
    let utf16 = |unit: fn(u16) -> [u8; 2], mark: [u8; 2]| {
        let units = "grün 𝄞\r\n".encode_utf16().flat_map(unit);
        mark.into_iter().chain(units).collect::<Vec<u8>>()
    };
    for (bytes, encoding) in [
        ("grün\n".as_bytes().to_vec(), Encoding::Utf8),
        (b"\xef\xbb\xbfx\r\n".to_vec(), Encoding::Utf8Bom),
        (utf16(u16::to_le_bytes, [0xff, 0xfe]), Encoding::Utf16Le),
        (utf16(u16::to_be_bytes, [0xfe, 0xff]), Encoding::Utf16Be),
        (b"gr\xfcn \x80\n".to_vec(), Encoding::Latin1),
        (Vec::new(), Encoding::Utf8),
    ] {
        let text = SourceText::decode(bytes.clone()).unwrap();
        assert_eq!(text.encoding(), encoding);
        assert_eq!(text.encode(), Some(bytes));
    }
}

#[test]
fn a_character_that_the_encoding_lacks_is_not_written() {
    let text = SourceText::decode(b"gr\xfcn".to_vec()).unwrap();
    assert_eq!(text.with_text("grün").encode(), Some(b"gr\xfcn".to_vec()));
    assert_eq!(text.with_text("绿").encode(), None);
}
