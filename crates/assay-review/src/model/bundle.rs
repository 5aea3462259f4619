//! Which files of a change belong together: what uses each other, and what tests what.
//! They are shown in one question, so that a mistake between them can be seen.

use std::collections::BTreeMap;

use super::context::ShownFile;
use super::related::Neighbours;

/// Returns the files in groups, the groups and the files in each in the order in which
/// they were given.
pub(super) fn group(files: &[ShownFile], neighbours: &Neighbours) -> Vec<Vec<usize>> {
    let mut links = neighbours.links(files);
    let mut stems: BTreeMap<String, usize> = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        if let Some(&other) = stems.get(&stem(&file.label)) {
            links.push((other, at));
        } else {
            stems.insert(stem(&file.label), at);
        }
    }
    grouped(files.len(), &links)
}

fn grouped(count: usize, links: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut leader: Vec<usize> = (0..count).collect();
    for &(one, other) in links {
        let (one, other) = (find(&mut leader, one), find(&mut leader, other));
        leader[one.max(other)] = one.min(other);
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..count {
        groups.entry(find(&mut leader, at)).or_default().push(at);
    }
    groups.into_values().collect()
}

/// Returns who leads the group that one is in.
fn find(leader: &mut [usize], mut at: usize) -> usize {
    while leader[at] != at {
        leader[at] = leader[leader[at]];
        at = leader[at];
    }
    at
}

/// Returns the name of a file without what makes it a test, in small letters.
fn stem(label: &str) -> String {
    let name = label.rsplit('/').next().unwrap_or(label);
    let stem = name.split('.').next().unwrap_or(name).to_lowercase();
    let marks = ["test_", "_test", "_spec", "tests", "test", "spec"];
    let bare = marks.iter().find_map(|mark| {
        let bare = stem.strip_prefix(mark).or_else(|| stem.strip_suffix(mark));
        bare.filter(|bare| bare.len() > 2)
    });
    bare.unwrap_or(&stem).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{grouped, stem};

    #[test]
    fn what_is_linked_is_in_one_group() {
        assert_eq!(
            grouped(5, &[(1, 3), (3, 4)]),
            [vec![0], vec![1, 3, 4], vec![2]]
        );
        assert_eq!(grouped(3, &[]), [vec![0], vec![1], vec![2]]);
        assert!(grouped(0, &[]).is_empty());
    }

    #[test]
    fn a_test_goes_by_what_it_tests() {
        for (label, expected) in [
            ("src/mean.py", "mean"),
            ("tests/test_mean.py", "mean"),
            ("mean_test.go", "mean"),
            ("a/MeanTest.java", "mean"),
            ("a/mean.spec.ts", "mean"),
            ("a/test.py", "test"),
        ] {
            assert_eq!(stem(label), expected, "{label}");
        }
    }
}
