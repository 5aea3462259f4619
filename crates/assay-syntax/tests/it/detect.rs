//! Which language a path and a text are: one table, with the traps in it.

use assay_source::RepoPath;
use assay_syntax::detect;

/// Path, text, expected language; an empty one means none.
type Case = (&'static str, &'static str, &'static str);

fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for &(path, text, expected) in cases {
        let found =
            detect(&RepoPath::from(path), text).map_or("", |language| language.id().as_str());
        if found != expected {
            wrong.push(format!(
                "{path} {text:?}: found {found:?}, expected {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn extensions_tell_the_language() {
    check(&[
        ("a/b.py", "", "python"),
        ("a/b.pyi", "", "python"),
        ("a/b.bzl", "", "python"),
        ("src/app.js", "", "javascript"),
        ("src/app.mjs", "", "javascript"),
        ("src/app.cjs", "", "javascript"),
        ("src/app.jsx", "", "javascript"),
        ("src/app.ts", "", "typescript"),
        ("src/app.mts", "", "typescript"),
        ("src/app.d.ts", "", "typescript"),
        ("src/app.tsx", "", "tsx"),
        ("src/lib.rs", "", "rust"),
        ("main.go", "", "go"),
        ("A.java", "", "java"),
        ("a.c", "", "c"),
        ("a.h", "int f(void);\n", "c"),
        ("a.h", "namespace a {\n", "cpp"),
        ("a.cc", "", "cpp"),
        ("a.hpp", "", "cpp"),
        ("a.cs", "", "c-sharp"),
        ("a.php", "<?php\n", "php"),
        ("a.kt", "", "kotlin"),
        ("build.gradle.kts", "", "kotlin"),
        ("app.rb", "", "ruby"),
        ("tasks/db.rake", "", "ruby"),
        ("assay.gemspec", "", "ruby"),
        ("config.ru", "", "ruby"),
        ("A.podspec", "", "ruby"),
        ("view.json.jbuilder", "", "ruby"),
        ("run.sh", "", "bash"),
        ("run.bash", "", "bash"),
        ("run.bats", "", "bash"),
        ("run.ksh", "", "bash"),
        ("app-1.0.ebuild", "", "bash"),
        ("init.lua", "", "lua"),
        ("pkg-1.0-1.rockspec", "", "lua"),
        ("lib/a.ex", "", "elixir"),
        ("mix.exs", "", "elixir"),
        (".formatter.exs", "", "elixir"),
        ("Main.hs", "", "haskell"),
        ("Main.hs-boot", "", "haskell"),
        ("schema.sql", "", "sql"),
        ("schema.ddl", "", "sql"),
        ("main.tf", "", "hcl"),
        ("prod.tfvars", "", "hcl"),
        ("build.pkr.hcl", "", "hcl"),
        ("job.nomad", "", "hcl"),
        ("web.dockerfile", "", "dockerfile"),
        ("ci.yml", "", "yaml"),
        ("ci.yaml", "", "yaml"),
        ("Mac.sublime-syntax", "", "yaml"),
        ("a.json", "", "json"),
        ("tsconfig.json", "// comment\n{}", "json"),
        ("a.jsonc", "", "json"),
        ("log.jsonl", "", "json"),
        ("map.geojson", "", "json"),
        ("app.webmanifest", "", "json"),
        ("my.code-workspace", "", "json"),
        ("Untitled.ipynb", "", "json"),
        ("Cargo.toml", "", "toml"),
        ("index.html", "", "html"),
        ("index.htm", "", "html"),
        ("page.xhtml", "<?xml version=\"1.0\"?>", "html"),
        ("site.css", "", "css"),
        ("App.vue", "", "vue"),
        ("App.svelte", "", "svelte"),
    ]);
}

#[test]
fn case_counts_only_where_languages_differ_by_it() {
    check(&[
        ("A.PY", "", "python"),
        ("RUN.SH", "", "bash"),
        ("README.HTML", "", "html"),
        ("a.C", "", "cpp"),
        ("dockerfile", "", "dockerfile"),
        ("gemfile", "", "ruby"),
        ("rakefile", "", "ruby"),
        ("vagrantfile", "", "ruby"),
        ("BUILD", "", "python"),
        ("build", "", ""),
        ("deps", "", ""),
        ("pkgbuild", "", ""),
    ]);
}

#[test]
fn file_names_tell_the_language() {
    check(&[
        ("Gemfile", "", "ruby"),
        ("Rakefile", "", "ruby"),
        ("Vagrantfile", "", "ruby"),
        ("Guardfile", "", "ruby"),
        ("Podfile", "", "ruby"),
        ("Fastfile", "", "ruby"),
        ("Brewfile", "", "ruby"),
        (".irbrc", "", "ruby"),
        (".pryrc", "", "ruby"),
        (".bashrc", "", "bash"),
        (".bash_profile", "", "bash"),
        (".profile", "", "bash"),
        (".envrc", "", "bash"),
        ("PKGBUILD", "", "bash"),
        ("APKBUILD", "", "bash"),
        ("gradlew", "", "bash"),
        (".luacheckrc", "", "lua"),
        ("mix.lock", "", "elixir"),
        (".terraform.lock.hcl", "", "hcl"),
        (".terraformrc", "", "hcl"),
        ("Dockerfile", "", "dockerfile"),
        ("Containerfile", "", "dockerfile"),
        ("Dockerfile.dev", "", "dockerfile"),
        ("docker/Dockerfile.alpine-3.20", "", "dockerfile"),
        ("Dockerfile-base", "", "dockerfile"),
        (".clang-format", "", "yaml"),
        (".prettierrc", "", "yaml"),
        ("CITATION.cff", "", "yaml"),
        ("pubspec.lock", "", "yaml"),
        ("Podfile.lock", "", "yaml"),
        (".babelrc", "", "json"),
        (".eslintrc", "", "json"),
        (".swcrc", "", "json"),
        ("composer.lock", "", "json"),
        ("flake.lock", "", "json"),
        ("deno.lock", "", "json"),
        ("Pipfile.lock", "", "json"),
        ("Package.resolved", "", "json"),
        ("Cargo.lock", "", "toml"),
        ("poetry.lock", "", "toml"),
        ("pdm.lock", "", "toml"),
        ("uv.lock", "", "toml"),
        ("Pipfile", "", "toml"),
        ("SConstruct", "", "python"),
        ("Jakefile", "", "javascript"),
    ]);
}

#[test]
fn programs_in_the_first_line_tell_the_language() {
    check(&[
        ("tool", "#!/bin/sh\n", "bash"),
        ("tool", "#! /bin/bash -e\n", "bash"),
        ("tool", "#!/usr/bin/env bash\r\n", "bash"),
        ("tool", "#!/usr/bin/env -S bash -eu\n", "bash"),
        ("tool", "#!/bin/dash\n", "bash"),
        ("tool", "#!/usr/bin/env ksh93\n", "bash"),
        ("tool", "#!/usr/bin/env -S python3.11 -u\n", "python"),
        ("tool", "#!/usr/bin/python2.7\n", "python"),
        ("tool", "#!/usr/bin/env -i A=b python\n", "python"),
        ("tool", "#!/bin/node\n", "javascript"),
        ("tool", "#!/usr/bin/env deno run\n", "typescript"),
        ("tool", "#!/usr/bin/env ruby\n", "ruby"),
        ("tool", "#!/usr/bin/ruby3.2\n", "ruby"),
        ("tool", "#!/usr/bin/env rake\n", "ruby"),
        ("tool", "#!/usr/bin/lua5.4\n", "lua"),
        ("tool", "#!/usr/bin/env luajit\n", "lua"),
        ("tool", "#!/usr/bin/env elixir\n", "elixir"),
        ("tool", "#!/usr/bin/env runhaskell\n", "haskell"),
        ("tool", "#!/usr/bin/env stack\n", "haskell"),
        ("tool", "#!/usr/bin/php\n<?php\n", "php"),
        ("tool", "#!/bin/sh\nexec ruby -S -x \"$0\" \"$@\"\n", "ruby"),
        // An extension says more than the program that starts the file.
        ("tool.rb", "#!/bin/sh\n", "ruby"),
    ]);
}

#[test]
fn modelines_tell_the_language() {
    check(&[
        ("tool", "# -*- mode: python; coding: utf-8 -*-\n", "python"),
        ("tool", "# -*- Python -*-\n", "python"),
        ("tool", "#!/bin/sh\n# -*- ruby -*-\n", "ruby"),
        ("tool", "# -*- Mode: Shell-script -*-\n", "bash"),
        ("tool", "-- -*- lua-mode -*-\n", "lua"),
        ("a.h", "// -*- C++ -*-\n", "cpp"),
        ("a.h", "/* -*- mode: C++; c-basic-offset: 2 -*- */\n", "cpp"),
        ("tool.txt", "// vim: set ts=4 ft=rust :\n", "rust"),
        ("tool", "# vim: ft=sh\n", "bash"),
        ("conf", "# vim:filetype=yaml:ts=2\n", "yaml"),
        ("tool", "x\n".repeat(400).leak(), ""),
        (
            "tool",
            format!("{}# vim: set ft=ruby:\n", "x\n".repeat(400)).leak(),
            "ruby",
        ),
        // Too far in to be a modeline.
        (
            "tool",
            format!(
                "{}# vim: set ft=ruby:\n{}",
                "x\n".repeat(400),
                "y\n".repeat(400)
            )
            .leak(),
            "",
        ),
        // What a modeline names and nobody knows leaves the path to decide, but
        // not the first line.
        ("a.rb", "# -*- mode: conf -*-\n", "ruby"),
        ("tool", "#!/bin/sh\n# -*- tcl -*-\n", ""),
        ("tool", "# -*- coding: utf-8 -*-\n", ""),
        ("a.py", "# -*- coding: utf-8 -*-\n", "python"),
        ("notes", "Levi: ft=ruby is what I use\n", ""),
        ("notes", "-*-\n", ""),
        ("notes", "vim:\n", ""),
    ]);
}

#[test]
fn content_decides_where_languages_share_an_extension() {
    check(&[
        ("a.h", "", "c"),
        (
            "a.h",
            "#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void);\n",
            "c",
        ),
        (
            "a.h",
            "/*\nclass of its own, in a\nnamespace of prose\n*/\nint a;\n",
            "c",
        ),
        ("a.h", "// class A;\nstruct class_of { int a; };\n", "c"),
        ("a.h", "#pragma once\n  class A;\n", "cpp"),
        ("a.h", "/* one line */\ntemplate <class T>\nT f();\n", "cpp"),
        ("a.h", "void f(const std::string &);\n", "cpp"),
        ("a.h", "#include <vector>\n", "cpp"),
        (
            "a.h",
            "#import <Foundation/Foundation.h>\n@interface A : NSObject\n@end\n",
            "",
        ),
        ("a.H", "", "cpp"),
        ("a.inc", "<?php\nfunction f() {}\n", "php"),
        ("a.inc", "#include \"a.h\"\n", "cpp"),
        ("a.inc", "SUMMARY = \"a recipe\"\n", ""),
        ("a.sc", "import scala.io._\nobject A\n", "scala"),
        ("a.sc", "SynthDef(\\a, { |freq| }).add;\n", ""),
        ("a.re", "#include <stdio.h>\n/*!re2c */\n", "cpp"),
        ("a.re", "let a = 1;\n", ""),
        ("a.frag", "#version 330\nvoid main() {}\n", ""),
        ("a.frag", "var a = 1;\n", "javascript"),
        (
            "a.ts",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE TS>\n<TS></TS>\n",
            "",
        ),
        ("a.m", "@implementation A\n@end\n", ""),
    ]);
}

#[test]
fn what_is_no_language_stays_so() {
    check(&[
        ("notes", "hello", ""),
        ("", "", ""),
        ("README.md", "", ""),
        ("README", "", ""),
        ("LICENSE", "", ""),
        ("a.txt", "", ""),
        ("Gemfile.lock", "", ""),
        ("Rakefile.md", "", ""),
        ("yarn.lock", "", ""),
        ("Dockerfile.md", "", ""),
        ("Dockerfile.dockerignore", "", ""),
        ("Dockerfile.j2", "", ""),
        (".dockerignore", "", ""),
        ("Dockerfile.", "", ""),
        ("Dockerfiles", "", ""),
        ("MyDockerfile", "", ""),
        ("index.html.erb", "", ""),
        ("page.eex", "", ""),
        ("site.scss", "", ""),
        ("site.less", "", ""),
        ("a.json5", "", ""),
        ("a.lhs", "", ""),
        ("a.fish", "", ""),
        ("a.csh", "", ""),
        ("tool", "#!/bin/csh\n", ""),
        ("tool", "#!/bin/zsh\n", ""),
        ("tool.zsh", "", ""),
        ("changelog.sh", "#!/usr/bin/env zsh\n", ""),
        (".zshrc", "", "bash"),
        ("tool", "#!/usr/bin/fish\n", ""),
        ("tool", "#!/usr/bin/perl\n", ""),
        ("tool", "#!/usr/bin/awk -f\n", ""),
        ("tool", "#!/usr/bin/env\n", ""),
        ("tool", "#!\n", ""),
        ("tool", "#!/\n", ""),
        ("tool", " #!/bin/sh\n", ""),
        ("json", "", ""),
        ("a/.py", "", ""),
        ("a.py/b", "", ""),
        ("a.", "", ""),
        ("deployment.yaml", "{{- if .Values.enabled }}\na: b\n", ""),
        ("service.yml", "a: b\n{{- range .Values.ports }}\n", ""),
        ("workflow.yml", "a: ${{ b }}\n", "yaml"),
        ("model.sql", "select * from {{ ref('a') }}\n", ""),
        ("rebar.config", "", ""),
        ("Makefile", "", ""),
        ("image.svg", "", ""),
        ("a.é", "", ""),
    ]);
}
