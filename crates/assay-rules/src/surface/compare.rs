//! Compares what a file offered with what it offers now.

use std::collections::HashMap;

use super::raised;
use super::{Signature, Surface, SurfaceItem, SurfaceParameter};

/// What a change takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakKind {
    /// It is gone, or has another name.
    Removed,
    /// It is there and no longer public.
    Hidden,
    /// It is called in another way.
    Signature,
    /// A default is another one.
    Default,
    /// Who implements the type must provide more.
    Required,
}

/// One thing that users of the base cannot do with the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// What it is about.
    pub kind: BreakKind,
    /// The word for the thing.
    pub what: &'static str,
    /// The name of the thing.
    pub name: String,
    /// What exactly is different, as a part of a sentence.
    pub detail: String,
    /// Whether the text alone proves it, and nobody was told before.
    pub is_certain: bool,
    /// For a member that is gone, what its class extends now: it may be inherited.
    pub extends: String,
    /// The thing in the base; none for what is new.
    pub base: Option<assay_source::Span>,
    /// The thing in the head; none when it is gone.
    pub head: Option<assay_source::Span>,
}

/// Returns what the head takes away from users of the base.
pub fn compare_surfaces(base: &Surface, head: &Surface) -> Vec<Break> {
    let by_name = |surface: &'_ Surface| {
        let mut items: HashMap<String, Vec<SurfaceItem>> = HashMap::new();
        for item in &surface.items {
            items
                .entry(item.name.clone())
                .or_default()
                .push(item.clone());
        }
        items
    };
    let (old, new) = (by_name(base), by_name(head));
    let mut breaks = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for item in &base.items {
        if !seen.insert(&item.name) {
            continue;
        }
        // What went with its class is told with the class.
        let around = item.name.rsplit_once('.').map(|(owner, _)| owner);
        let owner_is_gone =
            around.is_some_and(|owner| old.contains_key(owner) && !new.contains_key(owner));
        if owner_is_gone {
            continue;
        }
        match new.get(&item.name) {
            Some(now) => breaks.extend(compare_items(&old[&item.name], now, head)),
            None if head.handed_on.contains(&item.name) => {}
            None => {
                let owner_now = around.and_then(|owner| new.get(owner)?.first());
                // The parts of a type that is written in place may have got a name.
                let was = around.and_then(|owner| old.get(owner)?.first());
                let is_inline = owner_now.is_some_and(|owner| {
                    owner.kind == "field"
                        || owner.kind == "type" && was.is_some_and(|was| was.kind != "type")
                });
                let mut gone = gone(item, head);
                gone.extends = owner_now.map_or_else(String::new, |owner| owner.heritage.clone());
                let is_elsewhere = head.is_open && around.is_none();
                gone.is_certain = !item.is_deprecated && !is_inline && !is_elsewhere;
                breaks.push(gone);
            }
        }
    }
    // Whoever builds a structure of Rust gives all its fields.
    let is_built = |item: &SurfaceItem| {
        let of = |items: &HashMap<String, Vec<SurfaceItem>>| {
            let owner = items.get(item.owner.as_ref()?)?.first()?;
            Some(owner.is_complete && owner.kind == "structure")
        };
        item.kind == "field" && of(&old) == Some(true) && of(&new) == Some(true)
    };
    let required = |item: &&SurfaceItem| item.is_required || is_built(item);
    for item in head.items.iter().filter(required) {
        let owner_was_there = item
            .owner
            .as_ref()
            .is_some_and(|owner| old.contains_key(owner));
        if owner_was_there && !old.contains_key(&item.name) {
            breaks.push(Break {
                kind: BreakKind::Required,
                what: item.kind,
                name: item.name.clone(),
                detail: match item.kind {
                    "variant" => "is new, and every `match` must handle it".to_owned(),
                    "field" => "is new, and who builds the structure must give it".to_owned(),
                    _ => "is new, and every implementation must provide it".to_owned(),
                },
                is_certain: true,
                extends: String::new(),
                base: None,
                head: Some(item.span),
            });
        }
    }
    breaks
}

fn gone(item: &SurfaceItem, head: &Surface) -> Break {
    let is_hidden = head.names.binary_search(&item.name).is_ok();
    let (kind, detail) = match is_hidden {
        true => (BreakKind::Hidden, "is no longer public".to_owned()),
        false => (BreakKind::Removed, "is gone".to_owned()),
    };
    Break {
        kind,
        what: item.kind,
        name: item.name.clone(),
        detail,
        is_certain: true,
        extends: String::new(),
        base: Some(item.span),
        head: None,
    }
}

