//! Routes, flags and configuration keys that a change takes away from people and
//! programs outside: what no changed file declares any longer.

use std::collections::BTreeSet;
use std::sync::Arc;

use assay_finding::{Confidence, Finding, Severity};
use assay_graph::{EntryKind, Expression, extract_tree, is_test_path};
use assay_rules::{OutwardKind, may_be_outward, outward_names};
use assay_source::{ChangeStatus, SourceText, Span};
use assay_syntax::ParsedFile;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::{Loss, finding};
use crate::engines::Engines;
use crate::file::Examined;
use crate::pipeline::Subject;

/// Findings of one file: a router that was written anew is one piece of news.
const LOSSES_PER_FILE_MAX: usize = 15;

/// Words without which a text declares no route.
const WORDS: &[&str] = &[
    "route",
    "Route",
    "Mapping",
    "@Path",
    "path(",
    "HandleFunc",
    ".GET(",
    ".POST(",
    ".get(",
    ".post(",
    ".Get(",
    ".Post(",
    "Http",
    "resources",
    "@app.",
    "@router.",
];

/// One name that is declared in a file.
#[derive(Clone, Debug)]
struct Declared {
    rule: &'static str,
    /// By what it is compared.
    key: String,
    /// What it is called.
    shown: String,
    span: Span,
    is_announced: bool,
}

/// Finds what no changed file declares any longer.
pub(super) fn find(
    subject: Subject<'_>,
    examined: &[Examined],
    engines: &Engines<'_>,
) -> Vec<(usize, Vec<Finding>)> {
    let read = |(at, file): (usize, &Examined)| {
        let (kept, path) = (file.kept.as_ref()?, file.entry.path.as_str()?);
        let is_copy = matches!(file.entry.status, ChangeStatus::Copied { .. });
        if kept.language.is_data_only() || is_test_path(path) {
            return None;
        }
        let read = |text: &Arc<SourceText>| {
            let plain = text.as_str();
            let has = may_be_outward(plain) || WORDS.iter().any(|word| plain.contains(word));
            let parsed = has.then(|| engines.parse(text, kept.language));
            parsed.map_or_else(Vec::new, |parsed| declared(file, &parsed))
        };
        let before = match &kept.base {
            Some(base) if !is_copy => read(base),
            _ => Vec::new(),
        };
        Some((at, before, read(&kept.head)))
    };
    let files = examined.par_iter().enumerate();
    let read: Vec<(usize, Vec<Declared>, Vec<Declared>)> = files.filter_map(read).collect();
    let mut sides: Vec<(usize, Vec<Declared>)> = Vec::new();
    let mut now: Vec<Declared> = Vec::new();
    for (at, before, after) in read {
        now.extend(after);
        if !before.is_empty() {
            sides.push((at, before));
        }
    }
    let keys: BTreeSet<(&str, &str)> = now.iter().map(|one| (one.rule, one.key.as_str())).collect();
    let all = sides.iter().flat_map(|(_, before)| before);
    let known: BTreeSet<(&str, &str)> = all.map(|one| (one.rule, one.key.as_str())).collect();
    let mut found = Vec::new();
    for (at, before) in &sides {
        let (file, change) = (&examined[*at], &subject.change.files[*at]);
        let Some(kept) = &file.kept else { continue };
        let lost: Vec<&Declared> = before
            .iter()
            .filter(|one| !keys.contains(&(one.rule, one.key.as_str())))
            .filter(|one| !is_under_any(one, &keys))
            .take(LOSSES_PER_FILE_MAX)
            .collect();
        let findings = lost.into_iter().filter_map(|one| {
            let instead = replacement(one, &now, &known);
            let detail = match &instead {
                Some(other) => format!("is gone; `{other}` is new"),
                None => "is gone".to_owned(),
            };
            let loss = Loss {
                rule: one.rule,
                parts: [&one.key, &detail],
                message: format!(
                    "{} `{}` {detail}: {}",
                    what(one.rule),
                    one.shown,
                    why(one.rule)
                ),
                symbol: &one.shown,
                severity: one.is_announced.then_some(Severity::Low),
                confidence: one.is_announced.then_some(Confidence::Low),
                base: Some(one.span),
                head: None,
            };
            finding(file, change, kept, &loss, engines)
        });
        let findings: Vec<Finding> = findings.collect();
        if !findings.is_empty() {
            found.push((*at, findings));
        }
    }
    found
}

fn what(rule: &str) -> &'static str {
    match rule {
        "api/removed-flag" => "The flag",
        "api/removed-route" => "The route",
        _ => "The configuration key",
    }
}

