//! Local models: a small one whose numbers follow a formula, with vectors that another
//! program (the definition of BERT, in double precision) worked out for it.

use assay_retrieval::{Embedder as _, LocalModel, ModelFiles};
use serde_json::{Map, Value, json};

const WIDTH: usize = 8;
const WIDE: usize = 16;
const POSITIONS: usize = 16;
const WORDS: [&str; 12] = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "token", "session", "valid", "##ate", "a", "b", ".", "the",
];

/// Tensors in the form of safetensors, each of numbers that its place tells.
#[derive(Default)]
struct File {
    header: Map<String, Value>,
    numbers: Vec<u8>,
    seed: usize,
}

impl File {
    fn add(&mut self, name: &str, shape: &[usize], change: fn(f32) -> f32) {
        self.seed += 1;
        let count: usize = shape.iter().product();
        let start = self.numbers.len();
        for at in 0..count {
            let number = ((at * 37 + self.seed * 101) % 97) as f32 - 48.0;
            self.numbers
                .extend(change(number / 97.0 * 0.8).to_le_bytes());
        }
        let offsets = [start, self.numbers.len()];
        let tensor = json!({"dtype": "F32", "shape": shape, "data_offsets": offsets});
        self.header.insert(name.to_owned(), tensor);
    }

    fn linear(&mut self, name: &str, rows: usize, columns: usize) {
        self.add(&format!("{name}.weight"), &[rows, columns], |one| one);
        self.add(&format!("{name}.bias"), &[rows], |one| one);
    }

    fn norm(&mut self, name: &str) {
        self.add(&format!("{name}.weight"), &[WIDTH], |one| 1.0 + 0.1 * one);
        self.add(&format!("{name}.bias"), &[WIDTH], |one| one);
    }

    fn bytes(self) -> Vec<u8> {
        let header = Value::Object(self.header).to_string();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(self.numbers);
        bytes
    }
}

fn tokenizer() -> Vec<u8> {
    let vocabulary: Map<String, Value> = WORDS
        .iter()
        .enumerate()
        .map(|(at, word)| ((*word).to_owned(), json!(at)))
        .collect();
    let model = json!({"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocabulary});
    json!({"normalizer": {"lowercase": true}, "model": model})
        .to_string()
        .into_bytes()
}

fn bert() -> ModelFiles {
    let mut file = File::default();
    let word = "embeddings.word_embeddings.weight";
    file.add(word, &[WORDS.len(), WIDTH], |one| one);
    let position = "embeddings.position_embeddings.weight";
    file.add(position, &[POSITIONS, WIDTH], |one| one);
    file.add(
        "embeddings.token_type_embeddings.weight",
        &[2, WIDTH],
        |one| one,
    );
    file.norm("embeddings.LayerNorm");
    for layer in 0..2 {
        let at = format!("encoder.layer.{layer}");
        for part in ["query", "key", "value"] {
            file.linear(&format!("{at}.attention.self.{part}"), WIDTH, WIDTH);
        }
        file.linear(&format!("{at}.attention.output.dense"), WIDTH, WIDTH);
        file.norm(&format!("{at}.attention.output.LayerNorm"));
        file.linear(&format!("{at}.intermediate.dense"), WIDE, WIDTH);
        file.linear(&format!("{at}.output.dense"), WIDTH, WIDE);
        file.norm(&format!("{at}.output.LayerNorm"));
    }
    ModelFiles {
        config: json!({
            "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2,
            "intermediate_size": WIDE, "max_position_embeddings": POSITIONS, "hidden_act": "gelu",
        })
        .to_string()
        .into_bytes(),
        tokenizer: tokenizer(),
        weights: file.bytes(),
        pooling: None,
    }
}

fn check(files: &ModelFiles, text: &str, expected: &[f32]) {
    let model = LocalModel::read("test", files).unwrap();
    let vector = model.embed(text);
    assert_eq!(vector.len(), model.dimensions());
    let is_near = vector
        .iter()
        .zip(expected)
        .all(|(a, b)| (a - b).abs() < 2e-4);
    assert!(is_near, "{vector:?} is not {expected:?}");
}

#[test]
fn a_transformer_gives_the_vectors_of_another_implementation() {
    let text = "The session token validate.";
    let mean = [
        0.17719, 0.50758, 0.02586, -0.34959, 0.05337, -0.72828, 0.22373, 0.06919,
    ];
    let first = [
        0.13875, 0.23225, 0.2528, -0.49691, -0.12462, -0.56508, -0.01398, 0.53004,
    ];
    let mut files = bert();
    check(&files, text, &mean);
    let pooling = |first: bool| {
        let config = json!({"pooling_mode_cls_token": first, "pooling_mode_mean_tokens": !first});
        Some(config.to_string().into_bytes())
    };
    files.pooling = pooling(true);
    check(&files, text, &first);
    files.pooling = pooling(false);
    check(&files, text, &mean);
    check(&files, "", &[0.0; WIDTH]);
    // More pieces than there are positions.
    let model = LocalModel::read("test", &files).unwrap();
    assert!(
        model
            .embed(&"a ".repeat(100))
            .iter()
            .all(|one| one.is_finite())
    );
}

#[test]
fn a_table_gives_the_mean_of_its_rows() {
    let mut file = File::default();
    file.add("embeddings", &[WORDS.len(), 2], |one| one);
    let row = |at: usize| [0, 1].map(|place| (((at * 2 + place) * 37 + 101) % 97) as f32 - 48.0);
    let (one, other) = (row(4), row(5));
    let sum = [one[0] + other[0], one[1] + other[1]];
    let length = sum[0].hypot(sum[1]);
    let files = ModelFiles {
        tokenizer: tokenizer(),
        weights: file.bytes(),
        ..ModelFiles::default()
    };
    check(
        &files,
        "token, session",
        &[sum[0] / length, sum[1] / length],
    );
    check(&files, "nothing known", &[0.0, 0.0]);
}

#[test]
fn files_that_do_not_fit_are_refused_with_a_reason() {
    let with = |change: fn(&mut ModelFiles)| {
        let mut files = bert();
        change(&mut files);
        LocalModel::read("test", &files)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    for (error, expected) in [
        (with(|files| files.weights.truncate(100)), "cut"),
        (with(|files| files.weights.truncate(4)), "too short"),
        (with(|files| files.config = b"{}".to_vec()), "hidden_size"),
        (
            with(|files| files.tokenizer = b"[]".to_vec()),
            "tokenizer.json",
        ),
        (
            with(|files| files.pooling = Some(b"{}".to_vec())),
            "pooling",
        ),
        (
            with(|files| {
                let text = String::from_utf8(files.config.clone()).unwrap();
                files.config = text
                    .replace("\"num_attention_heads\":2", "\"num_attention_heads\":3")
                    .into();
            }),
            "3 heads",
        ),
        (
            with(|files| {
                let text = String::from_utf8(files.config.clone()).unwrap();
                files.config = text
                    .replace("\"num_hidden_layers\":2", "\"num_hidden_layers\":3")
                    .into();
            }),
            "encoder.layer.2",
        ),
        (
            with(|files| {
                let text = String::from_utf8(files.config.clone()).unwrap();
                files.config = text.replace("gelu", "swiglu").into();
            }),
            "swiglu",
        ),
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
}
