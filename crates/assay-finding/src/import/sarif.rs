//! SARIF 2.1.0. Relative addresses are taken from the root of the repository, or from
//! the base that the run names when that lies below the root.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::collect::{Collector, Left, Lines, Raw, RawPath, category_of, weaknesses};
use super::json;
use super::path;
use super::{ColumnUnit, ImportError, ImportFormat, OutsideState};
use crate::finding::Severity;

const MEND: &str = "give the SARIF 2.1.0 file that the tool wrote";
/// Bases that name one another are followed so far.
const BASES_DEEP_MAX: usize = 8;

#[derive(Deserialize)]
struct Log {
    version: Option<String>,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    /// Null when the tool did not even begin to look.
    results: Option<Vec<Finding>>,
    #[serde(default)]
    artifacts: Vec<Artifact>,
    #[serde(default)]
    original_uri_base_ids: HashMap<String, ArtifactLocation>,
    column_kind: Option<String>,
    #[serde(default)]
    invocations: Vec<Invocation>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Component,
    #[serde(default)]
    extensions: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    name: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    id: String,
    help_uri: Option<String>,
    short_description: Option<Message>,
    default_configuration: Option<Configuration>,
    properties: Option<Value>,
    relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
struct Configuration {
    level: Option<String>,
}

#[derive(Deserialize)]
struct Relationship {
    #[serde(default)]
    target: Target,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Target {
    id: Option<String>,
    tool_component: Option<NameOnly>,
}

#[derive(Deserialize)]
struct NameOnly {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message {
    text: Option<String>,
    markdown: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    rule_id: Option<String>,
    #[serde(default)]
    rule: RuleReference,
    rule_index: Option<i64>,
    kind: Option<String>,
    level: Option<String>,
    #[serde(default)]
    message: Message,
    #[serde(default)]
    locations: Vec<Location>,
    baseline_state: Option<String>,
    suppressions: Option<Vec<Suppression>>,
    properties: Option<Value>,
    #[serde(default)]
    taxa: Vec<Target>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RuleReference {
    id: Option<String>,
    index: Option<i64>,
    tool_component: Option<ComponentReference>,
}

#[derive(Deserialize)]
struct ComponentReference {
    index: Option<i64>,
}

#[derive(Deserialize)]
struct Suppression {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Option<PhysicalLocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Option<ArtifactLocation>,
    region: Option<Region>,
}

#[derive(Deserialize)]
struct Artifact {
    location: Option<ArtifactLocation>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: Option<String>,
    uri_base_id: Option<String>,
    index: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    #[serde(default, deserialize_with = "json::count")]
    start_line: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    start_column: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    end_line: Option<u32>,
    #[serde(default, deserialize_with = "json::count")]
    end_column: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: Option<bool>,
    exit_code_description: Option<String>,
    #[serde(default)]
    tool_execution_notifications: Vec<Notification>,
    #[serde(default)]
    tool_configuration_notifications: Vec<Notification>,
}

#[derive(Deserialize)]
struct Notification {
    level: Option<String>,
    #[serde(default)]
    message: Message,
}

pub(super) fn read(text: &str, out: &mut Collector<'_>) -> Result<(), ImportError> {
    let log: Log = json::document(ImportFormat::Sarif, text, MEND)?;
    if let Some(version) = log.version.filter(|version| version != "2.1.0") {
        let version: String = version.chars().take(20).collect();
        let message = format!("version `{version}` is not read");
        return Err(ImportError::new(ImportFormat::Sarif, None, message, MEND));
    }
    for run in &log.runs {
        read_run(run, out);
    }
    Ok(())
}

fn read_run(run: &Run, out: &mut Collector<'_>) {
    let name = match run.tool.driver.name.as_str() {
        "" => out.tool_or("sarif"),
        name => name,
    };
    for invocation in &run.invocations {
        read_invocation(name, invocation, out);
    }
    if run.results.is_none() && run.invocations.is_empty() {
        out.problem(&format!("{name} gave no results at all"));
    }
    let mut by_id: HashMap<&str, &Rule> = HashMap::new();
    for component in std::iter::once(&run.tool.driver).chain(&run.tool.extensions) {
        for rule in &component.rules {
            by_id.entry(rule.id.as_str()).or_insert(rule);
        }
    }
    for finding in run.results.iter().flatten() {
        read_finding(run, name, &by_id, finding, out);
    }
}

fn read_invocation(name: &str, invocation: &Invocation, out: &mut Collector<'_>) {
    let all = invocation
        .tool_execution_notifications
        .iter()
        .chain(&invocation.tool_configuration_notifications);
    let mut is_any = false;
    for notification in all.filter(|one| one.level.as_deref() == Some("error")) {
        let text = notification.message.text.as_deref().unwrap_or("an error");
        out.problem(&format!("{name}: {text}"));
        is_any = true;
    }
    if invocation.execution_successful == Some(false) && !is_any {
        let why = invocation.exit_code_description.as_deref();
        out.problem(&format!(
            "{name} did not succeed: {}",
            why.unwrap_or("it does not say why")
        ));
    }
}

fn read_finding(
    run: &Run,
    tool: &str,
    by_id: &HashMap<&str, &Rule>,
    finding: &Finding,
    out: &mut Collector<'_>,
) {
    let is_fail = |kind: &String| matches!(kind.as_str(), "fail" | "review" | "open");
    if !finding.kind.as_ref().is_none_or(is_fail) {
        return;
    }
    let id = finding.rule_id.as_ref().or(finding.rule.id.as_ref());
    let rule = rule_of(run, by_id, finding, id.map(String::as_str));
    let id = id.map(String::as_str).or(rule.map(|rule| rule.id.as_str()));
    let is_accepted =
        |one: &Suppression| one.status.as_deref().is_none_or(|word| word == "accepted");
    let is_settled = finding
        .suppressions
        .as_ref()
        .is_some_and(|all| all.iter().any(is_accepted));
    if is_settled || finding.baseline_state.as_deref() == Some("absent") {
        return out.leave(Left::Settled, id.unwrap_or_default());
    }
    let at = finding.locations.first();
    let at = at.and_then(|location| location.physical_location.as_ref());
    let address = at.and_then(|at| address(run, at.artifact_location.as_ref()?, out.roots()));
    let Some(address) = address else {
        return out.leave(Left::Refused, id.unwrap_or_default());
    };
    let tags = tags(rule, finding);
    let message = finding.message.text.as_deref();
    let message = message.or(finding.message.markdown.as_deref());
    let title = rule.and_then(|rule| rule.short_description.as_ref()?.text.as_deref());
    let lines = at
        .and_then(|at| at.region.as_ref())
        .map(|region| Lines {
            line: region.start_line,
            column: region.start_column,
            end_line: region.end_line,
            end_column: region.end_column,
        })
        .unwrap_or_default();
    let unit = match run.column_kind.as_deref() {
        Some("unicodeCodePoints") => ColumnUnit::Char,
        _ => ColumnUnit::Utf16,
    };
    let message = message.or(title).unwrap_or_default();
    let mut raw = Raw::new(tool, message, RawPath::Uri(&address));
    raw.rule = id;
    raw.title = title;
    raw.url = rule.and_then(|rule| rule.help_uri.as_deref());
    raw.severity = severity(rule, finding);
    raw.cwe = tags.iter().flat_map(|tag| weaknesses(tag)).collect();
    raw.category = category_of(tags.iter().map(String::as_str));
    raw.place = lines.place(unit);
    raw.state = match finding.baseline_state.as_deref() {
        Some("unchanged" | "updated") => Some(OutsideState::Unchanged),
        Some("new") => Some(OutsideState::New),
        _ => None,
    };
    out.add(raw);
}

fn rule_of<'r>(
    run: &'r Run,
    by_id: &HashMap<&str, &'r Rule>,
    finding: &Finding,
    id: Option<&str>,
) -> Option<&'r Rule> {
    let index = finding.rule.index.or(finding.rule_index);
    let component = match finding
        .rule
        .tool_component
        .as_ref()
        .and_then(|one| one.index)
    {
        Some(index) => run.tool.extensions.get(usize::try_from(index).ok()?),
        None => Some(&run.tool.driver),
    };
    let by_index = index.and_then(|index| component?.rules.get(usize::try_from(index).ok()?));
    let is_fit = |rule: &&Rule| {
        // `rule/sub` belongs to `rule`.
        id.is_none_or(|id| {
            id.strip_prefix(&rule.id)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    by_index.filter(is_fit).or_else(|| by_id.get(id?).copied())
}

/// Returns the address of a place; relative to the root where it can be.
fn address(run: &Run, location: &ArtifactLocation, roots: &[String]) -> Option<String> {
    let listed = |index: i64| {
        let artifact = run.artifacts.get(usize::try_from(index).ok()?)?;
        artifact.location.clone()
    };
    let location = match &location.uri {
        Some(_) => location.clone(),
        None => listed(location.index?)?,
    };
    let uri = location.uri?;
    let base = location.uri_base_id.and_then(|id| base(run, &id, roots, 0));
    Some(match base {
        Some(base) => format!("{base}{uri}"),
        None => uri,
    })
}

/// Returns the folder that a base stands for, below the root and with a slash behind
/// it; none for the root itself, and for what is not known.
fn base(run: &Run, id: &str, roots: &[String], deep: usize) -> Option<String> {
    if deep > BASES_DEEP_MAX {
        return None;
    }
    let known = run.original_uri_base_ids.get(id)?;
    let above = known
        .uri_base_id
        .as_ref()
        .and_then(|above| base(run, above, roots, deep + 1))
        .unwrap_or_default();
    let uri = known.uri.as_deref()?;
    let folder = path::base_of_uri(uri, roots)?.to_uri();
    Some(format!("{above}{folder}/"))
}

fn tags(rule: Option<&Rule>, finding: &Finding) -> Vec<String> {
    let mut tags = Vec::new();
    let properties = [
        rule.and_then(|rule| rule.properties.as_ref()),
        finding.properties.as_ref(),
    ];
    for properties in properties.into_iter().flatten() {
        for key in ["tags", "cwe", "category"] {
            match properties.get(key) {
                Some(Value::String(one)) => tags.push(one.clone()),
                Some(Value::Array(all)) => {
                    tags.extend(all.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                _ => {}
            }
        }
    }
    let related = rule.iter().flat_map(|rule| &rule.relationships);
    for target in related.map(|one| &one.target).chain(&finding.taxa) {
        let taxonomy = target.tool_component.as_ref();
        let is_cwe = taxonomy.is_some_and(|one| {
            let name = one.name.as_deref().unwrap_or_default();
            name.eq_ignore_ascii_case("cwe")
        });
        if let (true, Some(id)) = (is_cwe, &target.id) {
            tags.push(match id.bytes().all(|byte| byte.is_ascii_digit()) {
                true => format!("CWE-{id}"),
                false => id.clone(),
            });
        }
    }
    tags
}

/// GitHub's reading: a score where the rule has one, else the level.
fn severity(rule: Option<&Rule>, finding: &Finding) -> Severity {
    let score = |properties: Option<&Value>| match properties?.get("security-severity")? {
        Value::String(text) => text.parse::<f64>().ok(),
        value => value.as_f64(),
    };
    let rules = rule.and_then(|rule| rule.properties.as_ref());
    if let Some(score) = score(finding.properties.as_ref()).or_else(|| score(rules)) {
        return match score {
            score if score >= 9.0 => Severity::Critical,
            score if score >= 7.0 => Severity::High,
            score if score >= 4.0 => Severity::Medium,
            _ => Severity::Low,
        };
    }
    let default = rule.and_then(|rule| rule.default_configuration.as_ref()?.level.as_deref());
    match finding.level.as_deref().or(default) {
        Some("error") => Severity::High,
        Some("note") => Severity::Low,
        Some("none") => Severity::Info,
        _ => Severity::Medium,
    }
}
