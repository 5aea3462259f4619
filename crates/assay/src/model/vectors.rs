//! Vectors of questions by a model on this machine.

use std::path::Path;
use std::sync::Arc;

use assay_llm::{Boxed, LlmError, TextVectors, middle_of, text_pieces};
use assay_retrieval::{Embedder as _, LocalModel};

use crate::search::model_in;

/// Bytes of a piece of a text: small models read no more.
const PIECE_BYTES_MAX: usize = 1_400;
/// Pieces of a text; the rest is left out.
const PIECES_MAX: usize = 40;

struct LocalVectors(Arc<LocalModel>);

/// Reads the model in a folder.
pub(super) fn local_vectors(folder: &Path) -> anyhow::Result<Arc<dyn TextVectors>> {
    Ok(Arc::new(LocalVectors(Arc::new(model_in(folder)?))))
}

impl TextVectors for LocalVectors {
    fn id(&self) -> String {
        self.0.id().to_owned()
    }

    fn vector<'a>(&'a self, text: &'a str) -> Boxed<'a, Result<Vec<f32>, LlmError>> {
        let (model, text) = (Arc::clone(&self.0), text.to_owned());
        Box::pin(async move {
            let made = tokio::task::spawn_blocking(move || {
                let pieces = text_pieces(&text, PIECE_BYTES_MAX, PIECES_MAX);
                let vectors: Vec<Vec<f32>> = pieces.iter().map(|one| model.embed(one)).collect();
                middle_of(&vectors)
            });
            let made = made.await.ok().flatten();
            made.ok_or_else(|| LlmError::Setting("the text has no vector".to_owned()))
        })
    }
}
