//! Which exceptions a function of Python raises itself, and whether another one is still
//! caught by those who caught the old one.

use std::collections::HashSet;

use assay_syntax::NodeRef;

use super::Surface;

/// Exceptions of one function.
const RAISED_MAX: usize = 40;
/// Classes above each other.
const DEPTH_MAX: usize = 8;

/// What is raised while a function is not written yet, or never meant to be caught.
const NO_PROMISE: &[&str] = &["NotImplementedError", "AssertionError", "SystemExit"];

/// The exceptions of the language, each after what it extends.
const BUILT_IN: &[(&str, &[&str])] = &[
    (
        "BaseException",
        &[
            "Exception",
            "SystemExit",
            "KeyboardInterrupt",
            "GeneratorExit",
        ],
    ),
    (
        "Exception",
        &[
            "ArithmeticError",
            "AssertionError",
            "AttributeError",
            "BufferError",
            "EOFError",
            "ImportError",
            "LookupError",
            "MemoryError",
            "NameError",
            "OSError",
            "ReferenceError",
            "RuntimeError",
            "StopAsyncIteration",
            "StopIteration",
            "SyntaxError",
            "SystemError",
            "TypeError",
            "ValueError",
            "Warning",
        ],
    ),
    (
        "ArithmeticError",
        &["FloatingPointError", "OverflowError", "ZeroDivisionError"],
    ),
    ("ImportError", &["ModuleNotFoundError"]),
    ("LookupError", &["IndexError", "KeyError"]),
    ("NameError", &["UnboundLocalError"]),
    (
        "OSError",
        &[
            "BlockingIOError",
            "ChildProcessError",
            "ConnectionError",
            "FileExistsError",
            "FileNotFoundError",
            "InterruptedError",
            "IsADirectoryError",
            "NotADirectoryError",
            "PermissionError",
            "ProcessLookupError",
            "TimeoutError",
        ],
    ),
    (
        "ConnectionError",
        &[
            "BrokenPipeError",
            "ConnectionAbortedError",
            "ConnectionRefusedError",
            "ConnectionResetError",
        ],
    ),
    ("RuntimeError", &["NotImplementedError", "RecursionError"]),
    ("SyntaxError", &["IndentationError"]),
    ("ValueError", &["UnicodeError"]),
    (
        "UnicodeError",
        &[
            "UnicodeDecodeError",
            "UnicodeEncodeError",
            "UnicodeTranslateError",
        ],
    ),
];

/// Returns the names of what a function raises itself, sorted.
pub(super) fn raised(function: NodeRef<'_>) -> Vec<String> {
    let is_inner = |node: NodeRef<'_>| {
        node.ancestors()
            .take_while(|around| around.span() != function.span())
            .any(|around| {
                matches!(
                    around.kind(),
                    "function_definition" | "class_definition" | "lambda"
                )
            })
    };
    let mut names: Vec<String> = function
        .subtree()
        .filter(|node| node.kind() == "raise_statement" && !is_inner(*node))
        .filter_map(|node| {
            let what = node.named_children().next()?.text();
            let path = what.split('(').next()?.trim();
            let name = path.rsplit('.').next()?;
            let is_class = name.starts_with(|c: char| c.is_ascii_uppercase())
                && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            is_class.then(|| name.to_owned())
        })
        .take(RAISED_MAX)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Returns the exception that took the place of another, when who caught the old one
/// does not catch the new one: `(old, new)`.
pub(super) fn other<'a>(
    was: &'a [String],
    now: &'a [String],
    head: &Surface,
) -> Option<(&'a str, &'a str)> {
    let mut lost = was.iter().filter(|name| !now.contains(name));
    let mut came = now.iter().filter(|name| !was.contains(name));
    let (old, new) = (lost.next()?, came.next()?);
    if lost.next().is_some() || came.next().is_some() || NO_PROMISE.contains(&old.as_str()) {
        return None;
    }
    let above = above(new, head)?;
    // What extends something unknown may extend the old one.
    let is_known = is_built_in(old) || class_of(old, head).is_some();
    (is_known && !above.contains(plain(old))).then_some((old, new))
}

/// Other names of the same exception.
fn plain(name: &str) -> &str {
    match name {
        "IOError" | "EnvironmentError" => "OSError",
        name => name,
    }
}

fn is_built_in(name: &str) -> bool {
    BUILT_IN
        .iter()
        .any(|(above, below)| *above == plain(name) || below.contains(&plain(name)))
}

fn class_of<'a>(name: &str, head: &'a Surface) -> Option<&'a str> {
    let class = head.items.iter().find(|item| item.name == name)?;
    Some(class.heritage.as_str())
}

/// Returns an exception and all that it extends; none when that is not known.
fn above(name: &str, head: &Surface) -> Option<HashSet<String>> {
    let mut all = HashSet::new();
    let mut rest = vec![(plain(name).to_owned(), 0)];
    while let Some((name, depth)) = rest.pop() {
        if depth > DEPTH_MAX {
            return None;
        }
        if is_built_in(&name) {
            let parent = BUILT_IN
                .iter()
                .find(|(_, below)| below.contains(&name.as_str()));
            rest.extend(parent.map(|(above, _)| ((*above).to_owned(), depth + 1)));
        } else {
            let heritage = class_of(&name, head)?.trim();
            let parents = heritage.strip_prefix('(')?.split(')').next()?;
            let parents = parents
                .split(',')
                .map(str::trim)
                .filter(|one| !one.is_empty());
            for parent in parents {
                let last = parent.rsplit('.').next().unwrap_or(parent);
                rest.push((plain(last).to_owned(), depth + 1));
            }
        }
        all.insert(name);
    }
    Some(all)
}
