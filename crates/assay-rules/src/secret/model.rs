//! The judge of candidates: boosted trees of depth three over [`FEATURES`],
//! trained by `cargo xtask train-secrets` and kept as data.

use std::sync::OnceLock;

use super::feature::{FEATURE_COUNT, FEATURES};

/// Questions of one tree; its leaves are one more.
const NODES: usize = 7;
const LEAVES: usize = NODES + 1;
/// Reasons that a finding names.
const REASONS_MAX: usize = 3;

const TREES: &str = include_str!("../../model/secret-trees.txt");

/// One tree: seven questions in the order of a heap, and eight answers.
struct Tree {
    questions: [(usize, f32); NODES],
    leaves: [f32; LEAVES],
}

/// The trained model.
pub(crate) struct Model {
    bias: f32,
    /// The least probability that is reported.
    pub(crate) threshold: f32,
    trees: Vec<Tree>,
}

/// Returns the model that is built in.
pub(crate) fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(TREES).unwrap_or(Model::NONE))
}

impl Model {
    /// Judges nothing to be a secret.
    const NONE: Self = Self {
        bias: -10.0,
        threshold: 1.0,
        trees: Vec::new(),
    };

    /// Reads a model; none when it was trained with other features.
    ///
    /// The first line names the features, the second has bias and threshold;
    /// each further line is a tree: seven pairs of feature and threshold, then
    /// eight leaves.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next()?.split_whitespace().collect();
        if !names.iter().eq(FEATURES.iter().map(|(name, _)| name)) {
            return None;
        }
        let numbers = |line: &str| -> Option<Vec<f32>> {
            line.split_whitespace()
                .map(|word| word.parse().ok())
                .collect()
        };
        let head = numbers(lines.next()?)?;
        let mut trees = Vec::new();
        for line in lines {
            let line = numbers(line)?;
            if line.len() != NODES * 2 + LEAVES {
                return None;
            }
            let mut tree = Tree {
                questions: [(0, 0.0); NODES],
                leaves: [0.0; LEAVES],
            };
            for (question, pair) in tree.questions.iter_mut().zip(line.chunks(2)) {
                *question = ((pair[0] as usize).min(FEATURE_COUNT - 1), pair[1]);
            }
            tree.leaves.copy_from_slice(&line[NODES * 2..]);
            trees.push(tree);
        }
        Some(Self {
            bias: *head.first()?,
            threshold: *head.get(1)?,
            trees,
        })
    }

    /// Returns the probability that the candidate is a secret.
    pub(crate) fn probability(&self, features: &[f32; FEATURE_COUNT]) -> f32 {
        let sum: f32 = self.trees.iter().map(|tree| tree.leaf(features)).sum();
        1.0 / (1.0 + (-(self.bias + sum)).exp())
    }

    /// Returns what speaks for a secret most: each tree's answer belongs to
    /// the questions on the way to it.
    pub(crate) fn reasons(&self, features: &[f32; FEATURE_COUNT]) -> Vec<&'static str> {
        let mut weights = [0.0_f32; FEATURE_COUNT];
        for tree in &self.trees {
            let leaf = tree.leaf(features) / 3.0;
            let mut node = 0;
            while node < NODES {
                let (feature, _) = tree.questions[node];
                weights[feature] += leaf;
                node = tree.next(node, features);
            }
        }
        let mut said: Vec<(&'static str, f32)> = Vec::new();
        for ((_, reason), weight) in FEATURES.iter().zip(weights) {
            match said.iter_mut().find(|(known, _)| known == reason) {
                Some(known) => known.1 += weight,
                None => said.push((reason, weight)),
            }
        }
        said.retain(|(reason, weight)| {
            *weight > 0.05 && reason.starts_with("the value") || reason.starts_with("the name")
        });
        said.sort_by(|a, b| b.1.total_cmp(&a.1));
        said.truncate(REASONS_MAX);
        said.into_iter().map(|(reason, _)| reason).collect()
    }
}

impl Tree {
    fn next(&self, node: usize, features: &[f32; FEATURE_COUNT]) -> usize {
        let (feature, threshold) = self.questions[node];
        2 * node + 1 + usize::from(features[feature] > threshold)
    }

    fn leaf(&self, features: &[f32; FEATURE_COUNT]) -> f32 {
        let mut node = 0;
        while node < NODES {
            node = self.next(node, features);
        }
        self.leaves[node - NODES]
    }
}
