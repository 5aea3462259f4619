//! Maven's versions, by the "version order specification" of the POM reference
//! and the class `ComparableVersion` that it describes: lists of numbers and
//! words, where each hyphen and each change between digits and letters opens a
//! list inside the list, and what means nothing is taken off.
//!
//! A word between dots (`1.rc.1`) is read as after a hyphen, as the reference says of
//! the last one; the class lets it stand, and then its order is no order at all.
//!
//! Invariant: a list has at most one list in it, its last item, and a word only
//! as its first item. That makes the order total.

use std::cmp::Ordering;

use super::compare_numbers;

/// Words in their order; the empty one is the release itself.
const QUALIFIERS: &[&str] = &["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];

#[derive(Debug)]
enum Item {
    /// Digits without zeros in front; empty for 0.
    Number(String),
    Word(String),
    List(Vec<Item>),
}

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    compare_lists(&parse(a), &parse(b))
}

fn parse(text: &str) -> Vec<Item> {
    let text = text.to_lowercase();
    let mut lists = vec![Vec::new()];
    split(&text, &mut lists);
    let mut inner: Option<Vec<Item>> = None;
    while let Some(mut list) = lists.pop() {
        if let Some(inner) = inner.take()
            && !inner.is_empty()
        {
            list.push(Item::List(inner));
        }
        normalise(&mut list);
        if lists.is_empty() {
            // The first number stays, also a zero: `0.1` is later than `foo`.
            if !matches!(list.first(), Some(Item::Number(_) | Item::Word(_))) {
                list.insert(0, Item::Number(String::new()));
            }
        } else if matches!(list[..], [Item::List(_)])
            && let Some(Item::List(only)) = list.pop()
        {
            // `1-ga-1` is `1-1`.
            list = only;
        }
        inner = Some(list);
    }
    inner.unwrap_or_default()
}

/// Fills the open lists, the innermost last.
fn split(text: &str, lists: &mut Vec<Vec<Item>>) {
    let add = |lists: &mut Vec<Vec<Item>>, item: Item| {
        if matches!(item, Item::Word(_)) && lists.last().is_some_and(|list| !list.is_empty()) {
            // `1.foo` is `1-foo`.
            lists.push(Vec::new());
        }
        if let Some(list) = lists.last_mut() {
            list.push(item);
        }
    };
    let (mut is_digit, mut start) = (false, 0);
    for (at, c) in text.char_indices() {
        let part = &text[start..at];
        match c {
            '.' | '-' => {
                add(lists, item(part, false));
                start = at + 1;
                if c == '-' {
                    lists.push(Vec::new());
                }
                is_digit = false;
            }
            _ if c.is_ascii_digit() != is_digit => {
                if at > start {
                    add(lists, item(part, c.is_ascii_digit()));
                    lists.push(Vec::new());
                    start = at;
                }
                is_digit = c.is_ascii_digit();
            }
            _ => {}
        }
    }
    if start < text.len() {
        add(lists, item(&text[start..], false));
    }
}

fn item(text: &str, before_digit: bool) -> Item {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Item::Number(text.trim_start_matches('0').to_owned());
    }
    let word = match text {
        // One letter right before a number is short for a word.
        "a" if before_digit => "alpha",
        "b" if before_digit => "beta",
        "m" if before_digit => "milestone",
        "cr" => "rc",
        "ga" | "final" | "release" => "",
        word => word,
    };
    Item::Word(word.to_owned())
}

/// Takes off what means nothing at the end, and before the list at the end.
fn normalise(list: &mut Vec<Item>) {
    let mut at = list.len();
    while at > 0 {
        at -= 1;
        match &list[at] {
            Item::Number(text) | Item::Word(text) if text.is_empty() => drop(list.remove(at)),
            Item::List(_) => {}
            Item::Number(_) | Item::Word(_) => return,
        }
    }
}

fn compare_words(a: &str, b: &str) -> Ordering {
    // Words that are not known come after all that are, in alphabetical order.
    let key = |word| match QUALIFIERS.iter().position(|known| *known == word) {
        Some(rank) => (rank, ""),
        None => (QUALIFIERS.len(), word),
    };
    key(a).cmp(&key(b))
}

fn compare_to_nothing(item: &Item) -> Ordering {
    match item {
        Item::Number(number) => number.as_str().cmp(""),
        Item::Word(word) => compare_words(word, ""),
        Item::List(items) => compare_lists(items, &[]),
    }
}

fn compare_items(a: &Item, b: &Item) -> Ordering {
    let rank = |item: &Item| match item {
        Item::Word(_) => 0,
        Item::List(_) => 1,
        Item::Number(_) => 2,
    };
    match (a, b) {
        (Item::Number(a), Item::Number(b)) => compare_numbers(a, b),
        (Item::Word(a), Item::Word(b)) => compare_words(a, b),
        (Item::List(a), Item::List(b)) => compare_lists(a, b),
        // `1.1 > 1-1 > 1-sp`.
        (a, b) => rank(a).cmp(&rank(b)),
    }
}

fn compare_lists(a: &[Item], b: &[Item]) -> Ordering {
    (0..a.len().max(b.len()))
        .map(|at| match (a.get(at), b.get(at)) {
            (Some(a), Some(b)) => compare_items(a, b),
            (Some(a), None) => compare_to_nothing(a),
            (None, Some(b)) => compare_to_nothing(b).reverse(),
            (None, None) => Ordering::Equal,
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