/// Compares all that goes by one name: overloads are matched first.
fn compare_items(old: &[SurfaceItem], new: &[SurfaceItem], head: &Surface) -> Option<Break> {
    let item = &old[0];
    let make = |kind, detail, at: &SurfaceItem, now: &SurfaceItem| Break {
        kind,
        what: at.kind,
        name: at.name.clone(),
        detail,
        is_certain: true,
        extends: String::new(),
        base: Some(at.span),
        head: Some(now.span),
    };
    for one in old {
        let Some(was) = &one.signature else { continue };
        let candidates = new
            .iter()
            .filter_map(|now| Some((now, now.signature.as_ref()?)));
        let mut first = None;
        let mut is_kept = false;
        for (now, signature) in candidates {
            match compare_signatures(was, signature, head) {
                None => is_kept = true,
                Some(difference) => {
                    // Of several the one with as many parameters is meant.
                    let near = signature.parameters.len() == was.parameters.len();
                    if first.is_none() || near {
                        first = Some((difference, now));
                    }
                }
            }
        }
        match first {
            Some(((kind, detail), now)) if !is_kept => {
                let several = old.len() > 1 && new.len() < old.len();
                let detail = if several {
                    "lost one of its overloads".to_owned()
                } else {
                    detail
                };
                return Some(make(kind, detail, item, now));
            }
            _ => {}
        }
    }
    let now = new.first()?;
    let is_closed = item.is_complete && !now.is_complete && item.kind == now.kind;
    is_closed.then(|| {
        let detail = match item.kind {
            "enumeration" => "is `#[non_exhaustive]` now, and a `match` needs an arm for the rest",
            _ => "has a private field or is `#[non_exhaustive]` now, and others can no longer build it",
        };
        make(BreakKind::Signature, detail.to_owned(), item, now)
    })
}

fn compare_signatures(
    was: &Signature,
    now: &Signature,
    head: &Surface,
) -> Option<(BreakKind, String)> {
    if was == now {
        return None;
    }
    let by_name = was.by_name;
    let text = if by_name {
        named(was, now)
    } else {
        placed(was, now)
    };
    if let Some(text) = text {
        return Some((BreakKind::Signature, text));
    }
    if was.is_typed && was.result != now.result {
        let name = |result: &Option<String>| result.clone().unwrap_or_else(|| "nothing".to_owned());
        return Some((
            BreakKind::Signature,
            format!(
                "gives back `{}` and gave `{}`",
                name(&now.result),
                name(&was.result)
            ),
        ));
    }
    // Who caught everything catches each; what nobody must catch may come anyway.
    let catches_all = was
        .throws
        .iter()
        .any(|name| matches!(name.as_str(), "Throwable" | "Exception"));
    let is_news = |name: &&String| {
        !was.throws.contains(name) && (!catches_all || *name == "Throwable") && !is_unchecked(name)
    };
    if let Some(new) = now.throws.iter().find(is_news) {
        return Some((BreakKind::Signature, format!("now throws `{new}`")));
    }
    if let Some((old, new)) = raised::other(&was.raises, &now.raises, head) {
        let text = format!(
            "raises `{new}` where it raised `{old}`, and who catches that does not catch it"
        );
        return Some((BreakKind::Signature, text));
    }
    let pairs = was.parameters.iter().filter_map(|old| {
        let new = now.parameters.iter().find(|new| new.name == old.name)?;
        let (before, after) = (old.default.as_ref()?, new.default.as_ref()?);
        (before != after && !before.is_empty() && !after.is_empty()).then_some((old, before, after))
    });
    pairs
        .take(1)
        .map(|(old, before, after)| {
            (
                BreakKind::Default,
                format!(
                    "has the default `{after}` for `{}`, which was `{before}`",
                    old.name
                ),
            )
        })
        .next()
}

/// Exceptions of Java that need not be declared.
fn is_unchecked(name: &str) -> bool {
    const UNCHECKED: &[&str] = &[
        "RuntimeException",
        "IllegalArgumentException",
        "IllegalStateException",
        "NullPointerException",
        "UnsupportedOperationException",
        "IndexOutOfBoundsException",
        "ArithmeticException",
        "ClassCastException",
        "DateTimeException",
        "NumberFormatException",
        "SecurityException",
        "UncheckedIOException",
        "NoSuchElementException",
        "ConcurrentModificationException",
    ];
    name.ends_with("Error") || UNCHECKED.contains(&name)
}

