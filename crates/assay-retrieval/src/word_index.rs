//! The index of words: which entries hold a term, in which field, how often.
//!
//! One segment, made in one go: the weight of a term then depends on the entries
//! alone and not on the order in which they came and went.

use std::path::{Path, PathBuf};

use tantivy::collector::TopDocs;
use tantivy::directory::{Directory, RamDirectory, TerminatingWrite as _};
use tantivy::query::{BooleanQuery, BoostQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, WhitespaceTokenizer};
use tantivy::{Index, IndexReader, ReloadPolicy, TantivyDocument, TantivyError, Term};

use crate::codec::{Reader, Writer};
use crate::error::RetrievalError;

/// Memory for the segment while it is made; beyond it the library spills nothing
/// and only grows.
const MEMORY_BYTES: usize = 64 << 20;
/// Terms of a question that count; a question has fewer.
const QUERY_TERMS_MAX: usize = 64;
const META: &str = "meta.json";
const FIELD_NAMES: [&str; 5] = ["name", "owner", "path", "doc", "body"];

/// The terms of one entry, by where they stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    /// In the order of `FIELD_NAMES`, terms with a space between.
    pub(crate) texts: [String; 5],
}

/// How much a term counts, by where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldWeights(pub(crate) [f32; 5]);

pub(crate) struct WordIndex {
    index: Index,
    reader: IndexReader,
    fields: [Field; 5],
}

impl WordIndex {
    /// Makes the index; entries are known by their place.
    pub(crate) fn build(entries: impl Iterator<Item = Fields>) -> Result<Self, RetrievalError> {
        Self::try_build(entries).map_err(RetrievalError::Words)
    }

    fn try_build(entries: impl Iterator<Item = Fields>) -> Result<Self, TantivyError> {
        let (schema, fields) = schema();
        let mut writer = Index::builder()
            .schema(schema)
            .tokenizers(tokenizers())
            .single_segment_index_writer(RamDirectory::create(), MEMORY_BYTES)?;
        for entry in entries {
            let mut document = TantivyDocument::new();
            for (field, text) in fields.iter().zip(&entry.texts) {
                if !text.is_empty() {
                    document.add_text(*field, text);
                }
            }
            writer.add_document(document)?;
        }
        Self::of(writer.finalize()?, fields)
    }

    fn of(index: Index, fields: [Field; 5]) -> Result<Self, TantivyError> {
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        Ok(Self {
            index,
            reader,
            fields,
        })
    }

    /// Returns the entries that hold one of the terms, the best first, with how well
    /// they match. Each term has a weight.
    pub(crate) fn search(
        &self,
        terms: &[(String, f32)],
        weights: FieldWeights,
        limit: usize,
    ) -> Result<Vec<(usize, f32)>, RetrievalError> {
        if terms.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (term, weight) in terms.iter().take(QUERY_TERMS_MAX) {
            for (field, field_weight) in self.fields.iter().zip(weights.0) {
                let term = Term::from_field_text(*field, term);
                let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
                let query = BoostQuery::new(Box::new(query), weight * field_weight);
                clauses.push((Occur::Should, Box::new(query)));
            }
        }
        let found = self
            .reader
            .searcher()
            .search(
                &BooleanQuery::new(clauses),
                &TopDocs::with_limit(limit).order_by_score(),
            )
            .map_err(RetrievalError::Words)?;
        let mut found: Vec<(usize, f32)> = found
            .into_iter()
            .map(|(score, address)| (address.doc_id as usize, score))
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(found)
    }

    /// Writes the index as bytes.
    pub(crate) fn pack(&self, out: &mut Writer) -> Result<(), RetrievalError> {
        self.try_pack(out).map_err(RetrievalError::Words)
    }

