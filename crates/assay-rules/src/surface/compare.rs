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
    /// The parameter that it is about.
    pub parameter: Option<String>,
    /// For a member or an overload that is gone, what its class extends now: it may be
    /// inherited.
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
            Some(now) => {
                let was = &old[&item.name];
                let mut found = compare_items(was, now, head);
                if let (Some(found), true) = (&mut found, may_be_overload(was)) {
                    let owner = around.and_then(|owner| new.get(owner)?.first());
                    found.extends = owner.map_or_else(String::new, |one| one.heritage.clone());
                }
                breaks.extend(found);
            }
            None if head.handed_on.contains(&item.name) => {}
            None if head.handed_on.contains(&any_case(&item.name)) => {}
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
                parameter: None,
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
        parameter: None,
        extends: String::new(),
        base: Some(item.span),
        head: None,
    }
}

/// Writes a name as surfaces hand on those that are found in any case of letters (PHP).
pub(super) fn any_case(name: &str) -> String {
    format!("\\{}", name.to_lowercase())
}

/// Whether a class that inherits may have another function of the name.
fn may_be_overload(items: &[SurfaceItem]) -> bool {
    let is_overloaded = |signature: &Signature| signature.is_typed;
    items
        .iter()
        .any(|item| item.owner.is_some() && item.signature.as_ref().is_some_and(is_overloaded))
}

/// Compares all that goes by one name: overloads are matched first.
fn compare_items(old: &[SurfaceItem], new: &[SurfaceItem], head: &Surface) -> Option<Break> {
    let item = &old[0];
    let make = |difference: Difference, at: &SurfaceItem, now: &SurfaceItem| Break {
        kind: difference.kind,
        what: at.kind,
        name: at.name.clone(),
        detail: difference.detail,
        is_certain: difference.is_certain && !at.is_deprecated,
        parameter: difference.parameter,
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
            Some((mut difference, now)) if !is_kept => {
                if old.len() > 1 && new.len() < old.len() {
                    difference = Difference::of("lost one of its overloads".to_owned());
                }
                return Some(make(difference, item, now));
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
        make(Difference::of(detail.to_owned()), item, now)
    })
}

/// What is different between two signatures.
struct Difference {
    kind: BreakKind,
    detail: String,
    parameter: Option<String>,
    is_certain: bool,
}

impl Difference {
    fn of(detail: String) -> Self {
        Self {
            kind: BreakKind::Signature,
            detail,
            parameter: None,
            is_certain: true,
        }
    }

    fn about(parameter: &SurfaceParameter, detail: String) -> Self {
        Self {
            parameter: Some(parameter.name.clone()),
            ..Self::of(detail)
        }
    }
}

fn compare_signatures(was: &Signature, now: &Signature, head: &Surface) -> Option<Difference> {
    if was == now {
        return None;
    }
    let by_name = was.by_name;
    let difference = if by_name {
        named(was, now)
    } else {
        placed(was, now)
    };
    if difference.is_some() {
        return difference;
    }
    if was.is_typed && was.result != now.result {
        let name = |result: &Option<String>| result.clone().unwrap_or_else(|| "nothing".to_owned());
        return Some(Difference::of(format!(
            "gives back `{}` and gave `{}`",
            name(&now.result),
            name(&was.result)
        )));
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
        return Some(Difference::of(format!("now throws `{new}`")));
    }
    if let Some((old, new)) = raised::other(&was.raises, &now.raises, head) {
        let text = format!(
            "raises `{new}` where it raised `{old}`, and who catches that does not catch it"
        );
        return Some(Difference::of(text));
    }
    let pairs = was.parameters.iter().filter_map(|old| {
        let new = now.parameters.iter().find(|new| new.name == old.name)?;
        let (before, after) = (old.default.as_ref()?, new.default.as_ref()?);
        (before != after && !before.is_empty() && !after.is_empty()).then_some((old, before, after))
    });
    pairs
        .take(1)
        .map(|(old, before, after)| Difference {
            kind: BreakKind::Default,
            is_certain: !is_stand_in(after),
            ..Difference::about(
                old,
                format!(
                    "has the default `{after}` for `{}`, which was `{before}`",
                    old.name
                ),
            )
        })
        .next()
}

