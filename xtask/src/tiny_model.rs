//! A language model that knows nothing: the smallest that a server of such models loads,
//! with weights of chance. It is there for what comes from it: a true stream of garbage.

use std::io::Write;

/// Tokens of question and answer together.
const CONTEXT: u32 = 16_384;
const WIDTH: usize = 32;
const HEADS: usize = 2;
const INNER: usize = 64;
/// What stands between the numbers of a file and their weights.
const ALIGNMENT: usize = 32;

/// A value of the head of a file.
enum Value {
    Number(u32),
    Real(f32),
    Text(&'static str),
    Flag(bool),
    Texts(Vec<String>),
    Reals(Vec<f32>),
    Numbers(Vec<i32>),
}

/// Chance that is the same every time: a small congruential sequence.
struct Chance(u64);

impl Chance {
    /// Returns a number between -1 and 1.
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// Writes the model in the format GGUF, version 3.
pub(crate) fn write(out: &mut impl Write) -> std::io::Result<()> {
    let (tokens, kinds) = vocabulary();
    let count = tokens.len();
    let scores = (0..count).map(|at| -(at as f32)).collect();
    let head: Vec<(&str, Value)> = vec![
        ("general.architecture", Value::Text("llama")),
        ("general.name", Value::Text("chance")),
        ("llama.context_length", Value::Number(CONTEXT)),
        ("llama.embedding_length", Value::Number(WIDTH as u32)),
        ("llama.block_count", Value::Number(1)),
        ("llama.feed_forward_length", Value::Number(INNER as u32)),
        ("llama.attention.head_count", Value::Number(HEADS as u32)),
        ("llama.attention.head_count_kv", Value::Number(HEADS as u32)),
        (
            "llama.rope.dimension_count",
            Value::Number((WIDTH / HEADS) as u32),
        ),
        ("llama.attention.layer_norm_rms_epsilon", Value::Real(1e-5)),
        ("llama.vocab_size", Value::Number(count as u32)),
        ("tokenizer.ggml.model", Value::Text("llama")),
        ("tokenizer.ggml.tokens", Value::Texts(tokens)),
        ("tokenizer.ggml.scores", Value::Reals(scores)),
        ("tokenizer.ggml.token_type", Value::Numbers(kinds)),
        ("tokenizer.ggml.unknown_token_id", Value::Number(0)),
        ("tokenizer.ggml.bos_token_id", Value::Number(1)),
        ("tokenizer.ggml.eos_token_id", Value::Number(2)),
        ("tokenizer.ggml.add_space_prefix", Value::Flag(false)),
    ];
    let tensors = tensors(count);
    out.write_all(b"GGUF")?;
    out.write_all(&3u32.to_le_bytes())?;
    out.write_all(&(tensors.len() as u64).to_le_bytes())?;
    out.write_all(&(head.len() as u64).to_le_bytes())?;
    let mut bytes = Vec::new();
    for (key, value) in &head {
        text(&mut bytes, key);
        put(&mut bytes, value);
    }
    let mut offset = 0u64;
    for (name, shape) in &tensors {
        text(&mut bytes, name);
        bytes.extend((shape.len() as u32).to_le_bytes());
        for side in shape {
            bytes.extend((*side as u64).to_le_bytes());
        }
        // Floats of 32 bits.
        bytes.extend(0u32.to_le_bytes());
        bytes.extend(offset.to_le_bytes());
        offset += (size(shape) * 4).next_multiple_of(ALIGNMENT) as u64;
    }
    // 24 bytes stand before these.
    bytes.resize((bytes.len() + 24).next_multiple_of(ALIGNMENT) - 24, 0);
    out.write_all(&bytes)?;
    let mut chance = Chance(7);
    for (name, shape) in &tensors {
        let is_norm = name.ends_with("norm.weight");
        let mut weights: Vec<u8> = (0..size(shape))
            .flat_map(|_| match is_norm {
                true => 1f32.to_le_bytes(),
                false => chance.next().to_le_bytes(),
            })
            .collect();
        weights.resize(weights.len().next_multiple_of(ALIGNMENT), 0);
        out.write_all(&weights)?;
    }
    Ok(())
}

fn size(shape: &[usize]) -> usize {
    shape.iter().product()
}

fn tensors(tokens: usize) -> Vec<(String, Vec<usize>)> {
    let mut all = vec![
        ("token_embd.weight".to_owned(), vec![WIDTH, tokens]),
        ("output_norm.weight".to_owned(), vec![WIDTH]),
        ("output.weight".to_owned(), vec![WIDTH, tokens]),
    ];
    for (name, shape) in [
        ("attn_norm", vec![WIDTH]),
        ("attn_q", vec![WIDTH, WIDTH]),
        ("attn_k", vec![WIDTH, WIDTH]),
        ("attn_v", vec![WIDTH, WIDTH]),
        ("attn_output", vec![WIDTH, WIDTH]),
        ("ffn_norm", vec![WIDTH]),
        ("ffn_gate", vec![WIDTH, INNER]),
        ("ffn_up", vec![WIDTH, INNER]),
        ("ffn_down", vec![INNER, WIDTH]),
    ] {
        all.push((format!("blk.0.{name}.weight"), shape));
    }
    all
}

/// Returns the tokens and their kinds: three signs, every byte, and pieces of code that
/// make questions shorter than their bytes.
fn vocabulary() -> (Vec<String>, Vec<i32>) {
    const SIGN: i32 = 3;
    const UNKNOWN: i32 = 2;
    const BYTE: i32 = 6;
    const NORMAL: i32 = 1;
    let mut all = vec![
        ("<unk>".to_owned(), UNKNOWN),
        ("<s>".to_owned(), SIGN),
        ("</s>".to_owned(), SIGN),
    ];
    all.extend((0..=255u8).map(|byte| (format!("<0x{byte:02X}>"), BYTE)));
    all.extend((b'!'..=b'~').map(|byte| (char::from(byte).to_string(), NORMAL)));
    // A space is written so in vocabularies of this kind.
    for piece in [
        "\u{2581}", "er", "in", "re", "th", "on", "ti", "en", "or", "an", "es", "de", "al", "st",
    ] {
        all.push((piece.to_owned(), NORMAL));
    }
    all.into_iter().unzip()
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

fn put(bytes: &mut Vec<u8>, value: &Value) {
    let list = |bytes: &mut Vec<u8>, kind: u32, count: usize| {
        bytes.extend(9u32.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend((count as u64).to_le_bytes());
    };
    match value {
        Value::Number(number) => {
            bytes.extend(4u32.to_le_bytes());
            bytes.extend(number.to_le_bytes());
        }
        Value::Real(number) => {
            bytes.extend(6u32.to_le_bytes());
            bytes.extend(number.to_le_bytes());
        }
        Value::Flag(flag) => {
            bytes.extend(7u32.to_le_bytes());
            bytes.push(u8::from(*flag));
        }
        Value::Text(words) => {
            bytes.extend(8u32.to_le_bytes());
            text(bytes, words);
        }
        Value::Texts(all) => {
            list(bytes, 8, all.len());
            for one in all {
                text(bytes, one);
            }
        }
        Value::Reals(all) => {
            list(bytes, 6, all.len());
            bytes.extend(all.iter().flat_map(|one| one.to_le_bytes()));
        }
        Value::Numbers(all) => {
            list(bytes, 5, all.len());
            bytes.extend(all.iter().flat_map(|one| one.to_le_bytes()));
        }
    }
}
