//! The forward pass of models of the BERT family, such as MiniLM: pieces in, one vector
//! out. Plain arithmetic over the numbers of a file; nothing is trained here.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView2, Axis, Slice};
use serde::Deserialize;

use super::safetensors::{Tensor, Tensors};
use crate::error::RetrievalError;

/// Layers of a model.
const LAYERS_MAX: usize = 48;

/// What `config.json` says of a model.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct BertConfig {
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    #[serde(default = "default_epsilon")]
    layer_norm_eps: f32,
    #[serde(default = "default_activation")]
    hidden_act: String,
}

fn default_epsilon() -> f32 {
    1e-12
}

fn default_activation() -> String {
    "gelu".to_owned()
}

/// Weights and what is added.
struct Linear {
    weight: Array2<f32>,
    bias: Array1<f32>,
}

struct Norm {
    weight: Array1<f32>,
    bias: Array1<f32>,
}

struct Layer {
    /// Query, key and value.
    inputs: [Linear; 3],
    output: Linear,
    output_norm: Norm,
    wide: Linear,
    narrow: Linear,
    narrow_norm: Norm,
}

/// A model that is ready to be asked.
pub(crate) struct Bert {
    words: Array2<f32>,
    /// Positions with the type of the first sentence added.
    positions: Array2<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
    epsilon: f32,
}

impl Bert {
    pub(crate) fn read(config: &BertConfig, tensors: &Tensors<'_>) -> Result<Self, RetrievalError> {
        let fault = |what: String| RetrievalError::Model(what);
        if config.hidden_act != "gelu" {
            return Err(fault(format!(
                "activation `{}` is not known",
                config.hidden_act
            )));
        }
        let (width, heads) = (config.hidden_size, config.num_attention_heads);
        if width == 0 || heads == 0 || !width.is_multiple_of(heads) {
            return Err(fault(format!(
                "{width} numbers do not go into {heads} heads"
            )));
        }
        if config.num_hidden_layers > LAYERS_MAX {
            return Err(fault(format!("more than {LAYERS_MAX} layers")));
        }
        let prefix = if tensors.has("bert.embeddings.word_embeddings.weight") {
            "bert."
        } else {
            ""
        };
        let source = Source { tensors, prefix };
        let words = source.matrix("embeddings.word_embeddings.weight", width)?;
        let mut positions = source.matrix("embeddings.position_embeddings.weight", width)?;
        if positions.nrows() < config.max_position_embeddings {
            return Err(fault("it has too few positions".to_owned()));
        }
        let kinds = source.matrix("embeddings.token_type_embeddings.weight", width)?;
        if let Some(first) = kinds.outer_iter().next() {
            positions += &first;
        }
        let layers = (0..config.num_hidden_layers)
            .map(|at| source.layer(&format!("encoder.layer.{at}."), width))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            words,
            positions,
            norm: source.norm("embeddings.LayerNorm", width)?,
            layers,
            heads,
            epsilon: config.layer_norm_eps,
        })
    }

    /// Returns how many numbers a vector has.
    pub(crate) fn dimensions(&self) -> usize {
        self.words.ncols()
    }

    /// Returns how many pieces it takes.
    pub(crate) fn pieces_max(&self) -> usize {
        self.positions.nrows()
    }

    /// Returns a vector for each piece.
    pub(crate) fn forward(&self, pieces: &[u32]) -> Array2<f32> {
        let count = pieces.len().min(self.pieces_max());
        let mut state = self
            .positions
            .slice_axis(Axis(0), Slice::from(..count))
            .to_owned();
        for (mut row, &piece) in state.outer_iter_mut().zip(pieces) {
            if (piece as usize) < self.words.nrows() {
                row += &self.words.row(piece as usize);
            }
        }
        self.norm.apply(&mut state, self.epsilon);
        for layer in &self.layers {
            self.step(layer, &mut state);
        }
        state
    }

    fn step(&self, layer: &Layer, state: &mut Array2<f32>) {
        let [query, key, value] = [0, 1, 2].map(|at| layer.inputs[at].apply(state.view()));
        let (count, width) = state.dim();
        let head = width / self.heads;
        let scale = 1.0 / (head as f32).sqrt();
        let mut mixed = Array2::zeros((count, width));
        for at in 0..self.heads {
            let part = Slice::from(at * head..(at + 1) * head);
            let own_key = key.slice_axis(Axis(1), part);
            let mut weights = query.slice_axis(Axis(1), part).dot(&own_key.t());
            weights *= scale;
            softmax(&mut weights);
            let own_value = value.slice_axis(Axis(1), part);
            mixed
                .slice_axis_mut(Axis(1), part)
                .assign(&weights.dot(&own_value));
        }
        *state += &layer.output.apply(mixed.view());
        layer.output_norm.apply(state, self.epsilon);
        let mut wide = layer.wide.apply(state.view());
        wide.mapv_inplace(gelu);
        *state += &layer.narrow.apply(wide.view());
        layer.narrow_norm.apply(state, self.epsilon);
    }
}

