//! Vectors: texts as places in a space in which near means alike.
//!
//! A model is read from files that the caller brings. Vectors are kept as one byte a
//! number, and compared one by one: that takes milliseconds for the chunks of a large
//! repository, and is exact.

mod bert;
mod model;
mod safetensors;
mod wordpiece;

pub use model::{LocalModel, ModelFiles};

/// Turns texts into vectors of length one.
pub trait Embedder: Sync {
    /// Returns what tells the model from every other; it is part of the key by which
    /// vectors are kept.
    fn id(&self) -> &str;

    /// Returns how many numbers a vector has.
    fn dimensions(&self) -> usize;

    /// Returns the vector of a text; of a text without words a vector of zeros.
    fn embed(&self, text: &str) -> Vec<f32>;
}

/// The vectors of entries, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vectors {
    dimensions: usize,
    numbers: Vec<i8>,
}

impl Vectors {
    pub(crate) fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            numbers: Vec::new(),
        }
    }

    /// Takes vectors of another index up; false when they have other dimensions.
    pub(crate) fn extend(&mut self, numbers: &[i8]) -> bool {
        let fits = self.dimensions > 0 && numbers.len().is_multiple_of(self.dimensions);
        if fits {
            self.numbers.extend_from_slice(numbers);
        }
        fits
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len().checked_div(self.dimensions).unwrap_or(0)
    }

    pub(crate) fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub(crate) fn numbers(&self) -> &[i8] {
        &self.numbers
    }

    /// Returns how near each is to a vector of length one.
    pub(crate) fn cosines(&self, question: &[f32]) -> impl Iterator<Item = (usize, f32)> {
        let rounded: Vec<i32> = quantised(question)
            .iter()
            .map(|&one| i32::from(one))
            .collect();
        let dimensions = if rounded.len() == self.dimensions {
            self.dimensions
        } else {
            0
        };
        self.numbers
            .chunks_exact(dimensions.max(1))
            .take(if dimensions == 0 { 0 } else { usize::MAX })
            .enumerate()
            .map(move |(at, vector)| {
                let sum: i32 = vector
                    .iter()
                    .zip(&rounded)
                    .map(|(a, b)| i32::from(*a) * b)
                    .sum();
                (at, sum as f32 / (127.0 * 127.0))
            })
    }
}

/// Returns a vector with a byte for each number.
pub(crate) fn quantised(vector: &[f32]) -> Vec<i8> {
    vector
        .iter()
        .map(|one| (one * 127.0).round().clamp(-127.0, 127.0) as i8)
        .collect()
}

/// Brings a vector to length one; one of zeros stays as it is.
pub(crate) fn normalise(vector: &mut [f32]) {
    let length = vector.iter().map(|one| one * one).sum::<f32>().sqrt();
    if length > 0.0 {
        for one in vector {
            *one /= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Vectors, normalise, quantised};

    #[test]
    fn cosines_survive_being_kept_in_bytes() {
        let mut vectors = Vectors::new(3);
        let mut all = [[1.0, 2.0, 2.0], [0.0, 0.0, 1.0], [-1.0, -2.0, -2.0]];
        for vector in &mut all {
            normalise(vector);
            assert!(vectors.extend(&quantised(vector)));
        }
        let found: Vec<f32> = vectors.cosines(&all[0]).map(|(_, cosine)| cosine).collect();
        for (cosine, expected) in found.iter().zip([1.0, 2.0 / 3.0, -1.0]) {
            assert!((cosine - expected).abs() < 0.01, "{cosine} {expected}");
        }
        assert_eq!(vectors.cosines(&[1.0, 0.0]).count(), 0, "other dimensions");
        assert!(!vectors.extend(&[1, 2]));
    }
}
