//! Reads labelled files and files without secrets, as samples.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use assay_rules::{SecretSample, secret_samples};
use assay_source::{RepoPath, SourceText};

use super::boost::{Forest, Row};

/// Bytes of a file that is read.
const FILE_BYTES_MAX: u64 = 2 << 20;
/// What an unlabelled candidate in a labelled file counts: the labels are of
/// what another tool asked about, so silence is a weak no.
const UNLABELLED_WEIGHT: f64 = 0.5;

/// What a label says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Secret,
    LookAlike,
    /// A secret by the labels that lets nobody in.
    Identifier,
}

/// Labels of rows that are identifiers and no secrets.
const IDENTIFIERS: &[&str] = &[
    "UUID",
    "AWS S3 Bucket",
    "Firebase Domain",
    "UUID:Key",
    "Key:UUID",
];

/// One labelled repository.
pub(super) struct Labelled {
    pub(super) name: String,
    pub(super) verdicts: Vec<Verdict>,
    /// By row: the category of the label.
    pub(super) kinds: Vec<String>,
    /// By row: where it is.
    pub(super) places: Vec<String>,
    /// By row: the samples that are at its place.
    hits: Vec<Vec<usize>>,
    samples: Vec<Sample>,
}

struct Sample {
    features: Option<Vec<f32>>,
    verdict: Option<Verdict>,
}

struct Label {
    file: String,
    lines: (u32, u32),
    columns: Option<(usize, usize)>,
    verdict: Verdict,
    kind: String,
}

impl Labelled {
    /// Returns the samples that a model learns from.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        self.samples.iter().filter_map(|sample| {
            let features = sample.features.clone()?;
            let weight = match sample.verdict {
                Some(Verdict::Identifier) => return None,
                Some(_) => 1.0,
                None => UNLABELLED_WEIGHT,
            };
            Some(Row {
                features,
                is_secret: sample.verdict == Some(Verdict::Secret),
                weight,
            })
        })
    }

    /// Returns for each label how likely something at its place is a secret.
    pub(super) fn scores(&self, forest: &Forest) -> Vec<f64> {
        let of_sample: Vec<f64> = self
            .samples
            .iter()
            .map(|sample| match &sample.features {
                Some(features) => forest.probability(features),
                None => 1.0,
            })
            .collect();
        let of_label = |hits: &Vec<usize>| hits.iter().map(|&at| of_sample[at]).fold(0.0, f64::max);
        self.hits.iter().map(of_label).collect()
    }
}

/// Reads every labelled repository of a folder.
pub(super) fn read_labelled(folder: &Path) -> Result<Vec<Labelled>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("meta"))
        .context("DIR/meta")?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| read_repository(folder, file))
        .collect()
}

fn read_repository(folder: &Path, meta: &Path) -> Result<Labelled> {
    let name = meta
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("");
    let mut by_file: BTreeMap<String, Vec<Label>> = BTreeMap::new();
    for label in labels(&std::fs::read_to_string(meta)?) {
        by_file.entry(label.file.clone()).or_default().push(label);
    }
    let mut out = Labelled {
        name: name.to_owned(),
        verdicts: Vec::new(),
        kinds: Vec::new(),
        places: Vec::new(),
        hits: Vec::new(),
        samples: Vec::new(),
    };
    for (file, labels) in by_file {
        if let Ok(text) = std::fs::read_to_string(folder.join(&file)) {
            // The first two folders are of the data set and not of the repository.
            let path = file.splitn(3, '/').nth(2).unwrap_or(&file);
            add_file(&mut out, path, text, labels);
        }
    }
    Ok(out)
}

