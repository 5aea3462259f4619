//! `build.gradle` and `build.gradle.kts`: coordinates that stand there as text,
//! with variables that are set to a text in the same file or in
//! `gradle.properties`. What a build script computes is not known here.

use std::collections::HashMap;

use assay_source::Span;

use super::maven::set_version;
use crate::document::span;
use crate::package::{Ecosystem, Package};
use crate::read::Reading;

/// How deep a variable may stand for another.
const VARIABLE_STEPS_MAX: usize = 4;

pub(in crate::read) fn read(reading: &mut Reading<'_>) {
    let text = reading.text;
    let tokens = tokens(text);
    let mut variables = HashMap::new();
    let mut folder = String::new();
    // The nearest file of properties speaks loudest.
    for _ in 0..4 {
        if let Some((_, properties)) = reading.beside(&format!("{folder}gradle.properties")) {
            for line in properties.lines() {
                if let Some((key, value)) = line.split_once('=') {
                    let key = key.trim().to_owned();
                    variables
                        .entry(key)
                        .or_insert_with(|| value.trim().to_owned());
                }
            }
        }
        folder.push_str("../");
    }
    collect_variables(&tokens, &mut variables);
    for (at, token) in tokens.iter().enumerate() {
        let Token::Text { value, place } = token else {
            continue;
        };
        if let Some(package) = coordinates(&tokens, at, value, *place, &variables) {
            reading.add(package);
        } else if let Some(package) = named_parts(&tokens, at, &variables) {
            reading.add(package);
        }
    }
}

/// What the scanner tells apart: names, texts in quotes, and single signs.
#[derive(Debug, PartialEq)]
enum Token<'a> {
    Name(&'a str),
    Text { value: &'a str, place: Span },
    Sign(u8),
    LineEnd,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        match byte {
            b'/' if rest.starts_with(b"//") => {
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            }
            b'/' if rest.starts_with(b"/*") => {
                at += memchr::memmem::find(&rest[2..], b"*/").map_or(rest.len(), |end| end + 4);
            }
            b'"' | b'\'' => {
                let quote = [byte; 3];
                let width = if rest.starts_with(&quote) { 3 } else { 1 };
                let inner = &rest[width..];
                let end = memchr::memmem::find(inner, &quote[..width]).unwrap_or(inner.len());
                out.push(Token::Text {
                    value: &text[at + width..at + width + end],
                    place: span(at, (at + end + 2 * width).min(text.len())),
                });
                at += end + 2 * width;
            }
            b'\n' => {
                out.push(Token::LineEnd);
                at += 1;
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let is_part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
                let len = rest.iter().position(|b| !is_part(b)).unwrap_or(rest.len());
                out.push(Token::Name(&text[at..at + len]));
                at += len;
            }
            _ => {
                if !byte.is_ascii_whitespace() {
                    out.push(Token::Sign(byte));
                }
                at += 1;
            }
        }
    }
    out
}

/// Finds `name = "text"`, `extra["name"] = "text"`, `set("name", "text")` and
/// `val name by extra("text")`.
fn collect_variables(tokens: &[Token<'_>], variables: &mut HashMap<String, String>) {
    for (at, token) in tokens.iter().enumerate() {
        let Token::Text { value, .. } = token else {
            continue;
        };
        let name = match &tokens[at.saturating_sub(4)..at] {
            [.., Token::Name(name), Token::Sign(b'=')] => name,
            [
                ..,
                Token::Text { value, .. },
                Token::Sign(b']'),
                Token::Sign(b'='),
            ] => value,
            [
                Token::Name("set"),
                Token::Sign(b'('),
                Token::Text { value, .. },
                Token::Sign(b','),
            ] => value,
            [
                Token::Name(name),
                Token::Name("by"),
                Token::Name("extra"),
                Token::Sign(b'('),
            ] => name,
            _ => continue,
        };
        variables.insert((*name).to_owned(), (*value).to_owned());
    }
}

/// Puts variables in their places: `$name`, `${name}`, `${project.name}`.
fn expand(text: &str, variables: &HashMap<String, String>) -> String {
    let mut text = text.to_owned();
    for _ in 0..VARIABLE_STEPS_MAX {
        let Some(start) = text.find('$') else { break };
        let rest = &text[start + 1..];
        let (name, len) = match rest.strip_prefix('{') {
            Some(inner) => {
                let Some(end) = inner.find('}') else { break };
                (&inner[..end], end + 3)
            }
            None => {
                let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
                let end = rest.find(is_end).unwrap_or(rest.len());
                (&rest[..end], end + 1)
            }
        };
        let name = name.rsplit('.').next().unwrap_or(name);
        let name = name
            .trim_end_matches("()")
            .trim_matches(['"', '\'', '[', ']']);
        let Some(value) = variables.get(name) else {
            break;
        };
        let value = value.clone();
        text.replace_range(start..start + len, &value);
    }
    text
}

fn is_word(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    !text.is_empty() && text.bytes().all(is_part)
}

/// Reads `configuration("group:artifact:version")` and what is like it.
fn coordinates(
    tokens: &[Token<'_>],
    at: usize,
    value: &str,
    place: Span,
    variables: &HashMap<String, String>,
) -> Option<Package> {
    let expanded = expand(value, variables);
    let mut parts = expanded.split('@').next().unwrap_or("").split(':');
    let (group, artifact) = (parts.next()?, parts.next()?);
    let version = parts.next().unwrap_or("");
    if !is_word(group)
        || !is_word(artifact)
        || parts.count() > 1
        || value.contains(char::is_whitespace)
    {
        return None;
    }
    let configuration = configuration(tokens, at)?;
    // Two parts alone also are tasks (`:app:build`), files and more.
    if version.is_empty() && !is_configuration(configuration) {
        return None;
    }
    let mut package = Package::new(Ecosystem::Maven, format!("{group}:{artifact}"), place);
    package.direct = true;
    package.dev = configuration.to_ascii_lowercase().contains("test");
    if !version.is_empty() {
        set_version(&mut package, version);
    }
    Some(package)
}

/// Returns the name of the call that begins the statement of a text; none for
/// those that do not add packages.
fn configuration<'a>(tokens: &[Token<'a>], at: usize) -> Option<&'a str> {
    let line = tokens[..at]
        .iter()
        .rposition(|token| *token == Token::LineEnd);
    let statement = &tokens[line.map_or(0, |at| at + 1)..at];
    let names: Vec<&str> = statement
        .iter()
        .filter_map(|token| match token {
            Token::Name(name) => Some(*name),
            _ => None,
        })
        .collect();
    let others = [
        "exclude", "because", "project", "files", "fileTree", "include", "println", "url", "uri",
        "def", "val", "var",
    ];
    if names.iter().any(|name| others.contains(name)) {
        return None;
    }
    names.first().copied()
}

