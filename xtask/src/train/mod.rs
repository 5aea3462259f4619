//! Trains the model that judges values beside telling names.
//!
//! `cargo xtask train-secrets words DIR` counts the trigrams of letters of the
//! texts under a folder; `cargo xtask train-secrets DIR` trains on the labels
//! under `DIR/meta` for the files under `DIR/data`, in the layout that
//! Samsung/CredData's download script makes, on made-up lines, and on the texts
//! under `DIR/plain`, which are taken to hold no secret. Both write below
//! `crates/assay-rules/model` and keep nothing of what they read but numbers.

mod boost;
mod data;
mod generate;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, bail};
use assay_rules::secret_features;

use boost::{Forest, Row};
use data::{Labelled, Verdict};

/// The least probability that is reported is chosen so that at most this share
/// of the look-alikes is.
const FALSE_SHARE_MAX: f64 = 0.015;

pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<()> {
    let model = root.join("crates/assay-rules/model");
    match arguments {
        ["words", folder] => words::write(Path::new(folder), &model.join("secret-ngram.txt")),
        ["mistakes", folder] => train(Path::new(folder), &model, true),
        [folder] => train(Path::new(folder), &model, false),
        _ => bail!("usage: cargo xtask train-secrets [words | mistakes] DIR"),
    }
}

fn train(folder: &Path, model: &Path, list: bool) -> Result<()> {
    let labelled = data::read_labelled(folder)?;
    let mut further = generate::rows();
    further.extend(data::read_plain(&folder.join("plain"))?);
    println!(
        "{} labelled repositories, {} further samples",
        labelled.len(),
        further.len()
    );
    let mut report = String::from(
        "# How well secrets are told from look-alikes\n\n\
         Written by `cargo xtask train-secrets`; do not edit. Each repository is judged by a model that was trained\n\
         without it. *Found* are labelled secrets, *reported* are labelled look-alikes. Identifiers that the labels\n\
         count as secrets and that let nobody in (UUIDs, names of storage buckets) are counted apart.\n\n",
    );
    // Each repository is judged by a model of the others.
    let scored: Vec<(&Labelled, Vec<f64>)> = labelled
        .iter()
        .map(|held_out| {
            let mut rows: Vec<Row> = labelled
                .iter()
                .filter(|other| other.name != held_out.name)
                .flat_map(Labelled::rows)
                .collect();
            rows.extend(further.iter().cloned());
            let forest = Forest::train(&rows);
            (held_out, held_out.scores(&forest))
        })
        .collect();
    let threshold = choose_threshold(&scored);
    evaluate(&scored, threshold, &mut report);
    if list {
        list_mistakes(&scored, threshold);
    }
    let mut rows: Vec<Row> = labelled.iter().flat_map(Labelled::rows).collect();
    rows.extend(further.iter().cloned());
    let forest = Forest::train(&rows);
    importance(&forest, &mut report);
    std::fs::write(
        model.join("secret-trees.txt"),
        forest.to_text(&secret_features(), threshold),
    )?;
    std::fs::write(model.join("secret-evaluation.md"), &report)?;
    println!("{report}");
    Ok(())
}

/// Takes the least threshold at which few enough look-alikes are reported.
fn choose_threshold(scored: &[(&Labelled, Vec<f64>)]) -> f64 {
    let mut best = 0.95;
    for step in (20..=95).rev() {
        let threshold = f64::from(step) / 100.0;
        let (mut reported, mut all) = (0, 0);
        for (labelled, scores) in scored {
            for (verdict, score) in labelled.verdicts.iter().zip(scores) {
                if *verdict == Verdict::LookAlike {
                    all += 1;
                    reported += usize::from(*score >= threshold);
                }
            }
        }
        if reported as f64 > FALSE_SHARE_MAX * all as f64 {
            break;
        }
        best = threshold;
    }
    best
}

/// Prints the places that were judged wrongly, worst first.
fn list_mistakes(scored: &[(&Labelled, Vec<f64>)], threshold: f64) {
    let mut lines = Vec::new();
    for (labelled, scores) in scored {
        for ((verdict, score), place) in labelled.verdicts.iter().zip(scores).zip(&labelled.places)
        {
            let is_wrong = match verdict {
                Verdict::Secret => *score < threshold,
                Verdict::LookAlike => *score >= threshold,
                Verdict::Identifier => false,
            };
            if is_wrong {
                lines.push(format!("{verdict:?} {score:.2} {place}"));
            }
        }
    }
    lines.sort();
    println!("{}", lines.join("\n"));
}

#[derive(Default)]
struct Tally {
    found: usize,
    secrets: usize,
    reported: usize,
    look_alikes: usize,
}

impl Tally {
    fn add(&mut self, verdict: Verdict, is_hit: bool) {
        match verdict {
            Verdict::Secret => {
                self.secrets += 1;
                self.found += usize::from(is_hit);
            }
            Verdict::LookAlike => {
                self.look_alikes += 1;
                self.reported += usize::from(is_hit);
            }
            Verdict::Identifier => {}
        }
    }

    fn row(&self, name: &str) -> String {
        let share = |part: usize, all: usize| match all {
            0 => "-".to_owned(),
            _ => format!("{:.1} %", 100.0 * part as f64 / all as f64),
        };
        format!(
            "| {name} | {} | {} | {} | {} |\n",
            self.secrets,
            share(self.found, self.secrets),
            self.look_alikes,
            share(self.reported, self.look_alikes)
        )
    }
}

const HEAD: &str =
    " | secrets | found | look-alikes | reported |\n| --- | --- | --- | --- | --- |\n";

fn evaluate(scored: &[(&Labelled, Vec<f64>)], threshold: f64, report: &mut String) {
    let mut total = Tally::default();
    let mut kinds: BTreeMap<&str, Tally> = BTreeMap::new();
    let (mut identifiers, mut identifiers_found) = (0, 0);
    let mut repositories = String::new();
    for (labelled, scores) in scored {
        let mut tally = Tally::default();
        for ((verdict, score), kind) in labelled.verdicts.iter().zip(scores).zip(&labelled.kinds) {
            let is_hit = *score >= threshold;
            if *verdict == Verdict::Identifier {
                identifiers += 1;
                identifiers_found += usize::from(is_hit);
            }
            tally.add(*verdict, is_hit);
            total.add(*verdict, is_hit);
            kinds.entry(kind).or_default().add(*verdict, is_hit);
        }
        repositories.push_str(&tally.row(&labelled.name));
    }
    write!(
        report,
        "A value is reported from a probability of {threshold:.2} on. Of {identifiers} labelled identifiers, {identifiers_found} are reported.\n\n\
         | repository{HEAD}{repositories}{}\n| label{HEAD}",
        total.row("all")
    )
    .expect("a string takes all");
    for (kind, tally) in kinds {
        if tally.secrets > 0 {
            report.push_str(&tally.row(kind));
        }
    }
}

fn importance(forest: &Forest, report: &mut String) {
    let names = secret_features();
    let mut gains: Vec<(f64, &str)> = forest.gains.iter().copied().zip(names).collect();
    gains.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total: f64 = gains.iter().map(|(gain, _)| gain).sum();
    report.push_str("\nWhat the model looks at most:\n\n| feature | share |\n| --- | --- |\n");
    for (gain, name) in gains.iter().take(15) {
        writeln!(report, "| {name} | {:.1} % |", 100.0 * gain / total).expect("a string takes all");
    }
}
