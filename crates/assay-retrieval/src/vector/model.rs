//! A local model from its files: MiniLM and its like, or a table of vectors of words
//! (model2vec).

use super::bert::{Bert, BertConfig};
use super::safetensors::Tensors;
use super::wordpiece::WordPiece;
use super::{Embedder, normalise};
use crate::error::RetrievalError;

/// Pieces of one text that a transformer reads: its time grows faster than they do.
const PIECES_MAX: usize = 160;
/// Pieces of one text that a table of vectors reads.
const STATIC_PIECES_MAX: usize = 2_000;

/// The files of a model, as they are published.
#[derive(Clone, Debug, Default)]
pub struct ModelFiles {
    /// `config.json`.
    pub config: Vec<u8>,
    /// `tokenizer.json`.
    pub tokenizer: Vec<u8>,
    /// `model.safetensors`.
    pub weights: Vec<u8>,
    /// `1_Pooling/config.json`, where there is one.
    pub pooling: Option<Vec<u8>>,
}

enum Kind {
    Bert {
        bert: Box<Bert>,
        is_first_taken: bool,
    },
    Static {
        rows: Vec<f32>,
        weights: Option<Vec<f32>>,
        dimensions: usize,
    },
}

/// A model in this process.
pub struct LocalModel {
    id: String,
    vocabulary: WordPiece,
    kind: Kind,
}

impl LocalModel {
    /// Reads a model. `id` names these very files: a hash of them.
    ///
    /// # Errors
    ///
    /// [`RetrievalError::Model`] when the files are damaged, do not fit together, or
    /// are of a kind that is not known.
    pub fn read(id: &str, files: &ModelFiles) -> Result<Self, RetrievalError> {
        let vocabulary = WordPiece::read(&files.tokenizer)?;
        let tensors = Tensors::read(&files.weights)?;
        let kind = if tensors.has("embeddings") {
            static_kind(&tensors)?
        } else {
            let config: BertConfig = serde_json::from_slice(&files.config)
                .map_err(|error| RetrievalError::Model(format!("config.json: {error}")))?;
            Kind::Bert {
                bert: Box::new(Bert::read(&config, &tensors)?),
                is_first_taken: is_first_taken(files.pooling.as_deref())?,
            }
        };
        Ok(Self {
            id: id.to_owned(),
            vocabulary,
            kind,
        })
    }

    fn embed_static(
        &self,
        text: &str,
        rows: &[f32],
        weights: Option<&[f32]>,
        width: usize,
    ) -> Vec<f32> {
        let mut sum = vec![0.0; width];
        for piece in self.vocabulary.cut(text, STATIC_PIECES_MAX) {
            let at = piece as usize;
            if piece == self.vocabulary.unknown() {
                continue;
            }
            let weight = weights
                .and_then(|weights| weights.get(at))
                .copied()
                .unwrap_or(1.0);
            if let Some(row) = rows.get(at * width..(at + 1) * width) {
                for (sum, one) in sum.iter_mut().zip(row) {
                    *sum += weight * one;
                }
            }
        }
        sum
    }

    fn embed_bert(&self, text: &str, bert: &Bert, is_first_taken: bool) -> Vec<f32> {
        let room = PIECES_MAX.min(bert.pieces_max());
        let mut pieces = self.vocabulary.cut(text, room.saturating_sub(2));
        if pieces.is_empty() {
            return vec![0.0; bert.dimensions()];
        }
        if let Some((first, last)) = self.vocabulary.frame {
            pieces.insert(0, first);
            pieces.push(last);
        }
        let states = bert.forward(&pieces);
        if is_first_taken {
            states.row(0).to_vec()
        } else {
            states.sum_axis(ndarray::Axis(0)).to_vec()
        }
    }
}

fn static_kind(tensors: &Tensors<'_>) -> Result<Kind, RetrievalError> {
    if tensors.has("mapping") {
        return Err(RetrievalError::Model(
            "tables with a mapping are not read".to_owned(),
        ));
    }
    let table = tensors.get("embeddings")?;
    let &[_, dimensions] = table.shape.as_slice() else {
        return Err(RetrievalError::Model(
            "tensor `embeddings` is no table".to_owned(),
        ));
    };
    let weights = tensors
        .has("weights")
        .then(|| tensors.get("weights"))
        .transpose()?;
    Ok(Kind::Static {
        rows: table.values,
        weights: weights.map(|weights| weights.values),
        dimensions,
    })
}

/// Returns whether the first piece stands for the text, instead of the mean of all.
fn is_first_taken(pooling: Option<&[u8]>) -> Result<bool, RetrievalError> {
    let Some(pooling) = pooling else {
        return Ok(false);
    };
    let config: serde_json::Value = serde_json::from_slice(pooling)
        .map_err(|error| RetrievalError::Model(format!("1_Pooling/config.json: {error}")))?;
    let is_on = |name: &str| config.get(name).and_then(serde_json::Value::as_bool) == Some(true);
    match (
        is_on("pooling_mode_cls_token"),
        is_on("pooling_mode_mean_tokens"),
    ) {
        (true, false) => Ok(true),
        (false, true) => Ok(false),
        _ => Err(RetrievalError::Model(
            "its way of pooling is not known".to_owned(),
        )),
    }
}

impl Embedder for LocalModel {
    fn id(&self) -> &str {
        &self.id
    }

    fn dimensions(&self) -> usize {
        match &self.kind {
            Kind::Bert { bert, .. } => bert.dimensions(),
            Kind::Static { dimensions, .. } => *dimensions,
        }
    }

    fn embed(&self, text: &str) -> Vec<f32> {
        let mut vector = match &self.kind {
            Kind::Bert {
                bert,
                is_first_taken,
            } => self.embed_bert(text, bert, *is_first_taken),
            Kind::Static {
                rows,
                weights,
                dimensions,
            } => self.embed_static(text, rows, weights.as_deref(), *dimensions),
        };
        normalise(&mut vector);
        vector
    }
}
