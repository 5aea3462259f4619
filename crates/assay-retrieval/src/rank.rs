//! Puts what words and vectors have found into one order.
//!
//! Both scores are brought to 0 to 1 and added by a fixed share. Then what the question
//! names counts more: the definition of a name, a file or folder, the parts of a
//! symbol. All of it depends on the index and the question alone.

use std::collections::{HashMap, HashSet};

use crate::chunk::ChunkKind;
use crate::error::RetrievalError;
use crate::vector::Vectors;
use crate::word::{identifiers, is_stop_word, parts_of, terms, whole};
use crate::word_index::{FieldWeights, WordIndex};

/// Entries that words find and that are then put in order.
const WORD_CANDIDATES: usize = 300;
/// Entries that vectors alone may add.
const VECTOR_CANDIDATES: usize = 50;
/// Bytes of a question; the rest is not read.
pub const QUERY_BYTES_MAX: usize = 8 << 10;

/// How what is found is ordered.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// How much a term counts in a name, the names around it, a path, documentation,
    /// and the rest.
    pub field_weights: [f32; 5],
    /// The share of words in a score, when there are vectors; the rest is the vectors'.
    pub word_share: f32,
    /// What no word has found must be so near to the question.
    pub cosine_min: f32,
    /// What a name counts of which all parts are in the question.
    pub name_bonus: f32,
    /// What the definition of a name counts that stands in the question as it is.
    pub definition_bonus: f32,
    /// What a file or a folder counts that is named in the question.
    pub path_bonus: f32,
    /// By what tests are multiplied when the question is not about tests.
    pub test_factor: f32,
    /// By what the lines outside of functions and classes are multiplied.
    pub lines_factor: f32,
    /// By what documents are multiplied.
    pub section_factor: f32,
}

impl Default for Ranking {
    fn default() -> Self {
        Self {
            field_weights: [0.7, 1.0, 0.5, 1.0, 1.0],
            word_share: 0.6,
            cosine_min: 0.75,
            name_bonus: 0.1,
            definition_bonus: 0.5,
            path_bonus: 0.1,
            test_factor: 0.6,
            lines_factor: 0.6,
            section_factor: 0.5,
        }
    }
}

impl Ranking {
    /// Returns the ranking for finding files rather than passages, as by the subject of
    /// a commit: paths count more, and documents and code outside of functions nearly as
    /// much as functions.
    pub fn of_files() -> Self {
        let passages = Self::default();
        let [name, owner, _, doc, body] = passages.field_weights;
        Self {
            field_weights: [name, owner, 1.5, doc, body],
            lines_factor: 1.0,
            section_factor: 0.8,
            ..passages
        }
    }
}

/// What is known of an entry besides its terms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'e> {
    pub(crate) kind: ChunkKind,
    pub(crate) name: &'e str,
    pub(crate) path: &'e str,
    pub(crate) is_test: bool,
}

/// Why an entry was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HitReason {
    /// It defines what the question names.
    Definition,
    /// Its name is made of words of the question.
    Symbol,
    /// Its file or folder is named.
    Path,
    /// It holds words of the question.
    Words,
    /// It means something near.
    Vector,
}

impl HitReason {
    /// Returns the word for it in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::Symbol => "symbol",
            Self::Path => "path",
            Self::Words => "words",
            Self::Vector => "vector",
        }
    }
}

/// One entry that was found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scored {
    pub(crate) at: usize,
    pub(crate) score: f32,
    pub(crate) reasons: Vec<HitReason>,
}

/// A question, taken apart.
pub(crate) struct Asked {
    /// Terms with their weights.
    terms: Vec<(String, f32)>,
    /// The terms as a set.
    known: HashSet<String>,
    /// What stands in it and looks like a name of code.
    names: HashSet<String>,
    is_about_tests: bool,
}

impl Asked {
    pub(crate) fn new(question: &str) -> Self {
        let mut end = question.len().min(QUERY_BYTES_MAX);
        while !question.is_char_boundary(end) {
            end -= 1;
        }
        let question = &question[..end];
        let mut counted: Vec<(String, f32)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut names = HashSet::new();
        for identifier in identifiers(question) {
            let lower = identifier.to_lowercase();
            if looks_like_a_name(identifier) {
                names.insert(whole(identifier));
            } else if is_stop_word(&lower) {
                continue;
            }
            for term in terms(identifier) {
                match places.get(&term) {
                    Some(&at) => counted[at].1 += 0.5,
                    None => {
                        places.insert(term.clone(), counted.len());
                        counted.push((term, 1.0));
                    }
                }
            }
        }
        let known: HashSet<String> = counted.iter().map(|(term, _)| term.clone()).collect();
        let is_about_tests = ["test", "fixtur", "mock"]
            .iter()
            .any(|word| known.contains(*word));
        Self {
            terms: counted,
            known,
            names,
            is_about_tests,
        }
    }

