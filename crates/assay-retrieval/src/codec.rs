//! How the chunks of a file are kept: its terms once, and each chunk as numbers of
//! them. What is damaged reads as nothing and is made anew.

use std::collections::HashMap;

use crate::chunk::{Chunk, ChunkKind, FILE_CHUNKS_MAX};

/// A larger number in what is kept is damage.
const COUNT_MAX: usize = 1 << 24;

/// Writes numbers and texts one after the other.
#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    pub(crate) fn blob(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }
}

/// Reads what a [`Writer`] wrote; none for what it did not write.
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(crate) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= COUNT_MAX).then_some(count)
    }

    pub(crate) fn blob(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (blob, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(blob)
    }

    pub(crate) fn text(&mut self) -> Option<&'b str> {
        std::str::from_utf8(self.blob()?).ok()
    }

    pub(crate) fn line(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Returns the chunks of a file as bytes.
pub(crate) fn encode(chunks: &[Chunk]) -> Vec<u8> {
    let mut numbers: HashMap<&str, u64> = HashMap::new();
    let mut vocabulary = Vec::new();
    for term in chunks
        .iter()
        .flat_map(|chunk| chunk.doc.iter().chain(&chunk.body))
    {
        let next = numbers.len() as u64;
        numbers.entry(term).or_insert_with(|| {
            vocabulary.push(term.as_str());
            next
        });
    }
    let mut out = Writer::default();
    out.number(vocabulary.len() as u64);
    for term in &vocabulary {
        out.blob(term.as_bytes());
    }
    out.number(chunks.len() as u64);
    for chunk in chunks {
        out.number(chunk.kind as u64);
        out.blob(chunk.name.as_bytes());
        out.blob(chunk.owner.as_bytes());
        out.number(u64::from(chunk.first_line));
        out.number(u64::from(chunk.last_line));
        for terms in [&chunk.doc, &chunk.body] {
            out.number(terms.len() as u64);
            for term in terms {
                out.number(numbers[term.as_str()]);
            }
        }
    }
    out.bytes
}

/// Reads the chunks of a file.
pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<Chunk>> {
    let mut reader = Reader::new(bytes);
    let count = reader.count()?;
    let vocabulary: Vec<&str> = (0..count).map(|_| reader.text()).collect::<Option<_>>()?;
    let count = reader.count().filter(|count| *count <= FILE_CHUNKS_MAX)?;
    let chunks = (0..count)
        .map(|_| chunk(&mut reader, &vocabulary))
        .collect::<Option<_>>()?;
    reader.is_at_end().then_some(chunks)
}

fn chunk(reader: &mut Reader<'_>, vocabulary: &[&str]) -> Option<Chunk> {
    let kind = *ChunkKind::ALL.get(reader.count()?)?;
    let name = reader.text()?.to_owned();
    let owner = reader.text()?.to_owned();
    let (first_line, last_line) = (reader.line()?, reader.line()?);
    let mut terms = || -> Option<Vec<String>> {
        let count = reader.count()?;
        (0..count)
            .map(|_| {
                vocabulary
                    .get(reader.count()?)
                    .map(|term| (*term).to_owned())
            })
            .collect()
    };
    let doc = terms()?;
    let body = terms()?;
    Some(Chunk {
        kind,
        name,
        owner,
        first_line,
        last_line,
        doc,
        body,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{decode, encode};
    use crate::chunk::{Chunk, ChunkKind};

    fn chunk(kind: ChunkKind, name: &str, doc: &[&str], body: &[&str]) -> Chunk {
        let own = |terms: &[&str]| terms.iter().map(|&term| term.to_owned()).collect();
        Chunk {
            kind,
            name: name.to_owned(),
            owner: "Owner".to_owned(),
            first_line: 3,
            last_line: 3_000,
            doc: own(doc),
            body: own(body),
        }
    }

    #[test]
    fn chunks_are_read_as_they_were_written() {
        let chunks = vec![
            chunk(
                ChunkKind::Function,
                "run",
                &["start", "it"],
                &["it", "run", "it"],
            ),
            chunk(ChunkKind::Lines, "", &[], &[]),
        ];
        let bytes = encode(&chunks);
        assert_eq!(decode(&bytes), Some(chunks));
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end]), None, "cut at {end}");
        }
        assert_eq!(decode(&encode(&[])), Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn damage_is_nothing_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(decode(&bytes));
        }
    }
}
