//! Brings advisories over OSV's query API: those of the packages that a tree
//! names, and no others. The packages are asked for without their versions, so
//! that the answer holds for every version and says less about the project.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use assay_deps::{ADVISORY_BYTES_MAX, Ecosystem, IndexSource, PackageFile, is_looked_up};
use serde_json::{Value, json};

use super::download::{Answer, Client};
use super::mirror::encoded;
use super::update::Work;

/// The API takes so many questions at once.
const QUESTIONS_MAX: usize = 1_000;
/// Packages of one update.
const PACKAGES_MAX: usize = 100_000;
/// Pages of the answer to one question.
const PAGES_MAX: usize = 100;
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// A question: the package, and the page of the answer.
struct Question {
    package: (Ecosystem, String),
    page: Option<String>,
}

/// Brings the advisories of the packages of files.
pub(super) fn take(
    work: &mut Work,
    client: &Client,
    base: &str,
    files: &[PackageFile],
) -> anyhow::Result<()> {
    let packages: BTreeSet<(Ecosystem, String)> = files
        .iter()
        .flat_map(|file| &file.packages)
        .filter(|package| is_looked_up(package))
        .map(|package| {
            let name = package.ecosystem.normal_name(&package.name);
            (package.ecosystem, name)
        })
        .collect();
    if packages.len() > PACKAGES_MAX {
        bail!("there are more than {PACKAGES_MAX} packages to ask for");
    }
    let base = base.trim_end_matches('/');
    let wanted = ask(client, base, &packages)?;
    for (id, modified) in wanted {
        if work.builder.has(&id, &modified) {
            continue;
        }
        let url = format!("{base}/v1/vulns/{}", encoded(&id));
        match client.get(&url, "", ADVISORY_BYTES_MAX as u64)? {
            Answer::Content { bytes, .. } => {
                work.take(|intake| intake.document(&url, &bytes))?;
            }
            Answer::Missing | Answer::Unchanged => {
                work.complain(format!("{url}: it is named and not there"));
            }
        }
    }
    for (ecosystem, name) in &packages {
        work.builder.mark_asked(ecosystem.name(), name);
    }
    work.note_source(IndexSource {
        origin: base.to_owned(),
        ..IndexSource::default()
    });
    Ok(())
}

/// Returns the identifiers of what is known, with the time of the last change.
fn ask(
    client: &Client,
    base: &str,
    packages: &BTreeSet<(Ecosystem, String)>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let url = format!("{base}/v1/querybatch");
    let mut found = BTreeMap::new();
    let mut open: Vec<Question> = packages
        .iter()
        .rev()
        .map(|package| Question {
            package: package.clone(),
            page: None,
        })
        .collect();
    let mut pages = 0;
    while !open.is_empty() {
        let questions = open.split_off(open.len().saturating_sub(QUESTIONS_MAX));
        let body = json!({"queries": questions.iter().map(to_json).collect::<Vec<_>>()});
        let answer = client.post(&url, &body.to_string(), ANSWER_BYTES_MAX)?;
        let answer: Value =
            serde_json::from_slice(&answer).with_context(|| format!("{url} answers no JSON"))?;
        let results = answer.get("results").and_then(Value::as_array);
        let results = results.map_or(&[][..], Vec::as_slice);
        if results.len() != questions.len() {
            // A package without an answer is no package without advisories.
            bail!(
                "{url} answers {} of {} questions",
                results.len(),
                questions.len()
            );
        }
        for (question, result) in questions.into_iter().zip(results) {
            let known = result.get("vulns").and_then(Value::as_array);
            for one in known.into_iter().flatten() {
                let text = |key: &str| one.get(key).and_then(Value::as_str).map(str::to_owned);
                if let Some(id) = text("id") {
                    found.insert(id, text("modified").unwrap_or_default());
                }
            }
            let page = result.get("next_page_token").and_then(Value::as_str);
            if let Some(page) = page.filter(|page| !page.is_empty()) {
                pages += 1;
                if pages > PAGES_MAX * packages.len() {
                    bail!("{url}: its answers never end");
                }
                open.push(Question {
                    page: Some(page.to_owned()),
                    ..question
                });
            }
        }
    }
    Ok(found)
}

fn to_json(question: &Question) -> Value {
    let (ecosystem, name) = &question.package;
    let mut json = json!({"package": {"ecosystem": ecosystem.name(), "name": name}});
    if let Some(page) = &question.page {
        json["page_token"] = page.as_str().into();
    }
    json
}
