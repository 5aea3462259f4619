//! Finds the word that was probably meant.

/// Longer words are cut: what is named by hand is short.
const CHARS_MAX: usize = 80;

/// Returns the candidate that is nearest to the word: at most a third of its
/// letters apart. The part after a slash may stand for the whole, so that
/// `empty-catch` finds `error-handling/empty-catch`.
pub fn nearest_word<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let limit = (word.chars().take(CHARS_MAX).count() / 3).max(1);
    candidates
        .map(|candidate| {
            let whole = distance(word, candidate);
            let tail = candidate
                .split_once('/')
                .map_or(usize::MAX, |(_, name)| distance(word, name) + 1);
            (whole.min(tail), candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The optimal string alignment distance: letters put in, taken out or changed,
/// and neighbours that changed places.
fn distance(a: &str, b: &str) -> usize {
    let letters = |word: &str| -> Vec<char> {
        word.chars()
            .take(CHARS_MAX)
            .flat_map(char::to_lowercase)
            .collect()
    };
    let (a, b) = (letters(a), letters(b));
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let change = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest_word};

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
            ("A", "a", 0),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_word_is_near() {
        let words = ["warn", "critical", "error-handling/empty-catch"];
        for (word, expected) in [
            ("wran", Some("warn")),
            ("critcal", Some("critical")),
            ("empty-catch", Some("error-handling/empty-catch")),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest_word(word, words.into_iter()), expected, "{word}");
        }
    }
}
