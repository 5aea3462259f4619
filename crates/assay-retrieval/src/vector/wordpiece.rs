//! Cuts text into the pieces of a model's vocabulary, as models of the BERT family
//! were trained to see it: lower case, without accents, punctuation alone, and words
//! that are not known as the longest pieces that are.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::error::RetrievalError;

/// Characters of a word; a longer one is unknown.
const WORD_CHARS_MAX: usize = 100;

/// The vocabulary of a model.
pub(crate) struct WordPiece {
    pieces: HashMap<String, u32>,
    /// What stands for a word that is not known.
    unknown: u32,
    /// What stands at the beginning and at the end; none for models without.
    pub(crate) frame: Option<(u32, u32)>,
    lowercase: bool,
    prefix: String,
}

#[derive(Deserialize)]
struct TokenizerFile {
    model: TokenizerModel,
    #[serde(default)]
    normalizer: Option<Value>,
}

#[derive(Deserialize)]
struct TokenizerModel {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    vocab: Value,
    #[serde(default)]
    unk_token: Option<String>,
    #[serde(default)]
    continuing_subword_prefix: Option<String>,
}

impl WordPiece {
    /// Reads a `tokenizer.json`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, RetrievalError> {
        let fault = |what: String| RetrievalError::Model(format!("tokenizer.json: {what}"));
        let file: TokenizerFile =
            serde_json::from_slice(bytes).map_err(|error| fault(error.to_string()))?;
        if let Some(kind) = file.model.kind.filter(|kind| kind != "WordPiece") {
            return Err(fault(format!("`{kind}` is not read, only WordPiece")));
        }
        let Value::Object(vocabulary) = file.model.vocab else {
            return Err(fault("the vocabulary is no table".to_owned()));
        };
        let mut pieces = HashMap::with_capacity(vocabulary.len());
        for (piece, id) in vocabulary {
            let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
            let id = id.ok_or_else(|| fault(format!("`{piece}` has no number")))?;
            pieces.insert(piece, id);
        }
        let unknown = file.model.unk_token.as_deref().unwrap_or("[UNK]");
        let unknown = *pieces
            .get(unknown)
            .ok_or_else(|| fault(format!("there is no `{unknown}`")))?;
        let frame = pieces
            .get("[CLS]")
            .copied()
            .zip(pieces.get("[SEP]").copied());
        let lowercase = file
            .normalizer
            .and_then(|normalizer| normalizer.get("lowercase")?.as_bool())
            .unwrap_or(true);
        Ok(Self {
            pieces,
            unknown,
            frame,
            lowercase,
            prefix: file
                .model
                .continuing_subword_prefix
                .unwrap_or_else(|| "##".to_owned()),
        })
    }

    /// Returns the number of the piece for unknown words.
    pub(crate) fn unknown(&self) -> u32 {
        self.unknown
    }

    /// Returns the numbers of the pieces of a text, at most so many.
    pub(crate) fn cut(&self, text: &str, pieces_max: usize) -> Vec<u32> {
        let mut out = Vec::new();
        let mut word = String::new();
        for c in text.chars() {
            if out.len() >= pieces_max {
                break;
            }
            if c.is_whitespace() {
                self.cut_word(&mut word, &mut out);
            } else if is_alone(c) {
                self.cut_word(&mut word, &mut out);
                word.push(c);
                self.cut_word(&mut word, &mut out);
            } else if !c.is_control() && c != '\u{fffd}' {
                if self.lowercase {
                    word.extend(c.to_lowercase().map(plain).filter(|c| !is_accent(*c)));
                } else {
                    word.push(c);
                }
            }
        }
        self.cut_word(&mut word, &mut out);
        out.truncate(pieces_max);
        out
    }

    fn cut_word(&self, word: &mut String, out: &mut Vec<u32>) {
        if word.is_empty() {
            return;
        }
        let before = out.len();
        if !self.try_cut(word, out) {
            out.truncate(before);
            out.push(self.unknown);
        }
        word.clear();
    }

    fn try_cut(&self, word: &str, out: &mut Vec<u32>) -> bool {
        if word.chars().count() > WORD_CHARS_MAX {
            return false;
        }
        let mut rest = word;
        let mut candidate = String::new();
        while !rest.is_empty() {
            let is_first = rest.len() == word.len();
            let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
            let ends: Vec<usize> = ends.collect();
            let longest = ends.iter().rev().find_map(|&end| {
                candidate.clear();
                if !is_first {
                    candidate.push_str(&self.prefix);
                }
                candidate.push_str(&rest[..end]);
                Some((end, *self.pieces.get(&candidate)?))
            });
            let Some((end, id)) = longest else {
                return false;
            };
            out.push(id);
            rest = &rest[end..];
        }
        true
    }
}

/// Punctuation, signs and Chinese characters are words of their own.
fn is_alone(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}')
        || matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{f900}'..='\u{faff}')
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Returns a letter of Latin without its accent, for those that are common.
fn plain(c: char) -> char {
    match c {
        'à'..='å' => 'a',
        'ç' => 'c',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ñ' => 'n',
        'ò'..='ö' => 'o',
        'ù'..='ü' => 'u',
        'ý' | 'ÿ' => 'y',
        'š' => 's',
        'ž' => 'z',
        'č' | 'ć' => 'c',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::WordPiece;

    const FILE: &str = r###"{"normalizer":{"lowercase":true},"model":{"type":"WordPiece",
        "unk_token":"[UNK]","continuing_subword_prefix":"##","vocab":{"[UNK]":0,"[CLS]":1,
        "[SEP]":2,"un":3,"##aff":4,"##able":5,"a":6,"(":7,")":8,"naive":9,"##a":10}}}"###;

    #[test]
    fn words_are_cut_into_the_longest_pieces() {
        let vocabulary = WordPiece::read(FILE.as_bytes()).unwrap();
        for (text, expected) in [
            ("Unaffable", &[3, 4, 5][..]),
            ("a(unaffable) a", &[6, 7, 3, 4, 5, 8, 6]),
            ("naïve", &[9]),
            ("aa ax", &[6, 10, 0]),
            ("", &[]),
        ] {
            assert_eq!(vocabulary.cut(text, 100), expected, "{text}");
        }
        assert_eq!(vocabulary.cut("a a a a", 2), [6, 6]);
        assert_eq!(vocabulary.cut(&"a".repeat(101), 9), [0]);
        assert_eq!(vocabulary.frame, Some((1, 2)));
    }

    #[test]
    fn other_tokenizers_are_an_error() {
        for (file, expected) in [
            (r#"{"model":{"type":"BPE","vocab":{}}}"#, "BPE"),
            (r#"{"model":{"vocab":{"a":0}}}"#, "[UNK]"),
            (r#"{"model":{"vocab":{"a":"b"}}}"#, "number"),
            ("{}", "model"),
        ] {
            let error = WordPiece::read(file.as_bytes()).err().unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
