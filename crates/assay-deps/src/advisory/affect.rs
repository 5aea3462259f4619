//! Whether an advisory affects a version: the evaluation algorithm of the OSV
//! schema, with the order of the package's ecosystem.

use std::cmp::Ordering;

use super::{Advisory, Event};
use crate::version::VersionOrder;

/// How a version is affected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hit {
    /// The versions that mend it, the nearest first: those that end the
    /// intervals in which the version lies. Empty when none is known.
    pub fixed: Vec<String>,
}

/// Returns how the version is affected: named, or in one of the ranges.
pub(super) fn hit(advisory: &Advisory, order: VersionOrder, version: &str) -> Option<Hit> {
    let mut found = false;
    let mut fixed: Vec<String> = Vec::new();
    for range in &advisory.ranges {
        let sorted = sorted(range, order);
        if before_limits(&sorted, order, version)
            && let Some(end) = interval(&sorted, order, version)
        {
            found = true;
            fixed.extend(end.map(str::to_owned));
        }
    }
    if !found {
        found = advisory
            .versions
            .iter()
            .any(|affected| order.compare(affected, version).is_eq());
        // The list has no fix of its own; the next one of any range is the fix.
        let later = |range: &Vec<Event>| {
            let fixes = range.iter().filter_map(|event| match event {
                Event::Fixed(fix) if order.compare(fix, version).is_gt() => Some(fix.clone()),
                _ => None,
            });
            fixes.min_by(|a, b| order.compare(a, b))
        };
        fixed.extend(advisory.ranges.iter().filter_map(later));
    }
    if !found {
        return None;
    }
    fixed.sort_by(|a, b| order.compare(a, b));
    fixed.dedup_by(|a, b| order.compare(a, b).is_eq());
    Some(Hit { fixed })
}

/// Takes out the versions that are named although a range covers them.
pub(super) fn drop_covered(advisory: &mut Advisory, order: VersionOrder) {
    let ranges: Vec<Vec<&Event>> = advisory
        .ranges
        .iter()
        .map(|range| sorted(range, order))
        .collect();
    let covered = |version: &String| {
        ranges.iter().any(|range| {
            before_limits(range, order, version) && interval(range, order, version).is_some()
        })
    };
    advisory.versions.retain(|version| !covered(version));
}

/// Returns the events by version; those at one version keep their order.
fn sorted(range: &[Event], order: VersionOrder) -> Vec<&Event> {
    let mut events: Vec<&Event> = range.iter().collect();
    events.sort_by(|a, b| compare_to(order, version_of(a), version_of(b)));
    events
}

fn version_of(event: &Event) -> &str {
    match event {
        Event::Introduced(version)
        | Event::Fixed(version)
        | Event::LastAffected(version)
        | Event::Limit(version) => version,
    }
}

/// Compares two versions of events; `0` is before every version.
fn compare_to(order: VersionOrder, a: &str, b: &str) -> Ordering {
    match (a == "0", b == "0") {
        (false, false) => order.compare(a, b),
        (a, b) => b.cmp(&a),
    }
}

fn before_limits(events: &[&Event], order: VersionOrder, version: &str) -> bool {
    let mut limits = events.iter().filter_map(|event| match event {
        Event::Limit(limit) => Some(limit),
        _ => None,
    });
    match limits.next() {
        None => true,
        Some(first) => std::iter::once(first)
            .chain(limits)
            .any(|limit| limit == "*" || order.compare(version, limit).is_lt()),
    }
}

/// Walks the sorted events up to the version. Returns none when it is not
/// affected, else the version that ends its interval, if one does.
fn interval<'e>(
    events: &[&'e Event],
    order: VersionOrder,
    version: &str,
) -> Option<Option<&'e str>> {
    let mut affected = false;
    let mut end = None;
    for event in events {
        match event {
            Event::Introduced(from) if from == "0" || order.compare(version, from).is_ge() => {
                affected = true;
            }
            Event::Fixed(fix) if order.compare(version, fix).is_ge() => affected = false,
            Event::LastAffected(last) if order.compare(version, last).is_gt() => affected = false,
            Event::Fixed(fix) if affected && end.is_none() => end = Some(fix.as_str()),
            _ => {}
        }
    }
    affected.then_some(end)
}

#[cfg(test)]
mod tests {
    use crate::advisory::osv::read_osv;
    use crate::version::VersionOrder;