fn why(rule: &str) -> &'static str {
    match rule {
        "api/removed-flag" => "scripts that pass it stop to work; keep it as an alias for a while",
        "api/removed-route" => "clients that call it are refused",
        _ => "files that set it are ignored or refused; read the old name as an alias for a while",
    }
}

/// Whether a route of any method stands in for the one that is gone.
fn is_under_any(one: &Declared, keys: &BTreeSet<(&str, &str)>) -> bool {
    let Some((_, path)) = one
        .key
        .split_once(' ')
        .filter(|_| one.rule == "api/removed-route")
    else {
        return false;
    };
    keys.contains(&(one.rule, format!("ANY {path}").as_str()))
        || one.key.starts_with("ANY ")
            && keys
                .iter()
                .any(|(rule, key)| *rule == one.rule && key.ends_with(&format!(" {path}")))
}

/// Returns the one name that is new, when there is one of the same kind only: of keys, in the
/// same type.
fn replacement(one: &Declared, now: &[Declared], known: &BTreeSet<(&str, &str)>) -> Option<String> {
    fn owner(one: &Declared) -> Option<&str> {
        let is_key = one.rule == "api/removed-configuration-key";
        let (owner, _) = one.key.rsplit_once('.').filter(|_| is_key)?;
        Some(owner)
    }
    let mut news = now.iter().filter(|other| {
        other.rule == one.rule
            && owner(other) == owner(one)
            && !known.contains(&(other.rule, other.key.as_str()))
    });
    let first = news.next()?;
    news.next().is_none().then(|| first.shown.clone())
}

fn declared(file: &Examined, parsed: &ParsedFile) -> Vec<Declared> {
    let mut found = Vec::new();
    for tree in &parsed.trees {
        if tree.language().is_data_only() {
            continue;
        }
        let names = outward_names(&file.entry.path, tree).into_iter();
        found.extend(names.map(|one| Declared {
            rule: match one.kind {
                OutwardKind::Flag => "api/removed-flag",
                OutwardKind::Key => "api/removed-configuration-key",
            },
            key: one.name.clone(),
            shown: one.name,
            span: one.span,
            is_announced: one.is_announced,
        }));
        if !serves(tree.language().id().as_str(), tree.text().as_str()) {
            continue;
        }
        let facts = extract_tree(tree);
        for entry in facts
            .entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Route)
        {
            let label = facts.text(entry.label);
            // What is handed over besides a path is data, and the call a client's.
            let handler = facts.expression(entry.handler);
            let runs = matches!(
                handler,
                Expression::Name(_)
                    | Expression::Member(..)
                    | Expression::Call(..)
                    | Expression::Definition(_)
                    | Expression::New(..)
            );
            if !runs {
                continue;
            }
            found.push(Declared {
                rule: "api/removed-route",
                key: template(label),
                shown: label.to_owned(),
                span: Span::new(entry.place.start, entry.place.start),
                is_announced: false,
            });
        }
    }
    found
}

/// Whether a file of a language in which servers and clients are written alike
/// serves routes.
fn serves(language: &str, text: &str) -> bool {
    let words: &[&str] = match language {
        "javascript" | "typescript" | "tsx" => &[
            "express", "fastify", "Router(", "koa", "hono", "@nestjs", "restify", "polka",
        ],
        "go" => &[
            "net/http",
            "gin-gonic",
            "labstack/echo",
            "go-chi",
            "gorilla/mux",
            "gofiber",
            "http.Handler",
        ],
        "python" => &[
            "flask",
            "fastapi",
            "django",
            "starlette",
            "sanic",
            "aiohttp",
            "bottle",
            "Blueprint",
            "APIRouter",
            "urlpatterns",
        ],
        _ => return true,
    };
    words.iter().any(|word| text.contains(word))
}

/// `GET /users/{id}/`, `GET /users/:user` and `GET /users/<int:pk>` are one route.
fn template(label: &str) -> String {
    let (method, path) = label.split_once(' ').unwrap_or(("ANY", label));
    let mut out = String::from(method);
    out.push(' ');
    for part in path.trim_matches('/').split('/') {
        out.push('/');
        let is_variable = part.starts_with([':', '{', '<', '*']) || part.starts_with("(?P<");
        out.push_str(if is_variable { "{}" } else { part });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn what_a_variable_is_called_is_nothing_to_a_route() {
        for (label, expected) in [
            ("GET /users/:id", "GET /users/{}"),
            ("GET /users/{user}/", "GET /users/{}"),
            ("ANY users/<int:pk>", "ANY /users/{}"),
            ("POST /", "POST /"),
            ("/a", "ANY /a"),
        ] {
            assert_eq!(template(label), expected, "{label}");
        }
    }
}