fn is_configuration(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let ends = [
        "implementation",
        "api",
        "compile",
        "runtime",
        "compileonly",
        "runtimeonly",
        "classpath",
        "processor",
        "kapt",
        "ksp",
        "platform",
    ];
    ends.iter().any(|end| lower.ends_with(end))
}

/// Reads `group: 'g', name: 'a', version: 'v'` (Kotlin has `=`), at the text of
/// the name.
fn named_parts(
    tokens: &[Token<'_>],
    at: usize,
    variables: &HashMap<String, String>,
) -> Option<Package> {
    let part =
        |at: usize, word: &str| match (tokens.get(at), tokens.get(at + 1), tokens.get(at + 2)) {
            (
                Some(Token::Name(name)),
                Some(Token::Sign(b':' | b'=')),
                Some(Token::Text { value, place }),
            ) if *name == word => Some((*value, *place)),
            _ => None,
        };
    let begin = at.checked_sub(2)?;
    let (group, _) = part(begin, "group")?;
    let (name, place) = part(begin + 4, "name")?;
    let version = part(begin + 8, "version");
    let name = format!("{}:{}", expand(group, variables), expand(name, variables));
    let mut package = Package::new(
        Ecosystem::Maven,
        name,
        version.map_or(place, |(_, place)| place),
    );
    package.direct = true;
    package.dev = configuration(tokens, begin)?
        .to_ascii_lowercase()
        .contains("test");
    if let Some((version, _)) = version {
        set_version(&mut package, &expand(version, variables));
    }
    Some(package)
}

#[cfg(test)]
mod tests {
    use crate::read::testing::{check, check_beside};

    #[test]
    fn groovy_is_read() {
        check_beside(
            "app/build.gradle",
            r#"ext { bVersion = '2.0' }
ext.set("cVersion", "3.1")
dependencies {
    implementation 'org.a:a:1.0' // 'org.x:x:1'
    implementation "org.b:b:$bVersion"
    testImplementation("org.c:c:${cVersion}:sources@jar")
    compile group: 'org.d', name: 'd', version: "${props}"
    api platform('org.e:bom:1.2')
    runtimeOnly 'org.f:f'
    implementation 'org.g:g:1.+'
    implementation("org.h:h:1") { exclude group: 'org.i', module: 'i' }
    implementation project(':lib:core')
    /* implementation 'org.j:j:1.0' */
}
tasks.named('build') { dependsOn ':app:check' }
"#,
            &[("gradle.properties", "props=4.0\n")],
            "4 org.a:a 1.0 direct
             5 org.b:b 2.0 direct
             6 org.c:c 3.1 direct dev
             7 org.d:d 4.0 direct
             8 org.e:bom 1.2 direct
             9 org.f:f - direct
             10 org.g:g - [1.+] direct
             11 org.h:h 1 direct",
        );
    }

    #[test]
    fn kotlin_is_read() {
        check(
            "build.gradle.kts",
            r#"val aVersion = "1.0"
val bVersion by extra("2.0")
dependencies {
    implementation("org.a:a:$aVersion")
    testImplementation(kotlin("test"))
    add("ksp", "org.b:b:${bVersion}")
    implementation(group = "org.c", name = "c", version = "3")
    implementation("org.d:d:$unknown")
}
val url = "http://example.org:80:x"
"#,
            "4 org.a:a 1.0 direct
             6 org.b:b 2.0 direct
             7 org.c:c 3 direct
             8 org.d:d - [$unknown] direct",
        );
    }

    #[test]
    fn texts_without_an_end_end() {
        check(
            "build.gradle",
            "implementation 'org.a:a:1.0",
            "1 org.a:a 1.0 direct",
        );
        check("build.gradle", "/* implementation 'org.a:a:1.0'", "");
    }
}
