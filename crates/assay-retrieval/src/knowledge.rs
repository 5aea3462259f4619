//! The knowledge base: best practices and documents, cut into entries that are searched
//! as chunks of code are.
//!
//! The guides that are shipped are the files in `knowledge/`; what rules say of
//! themselves is brought by whoever knows the rules.

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};

use crate::chunk::ChunkKind;
use crate::code_index::{HITS_MAX, joined};
use crate::error::RetrievalError;
use crate::rank::{Asked, HitReason, Known, Ranking, rank};
use crate::section::sections;
use crate::vector::{Embedder, Vectors, quantised};
use crate::word_index::{Fields, WordIndex};

include!(concat!(env!("OUT_DIR"), "/guides.rs"));

/// Entries of one knowledge base.
pub const KNOWLEDGE_ENTRIES_MAX: usize = 200_000;
/// Bytes of one document that is added.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;
/// Lines of one entry of a document; a longer section is split.
const ENTRY_LINES_MAX: usize = 60;
/// Lines that two parts of a section share.
const OVERLAP_LINES: usize = 5;
/// Bytes of an entry that a model reads.
const EMBEDDED_BYTES_MAX: usize = 1_500;

/// Where an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KnowledgeSource {
    /// What a rule says of itself.
    Rule,
    /// A guide that is shipped.
    Guide,
    /// A document that somebody added.
    Document,
    /// A remark of a past review that was accepted.
    Review,
}

impl KnowledgeSource {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rule, Self::Guide, Self::Document, Self::Review];

    /// Returns the word for it in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Guide => "guide",
            Self::Document => "document",
            Self::Review => "review",
        }
    }

    /// Returns the source of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// One thing that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnowledgeEntry {
    /// Where it comes from.
    pub source: KnowledgeSource,
    /// By what it is found again: `rule:ID`, `guide:TOPIC/HEADING`, or the name of the
    /// document with the line.
    pub id: String,
    /// What it is about, in a few words.
    pub title: String,
    /// What it belongs to: a language, a pack, the headings above.
    pub topic: String,
    /// What it says, as Markdown.
    pub text: String,
}

/// An entry that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct KnowledgeHit<'k> {
    /// The entry.
    pub entry: &'k KnowledgeEntry,
    /// How well it matches; only to be compared within one answer.
    pub score: f32,
    /// Why it was found.
    pub reasons: Vec<HitReason>,
}

/// Entries, ready to be asked.
pub struct KnowledgeIndex {
    entries: Vec<KnowledgeEntry>,
    words: WordIndex,
    vectors: Option<Vectors>,
}

impl KnowledgeIndex {
    /// Makes the index, with vectors if there is a model. What is over the limit of
    /// entries is left out.
    ///
    /// # Errors
    ///
    /// [`RetrievalError::Words`] when the index cannot be made.
    pub fn build(
        mut entries: Vec<KnowledgeEntry>,
        embedder: Option<&dyn Embedder>,
    ) -> Result<Self, RetrievalError> {
        entries.truncate(KNOWLEDGE_ENTRIES_MAX);
        let words = WordIndex::build(entries.iter().map(fields))?;
        let vectors = embedder.map(|embedder| {
            let rows: Vec<Vec<i8>> = entries
                .par_iter()
                .map(|entry| quantised(&embedder.embed(&embedded_text(entry))))
                .collect();
            let mut vectors = Vectors::new(embedder.dimensions());
            for row in rows {
                vectors.extend(&row);
            }
            vectors
        });
        let vectors = vectors.filter(|vectors| vectors.len() == entries.len());
        Ok(Self {
            entries,
            words,
            vectors,
        })
    }

    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the entries that answer a question, the best first, at most `limit`. The
    /// model must be the one of the index.
    ///
    /// # Errors
    ///
    /// [`RetrievalError::Words`] when the index of words is damaged.
    pub fn search(
        &self,
        question: &str,
        embedder: Option<&dyn Embedder>,
        ranking: &Ranking,
        limit: usize,
    ) -> Result<Vec<KnowledgeHit<'_>>, RetrievalError> {
        let asked = Asked::new(question);
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let vector = embedder
            .filter(|_| self.vectors.is_some())
            .map(|model| model.embed(question));
        let vectors = self.vectors.as_ref().zip(vector.as_deref());
        let scored = rank(&self.words, vectors, &asked, ranking, |at| Known {
            // Sections are not worth less than others where there is nothing else.
            kind: ChunkKind::Function,
            name: &self.entries[at].title,
            path: "",
            is_test: false,
        })?;
        let hits = scored.into_iter().take(limit.min(HITS_MAX));
        Ok(hits
            .map(|one| KnowledgeHit {
                entry: &self.entries[one.at],
                score: one.score,
                reasons: one.reasons,
            })
            .collect())
    }
}

fn fields(entry: &KnowledgeEntry) -> Fields {
    let id = entry
        .id
        .split_once(':')
        .map_or(entry.id.as_str(), |(_, id)| id);
    Fields {
        texts: [
            joined(&entry.title),
            joined(&entry.topic),
            joined(id),
            String::new(),
            joined(&entry.text),
        ],
    }
}