    /// Checks which versions are affected, and what mends each: `1.0:1.2` is
    /// version 1.0, mended by 1.2.
    fn check(affected: &str, hits: &str, misses: &str) {
        let text = format!(
            r#"{{"id": "TEST-1", "modified": "2026-01-01T00:00:00Z", "affected": [{{
                "package": {{"ecosystem": "npm", "name": "a"}}, {affected}}}]}}"#
        );
        let document = read_osv(text.as_bytes()).unwrap();
        let Some(package) = document.packages.first() else {
            assert_eq!(hits, "", "{affected} says nothing");
            return;
        };
        let advisory = &package.advisory;
        let order = VersionOrder::Semver;
        for case in hits.split_whitespace() {
            let (version, fixed) = case.split_once(':').unwrap_or((case, ""));
            let hit = advisory.hit(order, version);
            let found = hit.map(|hit| hit.fixed.join(","));
            assert_eq!(found.as_deref(), Some(fixed), "{version} in {affected}");
        }
        for version in misses.split_whitespace() {
            assert_eq!(
                advisory.hit(order, version),
                None,
                "{version} in {affected}"
            );
        }
    }

    fn events(events: &str) -> String {
        let mut list = Vec::new();
        for event in events.split_whitespace() {
            let (key, version) = event.split_once('=').unwrap();
            list.push(format!(r#"{{"{key}": "{version}"}}"#));
        }
        format!(
            r#""ranges": [{{"type": "SEMVER", "events": [{}]}}]"#,
            list.join(",")
        )
    }

    #[test]
    fn ranges_follow_the_schema() {
        for (list, hits, misses) in [
            (
                "introduced=0 fixed=1.2",
                "0.0.1:1.2 1.1.9:1.2 1.2.0-rc.1:1.2 0.0.0-alpha:1.2",
                "1.2 1.3",
            ),
            (
                "introduced=1.0 fixed=1.2",
                "1.0:1.2 1.1:1.2",
                "0.9 1.0.0-rc1 1.2 2.0",
            ),
            ("introduced=1.0 last_affected=1.2", "1.0 1.2", "0.9 1.2.1"),
            ("introduced=1.0", "1.0 99.0", "0.9"),
            // Several intervals, also out of order, and one that ends where the next begins.
            (
                "introduced=1.0 fixed=1.2 introduced=2.0 fixed=2.3",
                "1.1:1.2 2.0:2.3 2.2.9:2.3",
                "0.9 1.2 1.9 2.3 3.0",
            ),
            (
                "introduced=2.0 fixed=2.3 introduced=1.0 fixed=1.2",
                "1.1:1.2 2.0:2.3",
                "1.2 2.3",
            ),
            (
                "introduced=1.0 fixed=1.2 introduced=1.2 fixed=1.3",
                "1.1:1.2 1.2:1.3",
                "1.3",
            ),
            // A later `introduced` changes nothing for earlier versions.
            (
                "introduced=0 introduced=2.0 fixed=2.5",
                "1.0:2.5 2.1:2.5",
                "2.5",
            ),
            (
                "introduced=0 last_affected=1.0 introduced=2.0",
                "0.5 1.0 2.0 3.0",
                "1.5",
            ),
            // An empty interval.
            ("introduced=1.0 fixed=1.0", "", "0.9 1.0 1.1"),
            // Limits.
            ("introduced=0 limit=2.0", "1.9", "2.0 2.1"),
            (
                "introduced=1.0 fixed=1.5 limit=3.0 limit=*",
                "1.2:1.5",
                "1.5 0.9",
            ),
            ("introduced=1.0 limit=2.0 limit=3.0", "2.5", "3.0 0.5"),
            // No `introduced`: nothing is affected.
            ("fixed=1.0", "", "0.1 1.0"),
        ] {
            check(&events(list), hits, misses);
        }
    }

    #[test]
    fn versions_and_ranges_add_up_and_git_is_left_out() {
        check(
            r#""versions": ["1.0.0", "3.0"], "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.0"}, {"fixed": "2.1"}, {"fixed": "4.0"}]}]"#,
            "1.0.0:2.1 2.0.5:2.1 3.0.0:4.0",
            "1.0.1 2.1 0.1",
        );
        check(
            r#""versions": ["1.0.0"], "ranges": [{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}]"#,
            "1.0.0",
            "1.0.1 0",
        );
        check(r#""ranges": []"#, "", "1.0");
    }
}