    fn try_pack(&self, out: &mut Writer) -> Result<(), TantivyError> {
        let directory = self.index.directory();
        let mut paths: Vec<PathBuf> = self
            .index
            .load_metas()?
            .list_segment_files()
            .into_iter()
            .collect();
        paths.sort_unstable();
        paths.retain(|path| directory.exists(path).unwrap_or(false));
        out.number(paths.len() as u64 + 1);
        out.blob(META.as_bytes());
        out.blob(&directory.atomic_read(Path::new(META))?);
        for path in paths {
            out.blob(path.as_os_str().as_encoded_bytes());
            // The footer that the library keeps behind each file is read with it.
            let bytes = directory.atomic_read(&path)?;
            out.blob(&bytes);
        }
        Ok(())
    }

    /// Reads what was packed; none when it is damaged.
    pub(crate) fn unpack(reader: &mut Reader<'_>) -> Option<Self> {
        let directory = RamDirectory::create();
        for _ in 0..reader.count()? {
            let path = PathBuf::from(reader.text()?);
            let bytes = reader.blob()?;
            if path == Path::new(META) {
                directory.atomic_write(&path, bytes).ok()?;
            } else {
                let mut file = directory.open_write(&path).ok()?;
                std::io::Write::write_all(&mut file, bytes).ok()?;
                file.terminate().ok()?;
            }
        }
        let mut index = Index::open(directory).ok()?;
        index.set_tokenizers(tokenizers());
        let (schema, fields) = schema();
        if index.schema() != schema {
            return None;
        }
        Self::of(index, fields).ok()
    }
}

fn tokenizers() -> tantivy::tokenizer::TokenizerManager {
    let manager = tantivy::tokenizer::TokenizerManager::new();
    manager.register("terms", TextAnalyzer::from(WhitespaceTokenizer::default()));
    manager
}

fn schema() -> (Schema, [Field; 5]) {
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("terms")
        .set_index_option(IndexRecordOption::WithFreqs);
    let options = TextOptions::default().set_indexing_options(indexing);
    let fields = FIELD_NAMES.map(|name| builder.add_text_field(name, options.clone()));
    (builder.build(), fields)
}

#[cfg(test)]
mod tests {
    use super::{FieldWeights, Fields, WordIndex};
    use crate::codec::{Reader, Writer};

    fn entries() -> Vec<Fields> {
        [
            ("parse url", "reads text"),
            ("write", "parse text out"),
            ("", ""),
        ]
        .map(|(name, body)| {
            let mut fields = Fields::default();
            fields.texts[0] = name.to_owned();
            fields.texts[4] = body.to_owned();
            fields
        })
        .to_vec()
    }

    fn found(index: &WordIndex, term: &str) -> Vec<usize> {
        let weights = FieldWeights([3.0, 1.0, 1.0, 1.0, 1.0]);
        let terms = [(term.to_owned(), 1.0)];
        let hits = index.search(&terms, weights, 10).unwrap();
        hits.into_iter().map(|(at, _)| at).collect()
    }

    #[test]
    fn a_name_counts_more_than_a_body() {
        let index = WordIndex::build(entries().into_iter()).unwrap();
        assert_eq!(found(&index, "parse"), [0, 1]);
        assert_eq!(found(&index, "text"), [0, 1]);
        assert_eq!(found(&index, "nothing"), [0_usize; 0]);
    }

    #[test]
    fn what_is_packed_answers_the_same() {
        let index = WordIndex::build(entries().into_iter()).unwrap();
        let mut out = Writer::default();
        index.pack(&mut out).unwrap();
        let again = WordIndex::unpack(&mut Reader::new(&out.bytes)).unwrap();
        for term in ["parse", "url", "out", "none"] {
            assert_eq!(found(&again, term), found(&index, term), "{term}");
        }
        for end in [0, 1, out.bytes.len() / 2] {
            assert!(WordIndex::unpack(&mut Reader::new(&out.bytes[..end])).is_none());
        }
    }

    #[test]
    fn no_entries_are_an_index_too() {
        let index = WordIndex::build(std::iter::empty()).unwrap();
        assert_eq!(found(&index, "parse"), [0_usize; 0]);
    }
}
