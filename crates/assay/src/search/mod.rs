//! What searching needs of the world: where indexes are kept, what hides secrets, and
//! the model for vectors.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use assay_retrieval::{LocalModel, ModelFiles, Veil};
use assay_rules::{MaskedText, secret_spans};
use assay_source::{BlobKeyHasher, RepoPath, SourceText};

use crate::arguments::VectorArguments;

/// Bytes of one file of a model.
const MODEL_FILE_BYTES_MAX: u64 = 2 << 30;

/// Masks what the rules about secrets find.
pub(crate) struct SecretVeil;

impl Veil for SecretVeil {
    fn mask(&self, path: &RepoPath, text: &Arc<SourceText>) -> Arc<SourceText> {
        let spans = secret_spans(path, text, None);
        match spans.is_empty() {
            true => Arc::clone(text),
            false => MaskedText::new(text, &spans).text,
        }
    }
}

/// Reads the model that the arguments name.
pub(crate) fn vector_model(arguments: &VectorArguments) -> anyhow::Result<Option<LocalModel>> {
    let folder = arguments.vectors.as_ref();
    folder.map(|folder| model_in(folder)).transpose()
}

/// Reads the model for vectors in a folder.
pub(crate) fn model_in(folder: &Path) -> anyhow::Result<LocalModel> {
    let read = |name: &str| read_file(&folder.join(name));
    let weights = read("model.safetensors")?;
    let tokenizer = read("tokenizer.json")?;
    let pooling = folder.join("1_Pooling/config.json");
    let files = ModelFiles {
        config: match folder.join("config.json") {
            path if path.exists() => read_file(&path)?,
            _ => b"{}".to_vec(),
        },
        pooling: match pooling.exists() {
            true => Some(read_file(&pooling)?),
            false => None,
        },
        tokenizer,
        weights,
    };
    let key = BlobKeyHasher::new("vector model 1")
        .part(&files.config)
        .part(&files.tokenizer)
        .part(files.pooling.as_deref().unwrap_or_default())
        .part(&files.weights)
        .finish();
    let id: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let model = LocalModel::read(&id, &files);
    model.with_context(|| folder.display().to_string())
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let name = || format!("{} cannot be read", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(name)?;
    file.take(MODEL_FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(name)?;
    ensure!(
        bytes.len() as u64 <= MODEL_FILE_BYTES_MAX,
        "{} has more than {MODEL_FILE_BYTES_MAX} bytes",
        path.display()
    );
    Ok(bytes)
}