fn is_required(parameter: &SurfaceParameter) -> bool {
    parameter.default.is_none() && !parameter.is_variadic
}

fn named(was: &Signature, now: &Signature) -> Option<String> {
    let find = |name: &str| now.parameters.iter().position(|new| new.name == name);
    let takes_any = now.parameters.iter().any(|new| new.is_variadic);
    let is_new = |new: &&SurfaceParameter| !was.parameters.iter().any(|old| old.name == new.name);
    let lost: Vec<&SurfaceParameter> = was
        .parameters
        .iter()
        .filter(|old| find(&old.name).is_none() && !old.is_variadic)
        .collect();
    let added: Vec<&SurfaceParameter> = now.parameters.iter().filter(is_new).collect();
    // One name for another at the same place: only callers by name notice.
    let renamed = lost.len() == 1
        && added.len() == 1
        && was
            .parameters
            .iter()
            .position(|old| old.name == lost[0].name)
            == find(&added[0].name)
        && !added[0].is_variadic
        && is_required(added[0]) == is_required(lost[0]);
    if renamed {
        return Some(format!(
            "calls its parameter `{}` now `{}`",
            lost[0].name, added[0].name
        ));
    }
    if let Some(old) = lost.first().filter(|_| !takes_any) {
        return Some(format!("no longer takes `{}`", old.name));
    }
    if let Some(new) = added.iter().find(|new| is_required(new)) {
        return Some(format!("demands `{}`, which is new", new.name));
    }
    let order: Vec<usize> = was
        .parameters
        .iter()
        .filter_map(|old| find(&old.name))
        .collect();
    if !order.is_sorted() {
        return Some("takes its parameters in another order".to_owned());
    }
    stricter(was, now, |old| {
        find(&old.name).map(|at| &now.parameters[at])
    })
}

fn placed(was: &Signature, now: &Signature) -> Option<String> {
    let takes_any = now.parameters.last().is_some_and(|last| last.is_variadic);
    if now.parameters.len() < was.parameters.len() && !takes_any {
        let names: Vec<&str> = now.parameters.iter().map(|new| new.name.as_str()).collect();
        let lost = was
            .parameters
            .iter()
            .find(|old| !names.contains(&old.name.as_str()));
        return Some(match lost {
            Some(old) => format!("no longer takes `{}`", old.name),
            None => "takes fewer parameters".to_owned(),
        });
    }
    let further = now.parameters.iter().skip(was.parameters.len());
    if was.is_typed || !was.parameters.is_empty() || !now.parameters.is_empty() {
        // In languages without checks a caller that hands in less hands in nothing.
        let extra = further.clone().find(|new| is_required(new));
        if let Some(new) = extra {
            return Some(format!("demands `{}`, which is new", new.name));
        }
    }
    let old_names: Vec<&str> = was.parameters.iter().map(|one| one.name.as_str()).collect();
    let new_names: Vec<&str> = now.parameters.iter().map(|one| one.name.as_str()).collect();
    let mut sorted = (old_names.clone(), new_names.clone());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    if old_names != new_names && sorted.0 == sorted.1 && !old_names.contains(&"_") {
        return Some("takes its parameters in another order".to_owned());
    }
    let places: HashMap<&str, usize> = was
        .parameters
        .iter()
        .enumerate()
        .map(|(at, old)| (old.name.as_str(), at))
        .collect();
    stricter(was, now, |old| {
        now.parameters.get(*places.get(old.name.as_str())?)
    })
}

/// A parameter that demands more than before.
fn stricter<'a>(
    was: &'a Signature,
    now: &'a Signature,
    new_of: impl Fn(&SurfaceParameter) -> Option<&'a SurfaceParameter>,
) -> Option<String> {
    for old in &was.parameters {
        let Some(new) = new_of(old) else { continue };
        if is_required(new) && !is_required(old) {
            return Some(format!("demands `{}`, which was optional", new.name));
        }
        let typed =
            was.is_typed && now.is_typed && !old.type_text.is_empty() && !new.type_text.is_empty();
        if typed && old.type_text != new.type_text {
            return Some(format!(
                "takes `{}` as `{}` and took `{}`",
                new.name, new.type_text, old.type_text
            ));
        }
    }
    None
}
