//! The same input gives the same bytes, and fingerprints live through edits.

use std::collections::BTreeSet;

use assay_finding::Report;
use assay_finding::render::{Format, RenderOptions, render};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::{prop_assert_eq, proptest};

use crate::memory::MemoryChange;

/// A file with findings of several rules in functions of its own.
fn functions() -> Vec<String> {
    let mut functions: Vec<String> = (0..4)
        .map(|n| {
            format!(
                "def load{n}(path):\n    try:\n        return read(path, {n})\n    except Exception:\n        pass\n"
            )
        })
        .collect();
    let branches: String = (0..14)
        .map(|n| format!("    if a == {n}:\n        use({n})\n"))
        .collect();
    functions.push(format!("def many(a):\n{branches}"));
    functions.push("def same(a, items=[]):\n    if a == a:\n        return items\n".to_owned());
    functions
}

pub(crate) fn all_formats(report: &Report) -> Vec<Vec<u8>> {
    let options = RenderOptions::default();
    Format::ALL
        .iter()
        .map(|&format| {
            let mut out = Vec::new();
            render(report, format, &options, &mut out).unwrap();
            out
        })
        .collect()
}

#[test]
fn the_number_of_threads_does_not_show() {
    let mut change = MemoryChange::default();
    for (number, function) in functions().iter().enumerate() {
        change = change.file(&format!("{number}.py"), None, Some(function));
    }
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| all_formats(&change.review()))
    };
    let one = with(1);
    for threads in [2, 3, 8] {
        assert!(
            one == with(threads),
            "{threads} threads give other bytes than one"
        );
    }
}

fn fingerprints(report: &Report) -> BTreeSet<String> {
    report
        .introduced()
        .map(|finding| finding.fingerprint.to_string())
        .collect()
}

/// How a file is written down: in which order, with how much space between,
/// and how deep the lines are indented.
fn layouts() -> impl Strategy<Value = (Vec<usize>, Vec<u8>, bool, bool)> {
    let count = functions().len();
    let order = proptest::strategy::Just((0..count).collect::<Vec<_>>()).prop_shuffle();
    (order, vec(0u8..4, count), any::<bool>(), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fingerprints_live_through_moves_and_layout((order, space, wide, renamed) in layouts()) {
        let plain: String = functions().join("\n\n");
        let expected = fingerprints(&MemoryChange::default().file("a.py", None, Some(&plain)).review());
        let all = functions();
        let mut text = String::new();
        for (&index, &lines) in order.iter().zip(&space) {
            text.push_str(&"\n".repeat(usize::from(lines)));
            if lines == 3 {
                text.push_str("# A remark.\n");
            }
            let function = &all[index];
            text.push_str(&if wide { function.replace("    ", "        ") } else { function.clone() });
        }
        let path = if renamed { "folder/b.py" } else { "a.py" };
        let found = fingerprints(&MemoryChange::default().file(path, None, Some(&text)).review());
        prop_assert_eq!(found, expected, "{}", text);
    }
}
