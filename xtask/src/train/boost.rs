//! Gradient-boosted trees of depth three for a yes or no, with second-order
//! steps. Deterministic: no sampling, ties go to the first feature.

use std::fmt::Write as _;

/// One sample.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) features: Vec<f32>,
    pub(super) is_secret: bool,
    pub(super) weight: f64,
}

const TREES: usize = 160;
const STEP: f64 = 0.12;
/// What a leaf's answer is drawn to zero by.
const SHRINK: f64 = 2.0;
/// The least weight of a leaf.
const LEAF_WEIGHT_MIN: f64 = 2.0;
/// Thresholds that are tried for a feature.
const BINS: usize = 48;
const NODES: usize = 7;
const LEAVES: usize = 8;

/// The trained trees.
pub(super) struct Forest {
    bias: f64,
    trees: Vec<Tree>,
    /// By feature: how much its questions explained.
    pub(super) gains: Vec<f64>,
}

struct Tree {
    questions: [(usize, f32); NODES],
    leaves: [f64; LEAVES],
}

impl Tree {
    fn leaf(&self, features: &[f32]) -> usize {
        let mut node = 0;
        while node < NODES {
            let (feature, threshold) = self.questions[node];
            node = 2 * node + 1 + usize::from(features[feature] > threshold);
        }
        node - NODES
    }
}

impl Forest {
    /// Trains on the rows.
    pub(super) fn train(rows: &[Row]) -> Self {
        let width = rows.first().map_or(0, |row| row.features.len());
        let edges: Vec<Vec<f32>> = (0..width).map(|feature| edges(rows, feature)).collect();
        let bins: Vec<Vec<u8>> = rows
            .iter()
            .map(|row| {
                let bin = |(edges, value): (&Vec<f32>, &f32)| {
                    edges.partition_point(|edge| edge < value) as u8
                };
                edges.iter().zip(&row.features).map(bin).collect()
            })
            .collect();
        let positive: f64 = rows
            .iter()
            .filter(|row| row.is_secret)
            .map(|row| row.weight)
            .sum();
        let all: f64 = rows.iter().map(|row| row.weight).sum();
        let bias = (positive / (all - positive).max(1e-9)).ln();
        let mut margins = vec![bias; rows.len()];
        let mut forest = Self {
            bias,
            trees: Vec::new(),
            gains: vec![0.0; width],
        };
        for _ in 0..TREES {
            let steps: Vec<(f64, f64)> = rows
                .iter()
                .zip(&margins)
                .map(|(row, margin)| {
                    let p = 1.0 / (1.0 + (-margin).exp());
                    let target = f64::from(u8::from(row.is_secret));
                    (row.weight * (target - p), row.weight * p * (1.0 - p))
                })
                .collect();
            let tree = grow(&bins, &edges, &steps, &mut forest.gains);
            for (margin, row) in margins.iter_mut().zip(rows) {
                *margin += tree.leaves[tree.leaf(&row.features)];
            }
            forest.trees.push(tree);
        }
        forest
    }

    /// Returns the probability of a secret.
    pub(super) fn probability(&self, features: &[f32]) -> f64 {
        let sum: f64 = self
            .trees
            .iter()
            .map(|tree| tree.leaves[tree.leaf(features)])
            .sum();
        1.0 / (1.0 + (-(self.bias + sum)).exp())
    }

    /// Writes the form that `assay-rules` reads.
    pub(super) fn to_text(&self, names: &[&str], threshold: f64) -> String {
        let mut out = format!("{}\n{:.4} {threshold:.2}\n", names.join(" "), self.bias);
        for tree in &self.trees {
            for (feature, edge) in tree.questions {
                write!(out, "{feature} {edge} ").expect("a string takes all");
            }
            let leaves: Vec<String> = tree
                .leaves
                .iter()
                .map(|leaf| format!("{leaf:.4}"))
                .collect();
            out.push_str(&leaves.join(" "));
            out.push('\n');
        }
        out
    }
}