fn labels(table: &str) -> Vec<Label> {
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().unwrap_or("").split(',').collect();
    let column = |name: &str| head.iter().position(|known| *known == name);
    let read = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let cell = |name| {
            column(name)
                .and_then(|at| cells.get(at))
                .copied()
                .unwrap_or("")
        };
        let kind = cell("Category").to_owned();
        let verdict = match cell("GroundTruth") {
            "T" if IDENTIFIERS.contains(&kind.as_str()) => Verdict::Identifier,
            "T" => Verdict::Secret,
            _ => Verdict::LookAlike,
        };
        let lines = (
            cell("LineStart").parse().ok()?,
            cell("LineEnd").parse().ok()?,
        );
        let columns = cell("ValueStart")
            .parse::<usize>()
            .ok()
            .zip(cell("ValueEnd").parse::<usize>().ok())
            .filter(|_| lines.0 == lines.1);
        Some(Label {
            file: cell("FilePath").to_owned(),
            lines,
            columns,
            verdict,
            kind,
        })
    };
    lines.filter_map(read).collect()
}

fn add_file(out: &mut Labelled, path: &str, text: String, labels: Vec<Label>) {
    let text = SourceText::from_text(text);
    let samples = secret_samples(&RepoPath::from(path), &text);
    let first = out.samples.len();
    let line_count = text.lines().line_count();
    let at = |sample: &SecretSample| {
        let lines = text.lines();
        (
            lines.line_of(sample.value.start),
            lines.line_of(sample.value.end),
        )
    };
    let overlaps = |label: &Label, sample: &SecretSample| {
        let (from, to) = at(sample);
        if to < label.lines.0 || label.lines.1 < from {
            return false;
        }
        let Some((start, end)) = label.columns else {
            return true;
        };
        let line = text.lines().line_span(label.lines.0).start as usize;
        let content = text.line(label.lines.0);
        let byte = |column: usize| {
            let found = content.char_indices().nth(column);
            line + found.map_or(content.len(), |(at, _)| at)
        };
        (sample.value.start as usize) < byte(end) && byte(start) < sample.value.end as usize
    };
    let mut verdicts: Vec<Option<Verdict>> = vec![None; samples.len()];
    for label in labels.iter().filter(|label| label.lines.1 <= line_count) {
        let hits: Vec<usize> = (0..samples.len())
            .filter(|&at| overlaps(label, &samples[at]))
            .collect();
        for &hit in &hits {
            // A secret at the same place wins over a look-alike.
            if verdicts[hit] != Some(Verdict::Secret) {
                verdicts[hit] = Some(label.verdict);
            }
        }
        // A look-alike on a line with a secret is no mistake to report.
        let shares = labels.iter().any(|other| {
            other.verdict != Verdict::LookAlike
                && other.lines.0 <= label.lines.1
                && label.lines.0 <= other.lines.1
        });
        if label.verdict == Verdict::LookAlike && shares {
            continue;
        }
        out.verdicts.push(label.verdict);
        out.kinds.push(label.kind.clone());
        out.places
            .push(format!("{}:{} {}", label.file, label.lines.0, label.kind));
        out.hits.push(hits.iter().map(|hit| first + hit).collect());
    }
    for (sample, verdict) in samples.into_iter().zip(verdicts) {
        out.samples.push(Sample {
            features: sample.features.map(|features| features.to_vec()),
            verdict,
        });
    }
}

/// Reads the samples of texts that hold no secrets.
pub(super) fn read_plain(folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if !folder.exists() {
        return Ok(rows);
    }
    for (path, text) in texts_under(folder)? {
        let path = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        let text = SourceText::from_text(text);
        for sample in secret_samples(&RepoPath::from(path.as_str()), &text) {
            if let Some(features) = sample.features {
                rows.push(Row {
                    features: features.to_vec(),
                    is_secret: false,
                    weight: PLAIN_WEIGHT,
                });
            }
        }
    }
    Ok(rows)
}

/// There are many plain samples, and some of them hold a secret after all.
const PLAIN_WEIGHT: f64 = 0.2;

/// Returns the texts under a folder, sorted by path.
pub(super) fn texts_under(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut texts = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file()
                && entry.metadata()?.len() <= FILE_BYTES_MAX
                && let Ok(text) = std::fs::read_to_string(entry.path())
            {
                texts.push((entry.path(), text));
            }
        }
    }
    texts.sort();
    Ok(texts)
}
