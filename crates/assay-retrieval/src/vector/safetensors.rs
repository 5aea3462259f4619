//! Reads tensors from a file in the form of safetensors: a length, a description in
//! JSON, and the numbers.

use std::collections::HashMap;

use serde::Deserialize;

use crate::error::RetrievalError;

/// Bytes of the description.
const HEADER_BYTES_MAX: usize = 16 << 20;

#[derive(Deserialize)]
struct Description {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

/// One tensor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// The tensors of a file, as they were described.
pub(crate) struct Tensors<'b> {
    described: HashMap<String, Description>,
    numbers: &'b [u8],
}

impl<'b> Tensors<'b> {
    pub(crate) fn read(bytes: &'b [u8]) -> Result<Self, RetrievalError> {
        let fault = |what: &str| RetrievalError::Model(format!("its tensors: {what}"));
        let (length, rest) = bytes
            .split_first_chunk::<8>()
            .ok_or_else(|| fault("the file is too short"))?;
        let length = usize::try_from(u64::from_le_bytes(*length))
            .ok()
            .filter(|length| *length <= HEADER_BYTES_MAX)
            .ok_or_else(|| fault("the description is too long"))?;
        let (header, numbers) = rest
            .split_at_checked(length)
            .ok_or_else(|| fault("the file is cut"))?;
        let all: HashMap<String, serde_json::Value> =
            serde_json::from_slice(header).map_err(|error| fault(&error.to_string()))?;
        let mut described = HashMap::new();
        for (name, value) in all {
            if name != "__metadata__" {
                let one =
                    serde_json::from_value(value).map_err(|error| fault(&error.to_string()))?;
                described.insert(name, one);
            }
        }
        Ok(Self { described, numbers })
    }

    /// Returns whether there is a tensor of the name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.described.contains_key(name)
    }

    /// Returns a tensor.
    pub(crate) fn get(&self, name: &str) -> Result<Tensor, RetrievalError> {
        let fault = |what: &str| RetrievalError::Model(format!("tensor `{name}`: {what}"));
        let described = self
            .described
            .get(name)
            .ok_or_else(|| fault("there is none"))?;
        let (start, end) = described.data_offsets;
        let bytes = self
            .numbers
            .get(start..end)
            .ok_or_else(|| fault("it is cut"))?;
        let count = described
            .shape
            .iter()
            .try_fold(1_usize, |product, side| product.checked_mul(*side))
            .ok_or_else(|| fault("its shape is too large"))?;
        let values: Vec<f32> = match described.dtype.as_str() {
            "F32" => chunks(bytes).map(f32::from_le_bytes).collect(),
            "F64" => chunks(bytes)
                .map(|eight| f64::from_le_bytes(eight) as f32)
                .collect(),
            "F16" => chunks(bytes)
                .map(|two| half(u16::from_le_bytes(two)))
                .collect(),
            "BF16" => chunks(bytes)
                .map(|two| f32::from_bits(u32::from(u16::from_le_bytes(two)) << 16))
                .collect(),
            "I8" => bytes.iter().map(|&one| f32::from(one as i8)).collect(),
            other => return Err(fault(&format!("numbers of kind `{other}` are not read"))),
        };
        if values.len() != count {
            return Err(fault("its shape does not fit its numbers"));
        }
        Ok(Tensor {
            shape: described.shape.clone(),
            values,
        })
    }
}

fn chunks<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}

/// Widens a number of 16 bits: a sign, five bits of exponent, ten of fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f32::from(bits & 0x3ff);
    sign * match exponent {
        0 => fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2.0_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::{Tensors, half};

    fn file(header: &str, numbers: &[u8]) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(numbers);
        bytes
    }

    #[test]
    fn tensors_of_each_kind_of_number_are_read() {
        for (kind, bytes, expected) in [
            (
                "F32",
                [0, 0, 0xc0, 0x3f, 0, 0, 0x80, 0xbf].to_vec(),
                [1.5, -1.0],
            ),
            ("F16", [0, 0x3e, 0, 0xbc].to_vec(), [1.5, -1.0]),
            ("BF16", [0xc0, 0x3f, 0x80, 0xbf].to_vec(), [1.5, -1.0]),
        ] {
            let header = format!(
                r#"{{"__metadata__":{{}},"t":{{"dtype":"{kind}","shape":[2],"data_offsets":[0,{}]}}}}"#,
                bytes.len()
            );
            let bytes = file(&header, &bytes);
            let tensors = Tensors::read(&bytes).unwrap();
            assert_eq!(tensors.get("t").unwrap().values, expected, "{kind}");
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let cases = [
            ("{", "EOF"),
            (
                r#"{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,99]}}"#,
                "cut",
            ),
            (
                r#"{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
                "shape",
            ),
            (
                r#"{"t":{"dtype":"Q4","shape":[1],"data_offsets":[0,4]}}"#,
                "Q4",
            ),
            (
                r#"{"u":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
                "none",
            ),
        ];
        for (header, expected) in cases {
            let bytes = file(header, &[0; 4]);
            let error = Tensors::read(&bytes)
                .and_then(|tensors| tensors.get("t"))
                .unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
        assert!(Tensors::read(&[1, 2]).is_err());
        assert!(Tensors::read(&u64::MAX.to_le_bytes()).is_err());
    }

    #[test]
    fn halves_are_widened() {
        assert_eq!(half(0x3c00), 1.0);
        assert_eq!(half(0x0001), 2.0_f32.powi(-24));
        assert_eq!(half(0xfc00), f32::NEG_INFINITY);
    }
}