/// Whether a default only says that nothing was handed in: the function itself puts in
/// what it was before, or warns.
fn is_stand_in(default: &str) -> bool {
    const WORDS: &[&str] = &["unset", "missing", "notset", "notgiven", "sentinel", "omit"];
    let lower = default.to_ascii_lowercase().replace('_', "");
    matches!(
        lower.as_str(),
        "none" | "null" | "nil" | "undefined" | "..."
    ) || WORDS.iter().any(|word| lower.ends_with(word))
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

/// Whether two parameters are one: a leading underscore says that nobody hands it in
/// by its name.
fn is_same(old: &SurfaceParameter, new: &SurfaceParameter) -> bool {
    let bare = |name: &'_ str| name.trim_start_matches('_').to_owned();
    old.name == new.name || old.name.starts_with('_') && bare(&old.name) == bare(&new.name)
}

fn named(was: &Signature, now: &Signature) -> Option<Difference> {
    let find = |old: &SurfaceParameter| now.parameters.iter().position(|new| is_same(old, new));
    let takes_any = now.parameters.iter().any(|new| new.is_variadic);
    let took_any = was.parameters.iter().any(|old| old.is_variadic);
    let is_new = |new: &&SurfaceParameter| !was.parameters.iter().any(|old| is_same(old, new));
    let lost: Vec<&SurfaceParameter> = was
        .parameters
        .iter()
        .filter(|old| find(old).is_none() && !old.is_variadic)
        .collect();
    let added: Vec<&SurfaceParameter> = now.parameters.iter().filter(is_new).collect();
    // One name for another at the same place: only callers by name notice.
    let renamed = lost.len() == 1
        && added.len() == 1
        && was
            .parameters
            .iter()
            .position(|old| old.name == lost[0].name)
            == now
                .parameters
                .iter()
                .position(|new| new.name == added[0].name)
        && !added[0].is_variadic
        && is_required(added[0]) == is_required(lost[0]);
    if renamed {
        let text = format!(
            "calls its parameter `{}` now `{}`",
            lost[0].name, added[0].name
        );
        return Some(Difference::about(lost[0], text));
    }
    if let Some(old) = lost.first().filter(|_| !takes_any) {
        let text = format!("no longer takes `{}`", old.name);
        return Some(Difference::about(old, text));
    }
    if let Some(new) = added.iter().find(|new| is_required(new)) {
        let text = format!("demands `{}`, which is new", new.name);
        return Some(Difference {
            // It may have been among those that were taken without a name.
            is_certain: !took_any,
            ..Difference::about(new, text)
        });
    }
    let order: Vec<usize> = was.parameters.iter().filter_map(find).collect();
    if !order.is_sorted() {
        let text = "takes its parameters in another order".to_owned();
        return Some(Difference::of(text));
    }
    stricter(was, now, |old| find(old).map(|at| &now.parameters[at]))
}

fn placed(was: &Signature, now: &Signature) -> Option<Difference> {
    let takes_any = now.parameters.last().is_some_and(|last| last.is_variadic);
    if now.parameters.len() < was.parameters.len() && !takes_any {
        let names: Vec<&str> = now.parameters.iter().map(|new| new.name.as_str()).collect();
        let lost = was
            .parameters
            .iter()
            .rfind(|old| !names.contains(&old.name.as_str()));
        return Some(match lost {
            Some(old) => Difference::about(old, format!("no longer takes `{}`", old.name)),
            None => Difference::of("takes fewer parameters".to_owned()),
        });
    }
    let further = now.parameters.iter().skip(was.parameters.len());
    if was.is_typed || !was.parameters.is_empty() || !now.parameters.is_empty() {
        // In languages without checks a caller that hands in less hands in nothing.
        let extra = further.clone().find(|new| is_required(new));
        if let Some(new) = extra {
            let text = format!("demands `{}`, which is new", new.name);
            return Some(Difference::about(new, text));
        }
    }
    let old_names: Vec<&str> = was.parameters.iter().map(|one| one.name.as_str()).collect();
    let new_names: Vec<&str> = now.parameters.iter().map(|one| one.name.as_str()).collect();
    let mut sorted = (old_names.clone(), new_names.clone());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    if old_names != new_names && sorted.0 == sorted.1 && !old_names.contains(&"_") {
        let text = "takes its parameters in another order".to_owned();
        return Some(Difference::of(text));
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
) -> Option<Difference> {
    for old in &was.parameters {
        let Some(new) = new_of(old) else { continue };
        if is_required(new) && !is_required(old) {
            let text = format!("demands `{}`, which was optional", new.name);
            return Some(Difference {
                is_certain: !old.is_variadic,
                ..Difference::about(old, text)
            });
        }
        let typed =
            was.is_typed && now.is_typed && !old.type_text.is_empty() && !new.type_text.is_empty();
        if typed && old.type_text != new.type_text {
            let text = format!(
                "takes `{}` as `{}` and took `{}`",
                new.name, new.type_text, old.type_text
            );
            return Some(Difference::about(old, text));
        }
    }
    None
}
