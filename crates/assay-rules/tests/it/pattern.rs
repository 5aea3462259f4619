//! Names, constants and places as rules that are data see them, in every
//! language that says them in its own way.

use assay_rules::rule_by_id;
use assay_syntax::language_by_name;

use crate::sample::{Sample, engine_of};

/// Checks on which lines a rule reports.
fn check(rule: &str, language: &str, text: &str, lines: &[u32]) {
    let rule = rule_by_id(rule).expect("a rule");
    let sample = Sample::new("src/shop", language_by_name(language), text);
    let found: Vec<u32> = sample
        .findings(&engine_of(rule, Vec::new()))
        .iter()
        .map(|finding| finding.location.start.line)
        .collect();
    assert_eq!(found, lines, "{language}:\n{text}");
}

#[test]
fn imports_are_followed_to_what_they_import() {
    let rule = "security/weak-hash";
    check(rule, "python", "import hashlib as h\nh.md5(x)\n", &[2]);
    check(
        rule,
        "python",
        "from hashlib import (\n  sha256,\n  md5 as short,\n)\nshort(x)\n",
        &[5],
    );
    check(rule, "python", "from mine import md5\nmd5(x)\n", &[]);
    check(
        rule,
        "python",
        "def f(hashlib):\n  return hashlib.md5(x)\n",
        &[],
    );
}

#[test]
fn constants_are_followed_through_names() {
    let rule = "security/weak-hash";
    let text = "import hashlib\ndef f():\n  name = 'md5'\n  return hashlib.new(name)\n";
    check(rule, "python", text, &[4]);
    let text = "import hashlib\ndef f(other):\n  name = 'md5'\n  name = other\n  return hashlib.new(name)\n";
    check(rule, "python", text, &[]);
    let text = "import hashlib\nclass A:\n  NAME = 'md5'\n  def f(self):\n    return hashlib.new(self.NAME)\n";
    check(rule, "python", text, &[5]);
}
