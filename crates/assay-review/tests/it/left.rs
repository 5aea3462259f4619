//! What a change left behind: uses of what is gone or different.

use assay_finding::State;

use crate::memory::MemoryChange;

/// Files as `path`, base, head; the same text in both is a file that did not change.
type Files<'a> = &'a [(&'a str, Option<&'a str>, Option<&'a str>)];

/// Checks the findings about what was left behind, each as `rule: message`.
fn check(files: Files<'_>, expected: &[&str]) {
    let mut change = MemoryChange::default();
    for (path, base, head) in files {
        change = change.file(path, *base, *head);
    }
    let report = change.review();
    let found: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.state == State::Introduced && finding.counts())
        .filter(|finding| finding.rule.as_str().starts_with("change/"))
        .map(|finding| format!("{}: {}", finding.rule, finding.message))
        .collect();
    assert_eq!(found, expected);
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

/// Checks one definition whose file changes from `base` to `head`, and one file that
/// uses it and does not change.
fn check_one(definer: (&str, &str, &str), user: (&str, &str), expected: &[&str]) {
    let (path, base, head) = definer;
    check(
        &[
            (path, Some(base), Some(head)),
            (user.0, Some(user.1), Some(user.1)),
        ],
        expected,
    );
}

#[test]
fn a_function_that_is_gone_is_still_imported() {
    check_one(
        (
            "pkg/io.py",
            "def load(path):\n    return path\n\ndef keep():\n    pass\n",
            "def keep():\n    pass\n",
        ),
        ("app.py", "from pkg.io import load\n\nload('a')\n"),
        &[
            "change/caller-left-behind: The function `load` is gone, and 1 use was not adapted: app.py:1",
        ],
    );
    check_one(
        (
            "src/io.ts",
            "export function load(path: string) { return path; }\nexport const a = 1;\n",
            "export const a = 1;\n",
        ),
        ("src/app.ts", "import { load } from './io';\n\nload('a');\n"),
        &[
            "change/caller-left-behind: The function `load` is gone, and 1 use was not adapted: src/app.ts:1",
        ],
    );
}

#[test]
fn a_function_that_moved_or_is_handed_on_is_there() {
    // Handed on by the module that it was in.
    check(
        &[
            (
                "pkg/io.py",
                Some("def load(path):\n    return path\n"),
                Some("from .store import load\n"),
            ),
            (
                "pkg/store.py",
                None,
                Some("def load(path):\n    return path\n"),
            ),
            (
                "app.py",
                Some("from pkg.io import load\n\nload('a')\n"),
                Some("from pkg.io import load\n\nload('a')\n"),
            ),
        ],
        &[],
    );
    // Given by the module when it is asked.
    check_one(
        (
            "pkg/io.py",
            "def load(path):\n    return path\n",
            "def __getattr__(name):\n    return print\n",
        ),
        ("app.py", "from pkg.io import load\n\nload('a')\n"),
        &[],
    );
    // A parent that nobody knows may have it.
    check_one(
        (
            "pkg/io.py",
            "from lib import Base\n\nclass A(Base):\n    def load(self):\n        return 1\n\n    def a(self):\n        return 2\n",
            "from lib import Base\n\nclass A(Base):\n    def a(self):\n        return 2\n",
        ),
        ("app.py", "from pkg.io import A\n\nA().load()\n"),
        &[],
    );
    // A condition around the import says that it may be missing.
    check_one(
        (
            "pkg/io.py",
            "def load(path):\n    return path\n\ndef a():\n    pass\n",
            "def a():\n    pass\n",
        ),
        (
            "app.py",
            "try:\n    from pkg.io import load\nexcept ImportError:\n    load = None\n",
        ),
        &[],
    );
}

#[test]
fn a_method_that_is_gone_is_still_called() {
    check_one(
        (
            "pkg/io.py",
            "class A:\n    def load(self):\n        return 1\n\n    def a(self):\n        return 2\n",
            "class A:\n    def a(self):\n        return 2\n",
        ),
        (
            "app.py",
            "from pkg.io import A\n\ndef run():\n    a = A()\n    return a.load()\n",
        ),
        &[
            "change/caller-left-behind: The method `A.load` is gone, and 1 use was not adapted: app.py:5",
        ],
    );
    check_one(
        (
            "src/main/java/a/Io.java",
            "package a;\npublic class Io {\n  public int load(String path) { return 1; }\n  public int keep() { return 2; }\n}\n",
            "package a;\npublic class Io {\n  public int keep() { return 2; }\n}\n",
        ),
        (
            "src/main/java/a/App.java",
            "package a;\nclass App {\n  int run(Io io) {\n    return io.load(\"a\");\n  }\n}\n",
        ),
        &[
            "change/caller-left-behind: The method `Io.load` is gone, and 1 use was not adapted: src/main/java/a/App.java:4",
        ],
    );
    check(
        &[
            (
                "go.mod",
                Some("module example.org/a\n"),
                Some("module example.org/a\n"),
            ),
            (
                "store/io.go",
                Some(
                    "package store\n\nfunc Load(path string) string { return path }\n\nfunc Keep() {}\n",
                ),
                Some("package store\n\nfunc Keep() {}\n"),
            ),
            (
                "main.go",
                Some(
                    "package main\n\nimport \"example.org/a/store\"\n\nfunc main() {\n\tstore.Load(\"a\")\n}\n",
                ),
                Some(
                    "package main\n\nimport \"example.org/a/store\"\n\nfunc main() {\n\tstore.Load(\"a\")\n}\n",
                ),
            ),
        ],
        &[
            "change/caller-left-behind: The function `Load` is gone, and 1 use was not adapted: main.go:6",
        ],
    );
}

#[test]
fn a_call_that_no_longer_fits() {
    let python = |head: &str, call: &str, expected: &[&str]| {
        let user = format!("from pkg.io import load\n\n{call}\n");
        check_one(
            (
                "pkg/io.py",
                "def load(path, mode=1):\n    return path\n",
                head,
            ),
            ("app.py", &user),
            expected,
        );
    };
    let head = "def load(path, size, mode=1):\n    return path\n";
    python(
        head,
        "load('a')",
        &[
            "change/caller-left-behind: The function `load` demands `size`, which is not given, and 1 use was not adapted: app.py:3",
        ],
    );
    python(head, "load('a', size=2)", &[]);
    python(head, "load(*all)", &[]);
    // What was a mode goes to the size now.
    python(
        head,
        "load('a', 2)",
        &[
            "change/caller-left-behind: The function `load` takes `size` where it took `mode`, and 1 use was not adapted: app.py:3",
        ],
    );
    let named = "def load(path, *, mode):\n    return path\n";
    python(
        named,
        "load('a', 1)",
        &[
            "change/caller-left-behind: The function `load` takes 1 argument and is given 2, and 1 use was not adapted: app.py:3",
        ],
    );
    python(named, "load('a', mode=1)", &[]);
    let fewer = "def load(path):\n    return path\n";
    python(
        fewer,
        "load('a', mode=1)",
        &[
            "change/caller-left-behind: The function `load` has no parameter `mode`, and 1 use was not adapted: app.py:3",
        ],
    );
    python(
        "def load(path, **rest):\n    return path\n",
        "load('a', mode=1)",
        &[],
    );
    python(
        "@wrapped\ndef load(path):\n    return path\n",
        "load('a', mode=1)",
        &[],
    );
}

#[test]
fn calls_of_other_languages_that_no_longer_fit() {
    let says = |what: &str, at: &str| {
        format!("change/caller-left-behind: {what}, and 1 use was not adapted: {at}")
    };
    let demands = "demands `size`, which is not given";
    check_one(
        (
            "a.go",
            "package a\n\nfunc load(path string) string { return path }\n",
            "package a\n\nfunc load(path string, size int) string { return path }\n",
        ),
        (
            "b.go",
            "package a\n\nfunc run() string {\n\treturn load(\"a\")\n}\n",
        ),
        &[&says(&format!("The function `load` {demands}"), "b.go:4")],
    );
    check_one(
        (
            "a.ts",
            "export function load(path: string) { return path; }\n",
            "export function load(path: string, size: number) { return path; }\n",
        ),
        ("b.ts", "import { load } from './a';\nload('a');\n"),
        &[&says(&format!("The function `load` {demands}"), "b.ts:2")],
    );
    check_one(
        (
            "a.ts",
            "export function load(path: string) { return path; }\n",
            "export function load(path: string, size?: number) { return path; }\n",
        ),
        ("b.ts", "import { load } from './a';\nload('a');\n"),
        &[],
    );
    check_one(
        (
            "a.js",
            "exports.load = function load(path, mode) { return path; };\n",
            "exports.load = function load(size, path, mode) { return path; };\n",
        ),
        ("b.js", "const a = require('./a');\na.load('a', 1);\n"),
        &[&says(
            "The function `load` takes `size` where it took `path`",
            "b.js:2",
        )],
    );
    check_one(
        (
            "src/a/Io.java",
            "package a;\nclass Io {\n  int load(String path) { return 1; }\n}\n",
            "package a;\nclass Io {\n  int load(String path, int size) { return 1; }\n}\n",
        ),
        (
            "src/a/App.java",
            "package a;\nclass App {\n  int run(Io io) {\n    return io.load(\"a\");\n  }\n}\n",
        ),
        &[&says(
            &format!("The method `Io.load` {demands}"),
            "src/a/App.java:4",
        )],
    );
    // An overload that fits is there.
    check_one(
        (
            "src/a/Io.java",
            "package a;\nclass Io {\n  int load(String path) { return 1; }\n}\n",
            "package a;\nclass Io {\n  int load(String path, int size) { return 1; }\n  int load(String path) { return 1; }\n}\n",
        ),
        (
            "src/a/App.java",
            "package a;\nclass App {\n  int run(Io io) {\n    return io.load(\"a\");\n  }\n}\n",
        ),
        &[],
    );
    check(
        &[
            (
                "src/lib.rs",
                Some("mod a;\nmod b;\n"),
                Some("mod a;\nmod b;\n"),
            ),
            (
                "src/a.rs",
                Some("pub fn load(path: &str) {}\n"),
                Some("pub fn load(path: &str, size: u32) {}\n"),
            ),
            (
                "src/b.rs",
                Some("use crate::a::load;\n\nfn run() {\n    load(\"a\");\n}\n"),
                Some("use crate::a::load;\n\nfn run() {\n    load(\"a\");\n}\n"),
            ),
        ],
        &[&says(
            &format!("The function `load` {demands}"),
            "src/b.rs:4",
        )],
    );
    check_one(
        (
            "a.php",
            "<?php\nfunction load($path) { return $path; }\n",
            "<?php\nfunction load($path, $size) { return $path; }\n",
        ),
        ("b.php", "<?php\nload('a');\n"),
        &[&says(&format!("The function `load` {demands}"), "b.php:2")],
    );
    check_one(
        (
            "a.c",
            "int load(int path) { return path; }\n",
            "int load(int path, int size) { return path; }\n",
        ),
        ("b.c", "int run(void) {\n  return load(1);\n}\n"),
        &[&says(&format!("The function `load` {demands}"), "b.c:2")],
    );
    check_one(
        (
            "A.cs",
            "namespace A;\nclass Io {\n  public int Load(string path) { return 1; }\n}\n",
            "namespace A;\nclass Io {\n  public int Load(string path, int size) { return 1; }\n}\n",
        ),
        (
            "B.cs",
            "namespace A;\nclass App {\n  int Run(Io io) {\n    return io.Load(\"a\");\n  }\n}\n",
        ),
        &[&says(&format!("The method `Io.Load` {demands}"), "B.cs:4")],
    );
    check_one(
        (
            "a.kt",
            "package a\n\nfun load(path: String): String = path\n",
            "package a\n\nfun load(path: String, size: Int): String = path\n",
        ),
        ("b.kt", "package a\n\nfun run() {\n    load(\"a\")\n}\n"),
        &[&says(&format!("The function `load` {demands}"), "b.kt:4")],
    );
    // Wrong: a method of the module itself is not followed to its calls in Ruby.
    check_one(
        (
            "a.rb",
            "module A\n  def self.load(path)\n    path\n  end\nend\n",
            "module A\n  def self.load(path, size)\n    path\n  end\nend\n",
        ),
        ("b.rb", "require_relative 'a'\n\nA.load('a')\n"),
        &[],
    );
}

#[test]
fn a_file_that_is_gone_is_still_named() {
    let user = "from pkg import io\n\nio.load('a')\n";
    check(
        &[
            ("pkg/__init__.py", Some(""), Some("")),
            (
                "pkg/io.py",
                Some("def load(path):\n    return path\n"),
                None,
            ),
            ("app.py", Some(user), Some(user)),
        ],
        &["change/reference-left-behind: `pkg/io.py` is gone, and 1 use was not adapted: app.py:1"],
    );
    let docker = "FROM a\nCOPY tools/run.sh /run.sh\nCOPY --from=b tools/run.sh /x\n";
    let workflow = "on: push\njobs:\n  a:\n    steps:\n      - run: ./tools/run.sh --all\n";
    let readme = "See [the tool](tools/run.sh) and tools/run.sh.\n[elsewhere](https://a.example/tools/run.sh)\n";
    check(
        &[
            ("tools/run.sh", Some("echo\n"), None),
            ("Dockerfile", Some(docker), Some(docker)),
            (".github/workflows/a.yml", Some(workflow), Some(workflow)),
            ("README.md", Some(readme), Some(readme)),
            ("CHANGELOG.md", Some(readme), Some(readme)),
        ],
        &[
            "change/reference-left-behind: `tools/run.sh` is gone, and 3 uses were not adapted: .github/workflows/a.yml:5, Dockerfile:2, README.md:1",
        ],
    );
}
