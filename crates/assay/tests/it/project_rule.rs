//! Rules that a project writes for itself, in `.assay/rules`.

use assay_testkit::GitRepo;

use crate::run::{assay, introduced, json, repo};

const NO_PRINT: &str = "\
id: no-print
language: python
severity: warning
message: use the log instead of print($$$ARGS)
note: The log has levels; standard output has none.
rule:
  pattern: print($$$ARGS)
fix: log.info($$$ARGS)
ignores: ['scripts/**']
";

const NO_AWAIT_ALL: &str = "\
id: await-in-map
language: typescript
severity: error
message: $LIST is awaited one by one
rule:
  all:
    - pattern: await $CALL
    - inside:
        kind: for_in_statement
        stopBy: end
---
id: no-todo-name
language: go
severity: hint
message: '`$NAME` says nothing'
rule:
  kind: function_declaration
  has: { field: name, pattern: $NAME }
constraints:
  NAME: { regex: '^(foo|bar)$' }
";

fn with_rules() -> GitRepo {
    let repo = repo();
    repo.write(".assay/rules/python.yml", NO_PRINT)
        .write(".assay/rules/others.yaml", NO_AWAIT_ALL)
        .commit("rules");
    repo
}

#[test]
fn findings_of_the_projects_rules_are_findings_like_others() {
    let repo = with_rules();
    repo.write("a.py", "x = 1\nprint(x, 2)\n")
        .write("scripts/b.py", "print(1)\n")
        .write("c.go", "package c\n\nfunc foo() {}\nfunc total() {}\n");
    let report = json(&repo, &["review", "--rule", "project/*"]);
    let others = json(&repo, &["review", "--rule", "complexity/*"]);
    assert_eq!(introduced(&others), [""; 0]);
    assert_eq!(
        introduced(&report),
        ["a.py:2 project/no-print", "c.go:3 project/no-todo-name"]
    );
    let finding = &report["findings"][0];
    assert_eq!(finding["message"], "use the log instead of print(x, 2)");
    assert_eq!(finding["severity"], "medium");
    let rules = report["rules"].to_string();
    assert!(rules.contains("The log has levels"), "{rules}");
    let run = assay(&repo, &["fix", "--unsafe"]);
    assert!(run.out.contains("+log.info(x, 2)"), "{run:?}");
}

#[test]
fn the_rules_of_the_base_count() {
    let repo = with_rules();
    repo.write(
        ".assay/rules/python.yml",
        NO_PRINT.replace("warning", "off"),
    )
    .write("a.py", "print(1)\n");
    let run = assay(&repo, &["review"]);
    assert!(run.out.contains("project/no-print"), "{run:?}");
    assert!(run.out.contains("the base's rules count"), "{run:?}");
    // A scan reads what is on disk.
    assert!(!assay(&repo, &["scan"]).out.contains("project/no-print"));
    // So do a patch's tree and a commit, each with its own base.
    repo.git(["add", "."]);
    repo.commit("off");
    repo.write("b.py", "print(2)\n").commit("more");
    let later = assay(&repo, &["review", "HEAD"]);
    assert!(!later.out.contains("project/no-print"), "{later:?}");
}

#[test]
fn wrong_rules_are_errors_that_say_where_and_what() {
    for (rule, expected) in [
        ("id: x\nlanguage: klingon\nrule: {pattern: a}\n", "klingon"),
        (
            "id: x\nlanguage: python\nrule: {kind: no_such}\n",
            "no_such",
        ),
        ("id: x\nlanguage: python\nrul: {pattern: a}\n", "rul"),
        ("language: python\nrule: {pattern: a}\n", "no `id`"),
        (
            "id: x\nlanguage: python\nrule: {pattern: a}\nfiles: ['[']\n",
            "[",
        ),
        ("id: x\n  language: [\n", "bad.yml"),
    ] {
        let repo = repo();
        repo.write(".assay/rules/bad.yml", rule).commit("rules");
        let run = assay(&repo, &["review"]);
        assert_eq!(run.code, 2, "{rule}: {run:?}");
        assert!(run.err.contains(".assay/rules/bad.yml"), "{}", run.err);
        assert!(run.err.contains(expected), "{}", run.err);
    }
}

