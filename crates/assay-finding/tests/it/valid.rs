//! What must hold of each format, whatever is in the report.

use std::sync::LazyLock;

use assay_finding::render::{
    Format, JSON_SCHEMA_NAME, REMARKS_SCHEMA_NAME, json_schema, remarks_schema,
};
use serde_json::Value;

use crate::xml::{Element, elements};

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::validator_for(schema).expect("the schema itself is valid")
}

fn validator_of(text: &str) -> jsonschema::Validator {
    validator(&serde_json::from_str(text).expect("the schema is JSON"))
}

static JSON: LazyLock<jsonschema::Validator> = LazyLock::new(|| validator(&json_schema()));
static REMARKS: LazyLock<jsonschema::Validator> = LazyLock::new(|| validator(&remarks_schema()));
static SARIF: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| validator_of(include_str!("../data/sarif-subset.schema.json")));
static GITLAB: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| validator_of(include_str!("../data/gitlab-code-quality.schema.json")));
static RDJSON: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| validator_of(include_str!("../data/rdjson.schema.json")));

/// Checks a report in a format and says what is wrong with it.
pub(crate) fn check(format: Format, text: &str) -> Result<(), String> {
    match format {
        Format::Terminal => check_terminal(text),
        Format::Json => check_report(text),
        Format::Sarif => check_sarif(text),
        Format::Markdown => check_markdown(text),
        Format::Html => check_html(text),
        Format::GithubAnnotations => check_annotations(text),
        Format::GitlabCodeQuality => check_gitlab(text),
        Format::Junit => check_junit(text),
        Format::Rdjson => check_json(&RDJSON, text).map(|_| ()),
        Format::Remarks => check_remarks(text),
    }
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

fn check_json(validator: &jsonschema::Validator, text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let errors: Vec<_> = validator
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .take(3)
        .collect();
    ensure(errors.is_empty(), || errors.join("; "))?;
    Ok(value)
}

/// Each remark is Markdown as the comment is, at lines that go forward.
fn check_remarks(text: &str) -> Result<(), String> {
    let value = check_json(&REMARKS, text)?;
    ensure(value["schema"] == REMARKS_SCHEMA_NAME, || {
        "another schema".to_owned()
    })?;
    check_markdown(value["summary"].as_str().unwrap_or_default())?;
    for remark in value["remarks"].as_array().into_iter().flatten() {
        check_markdown(remark["body"].as_str().unwrap_or_default())?;
        let message = remark["message"].as_str().unwrap_or_default();
        ensure(!message.contains('\n'), || format!("{message:?} has lines"))?;
        let is_forward = remark["start_line"].as_u64() <= remark["end_line"].as_u64();
        ensure(is_forward, || format!("{remark} goes backward"))?;
    }
    Ok(())
}

fn check_report(text: &str) -> Result<(), String> {
    let value = check_json(&JSON, text)?;
    ensure(value["schema"] == JSON_SCHEMA_NAME, || {
        "another schema".to_owned()
    })
}

/// Nothing but text, line ends and, in colour, our own sequences.
fn check_terminal(text: &str) -> Result<(), String> {
    let mut rest = text;
    while let Some(at) = rest.find('\x1b') {
        let after = &rest[at + 1..];
        let styled = after.strip_prefix('[').and_then(|after| {
            let end = after.find('m')?;
            let is_ours = after[..end].chars().all(|c| c.is_ascii_digit() || c == ';');
            is_ours.then(|| &after[end + 1..])
        });
        let linked = after.strip_prefix("]8;;").and_then(|after| {
            let (address, rest) = after.split_once("\x1b\\")?;
            let is_ours = address.is_empty() || address.starts_with("file:///root/");
            (is_ours && address.is_ascii() && !address.contains(' ')).then_some(rest)
        });
        rest = styled.or(linked).ok_or_else(|| {
            format!(
                "foreign escape sequence {:?}",
                &after[..after.len().min(20)]
            )
        })?;
    }
    let is_odd = |c: char| {
        (c.is_control() && !"\n\x1b".contains(c))
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    match text.chars().find(|&c| is_odd(c)) {
        Some(c) => Err(format!("character U+{:04X}", u32::from(c))),
        None => Ok(()),
    }
}

fn check_sarif(text: &str) -> Result<(), String> {
    let value = check_json(&SARIF, text)?;
    let run = &value["runs"][0];
    let rules = run["tool"]["driver"]["rules"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for result in run["results"].as_array().into_iter().flatten() {
        let index = result["ruleIndex"].as_u64().unwrap_or(u64::MAX) as usize;
        let id = rules.get(index).map(|rule| &rule["id"]);
        ensure(id == Some(&result["ruleId"]), || {
            format!("ruleIndex of {}", result["ruleId"])
        })?;
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let place = |line: &str, column: &str| (region[line].as_u64(), region[column].as_u64());
        let is_forward = place("startLine", "startColumn") <= place("endLine", "endColumn");
        ensure(is_forward, || format!("region {region}"))?;
    }
    Ok(())
}

fn check_gitlab(text: &str) -> Result<(), String> {
    let value = check_json(&GITLAB, text)?;
    let mut seen = std::collections::HashSet::new();
    for issue in value.as_array().into_iter().flatten() {
        let fingerprint = issue["fingerprint"].to_string();
        ensure(seen.insert(fingerprint.clone()), || {
            format!("{fingerprint} is there twice")
        })?;
    }
    Ok(())
}

/// The elements and counts that build servers read, and no others.
fn check_junit(text: &str) -> Result<(), String> {
    let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all = elements(body.ok_or("no XML declaration")?)?;
    let in_suite = |suite: usize, name: &str| {
        let inside = all[suite + 1..]
            .iter()
            .take_while(|element| element.path.len() > 2);
        inside.filter(|element| element.name() == name).count()
    };
    let number =
        |element: &Element, name: &str| element.attribute(name).and_then(|n| n.parse().ok());
    for (index, element) in all.iter().enumerate() {
        let path = element.path.join("/");
        let (required, optional): (&[&str], &[&str]) = match path.as_str() {
            "testsuites" => (&["name", "tests", "failures", "errors", "time"], &[]),
            "testsuites/testsuite" => (
                &["name", "tests", "failures", "errors", "skipped", "time"],
                &[],
            ),
            "testsuites/testsuite/properties" => (&[], &[]),
            "testsuites/testsuite/properties/property" => (&["name", "value"], &[]),
            "testsuites/testsuite/testcase" => (&["name", "classname", "time"], &[]),
            "testsuites/testsuite/testcase/failure"
            | "testsuites/testsuite/testcase/error"
            | "testsuites/testsuite/testcase/skipped" => (&["message", "type"], &[]),
            "testsuites/testsuite/testcase/system-out" => (&[], &[]),
            _ => return Err(format!("element {path}")),
        };
        for name in required {
            ensure(element.attribute(name).is_some(), || {
                format!("{path} without {name}")
            })?;
        }
        for (name, _) in &element.attributes {
            let is_known = required.contains(&name.as_str()) || optional.contains(&name.as_str());
            ensure(is_known, || format!("{path} with {name}"))?;
        }
        if path == "testsuites/testsuite" {
            let counts = [
                ("tests", "testcase"),
                ("failures", "failure"),
                ("errors", "error"),
                ("skipped", "skipped"),
            ];
            for (attribute, name) in counts {
                let counted = in_suite(index, name);
                ensure(number(element, attribute) == Some(counted), || {
                    format!("{attribute} is not {counted}")
                })?;
            }
        }
    }
    Ok(())
}

const HTML_ELEMENTS: &str = "html head meta title style body a header div main section article \
    h1 h2 h3 h4 span code pre mark svg circle rect line text p ul ol li details summary strong \
    table caption thead tbody tr th td br input label footer";

/// Well formed, no element that could load or run anything, links only to the
/// page itself and to the web.
fn check_html(text: &str) -> Result<(), String> {
    let body = text
        .strip_prefix("<!DOCTYPE html>\n")
        .ok_or("no document type")?;
    let all = elements(body)?;
    let mut ids = std::collections::HashSet::new();
    for element in &all {
        let name = element.name();
        ensure(
            HTML_ELEMENTS.split_whitespace().any(|known| known == name),
            || format!("element {name}"),
        )?;
        for (attribute, value) in &element.attributes {
            let is_handler = attribute.starts_with("on")
                || ["src", "srcset", "action"].contains(&attribute.as_str());
            ensure(!is_handler, || format!("attribute {attribute}"))?;
            if attribute == "href" {
                let is_known = value.starts_with('#') || value.starts_with("https://");
                ensure(is_known, || format!("link to {value}"))?;
            }
            if attribute == "id" {
                ensure(ids.insert(value.clone()), || {
                    format!("id {value} is there twice")
                })?;
            }
        }
    }
    Ok(())
}

/// Outside fenced blocks every line is one of ours, and no element is open at
/// the end.
fn check_markdown(text: &str) -> Result<(), String> {
    ensure(text.len() <= 65_536, || format!("{} bytes", text.len()))?;
    let mut fence: Option<String> = None;
    let mut html = String::new();
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match &fence {
            Some(open) if line == open => fence = None,
            Some(open) => ensure(ticks < open.len(), || format!("line {line:?} in a fence"))?,
            None if ticks >= 3 => {
                ensure(line[ticks..] == *"diff", || format!("fence {line:?}"))?;
                fence = Some(line[..ticks].to_owned());
            }
            None if line.starts_with("## Assay: ") => {
                let is_plain = line[3..]
                    .chars()
                    .all(|c| c.is_alphanumeric() || " :,.()?-".contains(c));
                ensure(is_plain, || format!("heading {line:?}"))?;
            }
            None => {
                ensure(line.is_empty() || line.starts_with('<'), || {
                    format!("line {line:?}")
                })?;
                html.push_str(line);
                html.push('\n');
            }
        }
    }
    ensure(fence.is_none(), || "open fence".to_owned())?;
    let html = html.replace("&#8203;", "\u{200b}").replace("<br>", "<br/>");
    // What stands before an element and what stands after it are not one word.
    let html = html.replace("</code>", "</code>\u{200b}");
    let all = elements(&format!("<root>{html}</root>"))?;
    let known = "root p b br ul ol li code details summary";
    for element in &all {
        let name = element.name();
        ensure(known.split(' ').any(|known| known == name), || {
            format!("element {name}")
        })?;
        ensure(element.attributes.is_empty(), || {
            format!("attributes of {name}")
        })?;
        let text: Vec<char> = element.text.chars().collect();
        let mentions = text
            .windows(2)
            .any(|pair| pair[0] == '@' && pair[1].is_alphanumeric());
        ensure(name == "code" || !mentions, || {
            format!("mention in {:?}", element.text)
        })?;
        let is_link = name != "code" && element.text.contains("://");
        ensure(!is_link, || format!("link in {:?}", element.text))?;
    }
    Ok(())
}

/// Each line is one command or a line of the log, and the commands are as many
/// as GitHub shows.
fn check_annotations(text: &str) -> Result<(), String> {
    let mut counts = [0; 3];
    for line in text.split_terminator('\n') {
        ensure(!line.contains(['\r', '\x1b']), || format!("line {line:?}"))?;
        if line.starts_with("also ") {
            ensure(!line.contains("##["), || format!("old command in {line:?}"))?;
            continue;
        }
        let kinds = ["::error ", "::warning ", "::notice "];
        let kind = kinds.iter().position(|kind| line.starts_with(kind));
        let kind = kind.ok_or_else(|| format!("line {line:?}"))?;
        counts[kind] += 1;
        let (properties, _) = line[kinds[kind].len()..]
            .split_once("::")
            .ok_or("no message")?;
        for property in properties.split(',') {
            let (name, value) = property
                .split_once('=')
                .ok_or_else(|| format!("{property:?}"))?;
            let known = ["file", "line", "endLine", "col", "endColumn", "title"];
            ensure(known.contains(&name), || format!("property {name:?}"))?;
            ensure(!value.contains([':', ',']), || format!("value {value:?}"))?;
        }
    }
    ensure(counts.iter().all(|&count| count <= 10), || {
        format!("{counts:?} commands")
    })
}