    /// Returns whether there is nothing to look for.
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

fn looks_like_a_name(identifier: &str) -> bool {
    identifier.contains('_') || parts_of(identifier).count() > 1
}

/// Finds and orders entries; the best first.
pub(crate) fn rank<'e>(
    words: &WordIndex,
    vectors: Option<(&Vectors, &[f32])>,
    asked: &Asked,
    ranking: &Ranking,
    known: impl Fn(usize) -> Known<'e>,
) -> Result<Vec<Scored>, RetrievalError> {
    let weights = FieldWeights(ranking.field_weights);
    let found = words.search(&asked.terms, weights, WORD_CANDIDATES)?;
    let best = found
        .first()
        .map_or(1.0, |(_, score)| score.max(f32::MIN_POSITIVE));
    let mut candidates: Vec<(usize, Option<f32>, Option<f32>)> = found
        .iter()
        .map(|&(at, score)| (at, Some(score / best), None))
        .collect();
    if let Some((vectors, question)) = vectors {
        add_vectors(&mut candidates, vectors, question, ranking);
    }
    let cosines = || candidates.iter().filter_map(|one| one.2);
    let (nearest, farthest) = (
        cosines().fold(f32::MIN, f32::max),
        cosines().fold(f32::MAX, f32::min),
    );
    let mut scored: Vec<Scored> = candidates
        .into_iter()
        .map(|(at, word, cosine)| {
            let near = cosine.map(|cosine| match nearest > farthest {
                true => (cosine - farthest) / (nearest - farthest),
                false => 1.0,
            });
            let base = match near {
                Some(near) => {
                    ranking.word_share * word.unwrap_or(0.0) + (1.0 - ranking.word_share) * near
                }
                None => word.unwrap_or(0.0),
            };
            let mut reasons = Vec::new();
            let factor = factor(known(at), asked, ranking, &mut reasons);
            if word.is_some() {
                reasons.push(HitReason::Words);
            }
            if cosine.is_some_and(|cosine| cosine >= ranking.cosine_min) {
                reasons.push(HitReason::Vector);
            }
            Scored {
                at,
                score: base * factor,
                reasons,
            }
        })
        .collect();
    scored.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.at.cmp(&b.at)));
    Ok(scored)
}

fn add_vectors(
    candidates: &mut Vec<(usize, Option<f32>, Option<f32>)>,
    vectors: &Vectors,
    question: &[f32],
    ranking: &Ranking,
) {
    let mut near: Vec<(usize, f32)> = Vec::new();
    let places: HashMap<usize, usize> = candidates
        .iter()
        .enumerate()
        .map(|(place, one)| (one.0, place))
        .collect();
    for (at, cosine) in vectors.cosines(question) {
        match places.get(&at) {
            Some(&place) => candidates[place].2 = Some(cosine),
            None if cosine >= ranking.cosine_min => near.push((at, cosine)),
            None => {}
        }
    }
    near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    near.truncate(VECTOR_CANDIDATES);
    candidates.extend(
        near.into_iter()
            .map(|(at, cosine)| (at, None, Some(cosine))),
    );
}

fn factor(known: Known<'_>, asked: &Asked, ranking: &Ranking, reasons: &mut Vec<HitReason>) -> f32 {
    let mut factor = 1.0;
    if !known.name.is_empty() {
        if asked.names.contains(&whole(known.name)) {
            factor += ranking.definition_bonus;
            reasons.push(HitReason::Definition);
        }
        let parts = name_terms(known.name);
        let met = parts
            .iter()
            .filter(|part| asked.known.contains(*part))
            .count();
        if !parts.is_empty() && met > 0 {
            let share = met as f32 / parts.len() as f32;
            factor += ranking.name_bonus * share * (met as f32).sqrt().min(2.0);
            if met == parts.len() {
                reasons.push(HitReason::Symbol);
            }
        }
    }
    if is_path_named(known.path, asked) {
        factor += ranking.path_bonus;
        reasons.push(HitReason::Path);
    }
    if known.is_test && !asked.is_about_tests {
        factor *= ranking.test_factor;
    }
    factor
        * match known.kind {
            ChunkKind::Lines => ranking.lines_factor,
            ChunkKind::Section => ranking.section_factor,
            ChunkKind::Function | ChunkKind::Class => 1.0,
        }
}

/// The terms of a name's parts, without the name as a whole.
fn name_terms(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = identifiers(name)
        .flat_map(parts_of)
        .flat_map(terms)
        .filter(|part| !is_stop_word(part))
        .collect();
    parts.dedup();
    parts
}

fn is_path_named(path: &str, asked: &Asked) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.split('.').next().unwrap_or(file);
    let parts = name_terms(stem);
    !parts.is_empty() && parts.iter().all(|part| asked.known.contains(part))
}