#[test]
fn the_tests_of_the_rules_are_run() {
    let repo = with_rules();
    repo.write(
        ".assay/rules/tests/no-print.yml",
        "id: no-print\nvalid:\n  - log.info(1)\ninvalid:\n  - print(1)\n  - |\n    def f():\n        print()\n",
    );
    let run = assay(&repo, &["rule", "test"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("ok    no-print  1 valid, 2 invalid"));
    assert!(run.out.contains("none  await-in-map"));
    repo.write(
        ".assay/rules/tests/no-print.yml",
        "id: no-print\nvalid:\n  - print(2)\ninvalid:\n  - println(1)\n",
    );
    let run = assay(&repo, &["rule", "test"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("matches code that is valid"));
    assert!(run.out.contains("does not match code that is invalid"));
    repo.write(".assay/rules/tests/no-print.yml", "id: no-such\n");
    let run = assay(&repo, &["rule", "test"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(
        run.err.contains("there is no rule `no-such`"),
        "{}",
        run.err
    );
}

#[test]
fn every_language_takes_patterns_with_variables() {
    for (language, file, pattern, code) in [
        ("bash", "a.sh", "rm $A", "rm x\n"),
        ("c", "a.c", "gets($A);", "void f() {\n gets(b);\n}\n"),
        ("cpp", "a.cpp", "gets($A);", "void f() {\n gets(b);\n}\n"),
        (
            "csharp",
            "a.cs",
            "Run($A)",
            "class A { void F() { Run(x); } }\n",
        ),
        ("elixir", "a.ex", "run($A)", "run(x)\n"),
        (
            "go",
            "a.go",
            "defer $A()",
            "package a\nfunc f() { defer g() }\n",
        ),
        ("haskell", "a.hs", "run $A", "f = run x\n"),
        (
            "java",
            "a.java",
            "run($A)",
            "class A { void f() { run(x); } }\n",
        ),
        ("javascript", "a.js", "eval($A)", "eval(x)\n"),
        ("kotlin", "a.kt", "run($A)", "fun f() { run(x) }\n"),
        ("lua", "a.lua", "run($A)", "run(x)\n"),
        ("ruby", "a.rb", "eval($A)", "eval(x)\n"),
        ("rust", "a.rs", "$A.unwrap()", "fn f() { x.unwrap(); }\n"),
        ("scala", "a.scala", "run($A)", "object A { run(x) }\n"),
        ("swift", "a.swift", "run($A)", "run(x)\n"),
        ("tsx", "a.tsx", "<A b={$C} />", "const x = <A b={1} />;\n"),
        ("yaml", "a.yml", "debug: $A", "debug: true\n"),
    ] {
        let repo = repo();
        let rule = format!(
            "id: found\nlanguage: {language}\nseverity: error\nrule: {{pattern: '{pattern}'}}\n"
        );
        repo.write(".assay/rules/r.yml", rule).commit("rules");
        repo.write(file, code);
        let found = introduced(&json(&repo, &["review", "--rule", "project/*"]));
        assert_eq!(found.len(), 1, "{language}: {pattern}");
    }
}

#[test]
fn php_patterns_are_written_with_their_tag() {
    let repo = repo();
    let rule = "id: found\nlanguage: php\nrule:\n  pattern:\n    context: '<?php run($A);'\n    selector: function_call_expression\n";
    repo.write(".assay/rules/r.yml", rule).commit("rules");
    repo.write("a.php", "<?php\nrun($x);\n");
    let found = introduced(&json(&repo, &["review", "--rule", "project/*"]));
    assert_eq!(found, ["a.php:2 project/found"]);
}