/// Thresholds at which about as many values lie on each side of the next.
fn edges(rows: &[Row], feature: usize) -> Vec<f32> {
    let mut values: Vec<f32> = rows.iter().map(|row| row.features[feature]).collect();
    values.sort_by(f32::total_cmp);
    let mut distinct = values.clone();
    distinct.dedup();
    let middle = |a: f32, b: f32| {
        let between = (a + b) / 2.0;
        // Few digits, so that the file reads and stays the same.
        (between * 1000.0).round() / 1000.0
    };
    let mut edges: Vec<f32> = if distinct.len() <= BINS {
        distinct
            .windows(2)
            .map(|pair| middle(pair[0], pair[1]))
            .collect()
    } else {
        (1..BINS)
            .map(|step| {
                let at = values.len() * step / BINS;
                middle(values[at - 1], values[at])
            })
            .collect()
    };
    edges.dedup();
    edges
}

fn grow(bins: &[Vec<u8>], edges: &[Vec<f32>], steps: &[(f64, f64)], gains: &mut [f64]) -> Tree {
    let mut tree = Tree {
        questions: [(0, f32::MAX); NODES],
        leaves: [0.0; LEAVES],
    };
    // By node of the heap: the rows that come to it.
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); NODES + LEAVES];
    members[0] = (0..bins.len()).collect();
    for node in 0..NODES {
        let rows = std::mem::take(&mut members[node]);
        let Some((feature, bin, gain)) = best_question(&rows, bins, edges, steps) else {
            members[2 * node + 1] = rows;
            continue;
        };
        gains[feature] += gain;
        tree.questions[node] = (feature, edges[feature][bin]);
        let (right, left): (Vec<usize>, Vec<usize>) = rows
            .into_iter()
            .partition(|&row| usize::from(bins[row][feature]) > bin);
        members[2 * node + 1] = left;
        members[2 * node + 2] = right;
    }
    for (leaf, rows) in tree.leaves.iter_mut().zip(&members[NODES..]) {
        let (gradient, hessian) = sums(rows, steps);
        *leaf = STEP * gradient / (hessian + SHRINK);
    }
    tree
}

fn sums(rows: &[usize], steps: &[(f64, f64)]) -> (f64, f64) {
    rows.iter().fold((0.0, 0.0), |sum, &row| {
        (sum.0 + steps[row].0, sum.1 + steps[row].1)
    })
}

fn best_question(
    rows: &[usize],
    bins: &[Vec<u8>],
    edges: &[Vec<f32>],
    steps: &[(f64, f64)],
) -> Option<(usize, usize, f64)> {
    let total = sums(rows, steps);
    let value = |(gradient, hessian): (f64, f64)| gradient * gradient / (hessian + SHRINK);
    let mut best: Option<(usize, usize, f64)> = None;
    for (feature, edges) in edges.iter().enumerate() {
        let mut histogram = vec![(0.0, 0.0); edges.len() + 1];
        for &row in rows {
            let bin = &mut histogram[usize::from(bins[row][feature])];
            bin.0 += steps[row].0;
            bin.1 += steps[row].1;
        }
        let mut left = (0.0, 0.0);
        for (at, bin) in histogram.iter().take(edges.len()).enumerate() {
            left = (left.0 + bin.0, left.1 + bin.1);
            let right = (total.0 - left.0, total.1 - left.1);
            if left.1 < LEAF_WEIGHT_MIN || right.1 < LEAF_WEIGHT_MIN {
                continue;
            }
            let gain = value(left) + value(right) - value(total);
            if gain > best.map_or(1e-6, |(_, _, gain)| gain) {
                best = Some((feature, at, gain));
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::{Forest, Row};

    #[test]
    fn trees_learn_what_no_single_question_tells() {
        let rows: Vec<Row> = (0..400)
            .map(|n| {
                let (a, b) = ((n % 20) as f32, (n / 20) as f32);
                Row {
                    features: vec![a, b],
                    is_secret: a > 9.0 && b > 5.0 || a < 3.0 && b < 3.0,
                    weight: 1.0,
                }
            })
            .collect();
        let forest = Forest::train(&rows);
        for row in &rows {
            assert_eq!(
                forest.probability(&row.features) > 0.5,
                row.is_secret,
                "{row:?}"
            );
        }
    }
}