fn embedded_text(entry: &KnowledgeEntry) -> String {
    let mut text = format!("{}. {}. {}", entry.topic, entry.title, entry.text);
    text.truncate(text.floor_char_boundary(EMBEDDED_BYTES_MAX));
    text
}

/// Returns the guides that are shipped, an entry for each heading of the second level.
pub fn guide_entries() -> Vec<KnowledgeEntry> {
    let mut entries = Vec::new();
    for (topic, text) in GUIDES {
        let lines: Vec<&str> = text.lines().collect();
        for section in sections(text, b"md") {
            if section.titles_above.is_empty() {
                continue;
            }
            let body = lines.get(section.first_line as usize..section.last_line as usize);
            entries.push(KnowledgeEntry {
                source: KnowledgeSource::Guide,
                id: format!("guide:{topic}/{}", section.title),
                title: section.title,
                topic: section.titles_above,
                text: body.unwrap_or_default().join("\n").trim().to_owned(),
            });
        }
    }
    entries
}

/// Cuts a document that somebody added into entries, at its headings. `extension` says
/// how they are written.
pub fn document_entries(name: &str, extension: &str, text: &str) -> Vec<KnowledgeEntry> {
    let lines: Vec<&str> = text.lines().collect();
    let mut entries = Vec::new();
    for section in sections(text, extension.as_bytes()) {
        let last = section.last_line as usize;
        let mut first = section.first_line as usize;
        while first <= last {
            let end = (first + ENTRY_LINES_MAX - 1).min(last);
            let body = lines.get(first - 1..end).unwrap_or_default().join("\n");
            if !body.trim().is_empty() {
                entries.push(KnowledgeEntry {
                    source: KnowledgeSource::Document,
                    id: format!("{name}:{first}"),
                    title: match section.title.is_empty() {
                        true => name.to_owned(),
                        false => section.title.clone(),
                    },
                    topic: section.titles_above.clone(),
                    text: body.trim().to_owned(),
                });
            }
            if end == last {
                break;
            }
            first = end + 1 - OVERLAP_LINES;
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{KnowledgeIndex, KnowledgeSource, document_entries, guide_entries};
    use crate::rank::Ranking;

    /// A shorter guide says nothing, a longer one is read by nobody.
    const GUIDE_WORDS: std::ops::RangeInclusive<usize> = 12..=120;

    #[test]
    fn every_guide_says_something_of_its_own() {
        let entries = guide_entries();
        let mut ids = HashSet::new();
        let mut texts = HashSet::new();
        for entry in &entries {
            assert!(ids.insert(entry.id.as_str()), "{}", entry.id);
            assert!(texts.insert(entry.text.as_str()), "{}", entry.id);
            let words = entry.text.split_whitespace().count();
            assert!(GUIDE_WORDS.contains(&words), "{}: {words} words", entry.id);
            assert!(entry.text.ends_with(['.', '`']), "{}", entry.id);
            assert_eq!(entry.source, KnowledgeSource::Guide);
        }
    }

    #[test]
    fn questions_find_the_guide_that_answers_them() {
        let index = KnowledgeIndex::build(guide_entries(), None).unwrap();
        for (question, expected) in [
            (
                "why is a list as default argument bad in python",
                "guide:python/Mutable default argument",
            ),
            (
                "prototype pollution when merging objects",
                "guide:javascript/Prototype pollution",
            ),
            ("goroutine leak", "guide:go/Goroutine without an end"),
            (
                "variable without quotes in a shell script",
                "guide:shell-and-ci/Variable without quotes",
            ),
            (
                "offset pagination slow",
                "guide:sql-and-data/Offset paging on large tables",
            ),
            (
                "useEffect cleanup subscription",
                "guide:react/Effect without clean-up",
            ),
        ] {
            let hits = index
                .search(question, None, &Ranking::default(), 3)
                .unwrap();
            let ids: Vec<&str> = hits.iter().map(|hit| hit.entry.id.as_str()).collect();
            assert!(ids.contains(&expected), "{question}: {ids:?}");
        }
        assert_eq!(
            index
                .search("of the and", None, &Ranking::default(), 3)
                .unwrap(),
            []
        );
    }

    #[test]
    fn documents_are_cut_at_headings_and_long_sections_split() {
        let long: String = (0..130).map(|line| format!("line {line}\n")).collect();
        let text = format!("# Rules\nAlways review.\n## Naming\n{long}");
        let entries = document_entries("rules.md", "md", &text);
        let shape: Vec<(&str, &str, &str)> = entries
            .iter()
            .map(|one| (one.id.as_str(), one.title.as_str(), one.topic.as_str()))
            .collect();
        assert_eq!(
            shape,
            [
                ("rules.md:1", "Rules", ""),
                ("rules.md:3", "Naming", "Rules"),
                ("rules.md:58", "Naming", "Rules"),
                ("rules.md:113", "Naming", "Rules"),
            ]
        );
        assert_eq!(document_entries("empty.md", "md", " \n\n"), []);
    }
}