impl Linear {
    fn apply(&self, input: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut out = Array2::zeros((input.nrows(), self.weight.nrows()));
        general_mat_mul(1.0, &input, &self.weight.t(), 0.0, &mut out);
        out += &self.bias;
        out
    }
}

impl Norm {
    fn apply(&self, rows: &mut Array2<f32>, epsilon: f32) {
        for mut row in rows.outer_iter_mut() {
            let count = row.len() as f32;
            let mean = row.sum() / count;
            let spread = row.iter().map(|one| (one - mean).powi(2)).sum::<f32>() / count;
            let scale = 1.0 / (spread + epsilon).sqrt();
            for ((one, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
                *one = (*one - mean) * scale * weight + bias;
            }
        }
    }
}

fn softmax(rows: &mut Array2<f32>) {
    for mut row in rows.axis_iter_mut(Axis(0)) {
        let highest = row.iter().copied().fold(f32::MIN, f32::max);
        row.mapv_inplace(|one| (one - highest).exp());
        let sum = row.sum();
        row /= sum;
    }
}

/// The activation as the models were trained with it, over the error function.
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x / std::f32::consts::SQRT_2))
}

/// The error function, right to seven digits (Abramowitz and Stegun, 7.1.26).
fn erf(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let sum = ((((1.061_405_4 * t - 1.453_152) * t + 1.421_413_7) * t - 0.284_496_74) * t
        + 0.254_829_6)
        * t;
    (1.0 - sum * (-x * x).exp()).copysign(x)
}

/// Where weights come from.
struct Source<'s, 'b> {
    tensors: &'s Tensors<'b>,
    prefix: &'s str,
}

impl Source<'_, '_> {
    fn get(&self, name: &str) -> Result<Tensor, RetrievalError> {
        self.tensors.get(&format!("{}{name}", self.prefix))
    }

    fn matrix(&self, name: &str, columns: usize) -> Result<Array2<f32>, RetrievalError> {
        let tensor = self.get(name)?;
        match tensor.shape.as_slice() {
            &[rows, own] if own == columns => Array2::from_shape_vec((rows, own), tensor.values)
                .map_err(|error| RetrievalError::Model(format!("tensor `{name}`: {error}"))),
            shape => Err(RetrievalError::Model(format!(
                "tensor `{name}`: its shape is {shape:?}, with {columns} columns expected"
            ))),
        }
    }

    fn row(&self, name: &str, length: usize) -> Result<Array1<f32>, RetrievalError> {
        let tensor = self.get(name)?;
        if tensor.values.len() != length {
            return Err(RetrievalError::Model(format!(
                "tensor `{name}`: {} numbers, {length} expected",
                tensor.values.len()
            )));
        }
        Ok(Array1::from_vec(tensor.values))
    }

    fn linear(&self, name: &str, columns: usize) -> Result<Linear, RetrievalError> {
        let weight = self.matrix(&format!("{name}.weight"), columns)?;
        let bias = self.row(&format!("{name}.bias"), weight.nrows())?;
        Ok(Linear { weight, bias })
    }

    fn norm(&self, name: &str, length: usize) -> Result<Norm, RetrievalError> {
        Ok(Norm {
            weight: self.row(&format!("{name}.weight"), length)?,
            bias: self.row(&format!("{name}.bias"), length)?,
        })
    }

    fn layer(&self, at: &str, width: usize) -> Result<Layer, RetrievalError> {
        let square = |name: &str| {
            let linear = self.linear(&format!("{at}{name}"), width)?;
            match linear.weight.nrows() == width {
                true => Ok(linear),
                false => Err(RetrievalError::Model(format!("`{at}{name}` is not square"))),
            }
        };
        let wide = self.linear(&format!("{at}intermediate.dense"), width)?;
        let narrow = self.linear(&format!("{at}output.dense"), wide.weight.nrows())?;
        if narrow.weight.nrows() != width {
            return Err(RetrievalError::Model(format!(
                "`{at}output.dense` has another width"
            )));
        }
        Ok(Layer {
            inputs: [
                square("attention.self.query")?,
                square("attention.self.key")?,
                square("attention.self.value")?,
            ],
            output: square("attention.output.dense")?,
            output_norm: self.norm(&format!("{at}attention.output.LayerNorm"), width)?,
            wide,
            narrow,
            narrow_norm: self.norm(&format!("{at}output.LayerNorm"), width)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{erf, gelu};

    #[test]
    fn the_activation_is_the_exact_one() {
        for (x, expected) in [
            (0.0, 0.0),
            (1.0, 0.841_344_7),
            (-1.0, -0.158_655_3),
            (6.0, 6.0),
        ] {
            assert!((gelu(x) - expected).abs() < 1e-5, "{x}");
        }
        assert!((erf(0.5) - 0.520_499_9).abs() < 1e-6);
    }
}
