//! Every reader against damaged and hostile texts: no panic, every place in the
//! text, every parent a package, and no end that never comes.

use assay_deps::{PackageFile, Paths, read, recognise};
use assay_source::RepoPath;
use proptest::prelude::{ProptestConfig, Strategy};
use proptest::{collection, proptest, sample};

/// A short text of every format.
const SAMPLES: &[(&str, &str)] = &[
    (
        "package.json",
        r#"{"dependencies": {"a": "^1.0", "@s/b": "npm:c@2.0.0"}, "devDependencies": {"d": "git+https://h/d.git#x"}}"#,
    ),
    (
        "package-lock.json",
        r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "1"}}, "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "1"}}, "node_modules/a/node_modules/b": {"version": "2.0.0", "dev": true}}}"#,
    ),
    (
        "npm-shrinkwrap.json",
        r#"{"dependencies": {"a": {"version": "1.0.0", "requires": {"b": "1"}, "dependencies": {"b": {"version": "npm:c@2.0.0"}}}}}"#,
    ),
    (
        "yarn.lock",
        "# yarn lockfile v1\n\"@s/a@^1\", a@2:\n  version \"1.0.0\"\n  resolved \"https://h/a.tgz\"\n  dependencies:\n    b \"^1\"\n\nb@^1:\n  version \"1.1.0\"\n",
    ),
    (
        "x/yarn.lock",
        "__metadata:\n  version: 8\n\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  dependencies:\n    b: \"npm:^2\"\n\"r@workspace:.\":\n  resolution: \"r@workspace:.\"\n  dependencies:\n    a: ^1\n",
    ),
    (
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a: {specifier: ^1, version: 1.0.0(b@2.0.0)}\npackages:\n  a@1.0.0: {}\n  /@s/b/2.0.0_c@1.0.0: {dev: true}\nsnapshots:\n  a@1.0.0(b@2.0.0):\n    dependencies: {b: 2.0.0}\n",
    ),
    (
        "bun.lock",
        "{\"workspaces\": {\"\": {\"dependencies\": {\"a\": \"1\",},},}, \"packages\": {\"a\": [\"a@1.0.0\", \"\", {\"dependencies\": {\"b\": \"1\"}}], \"a/b\": [\"b@github:u/b#x\", {}]}}",
    ),
    (
        "Cargo.toml",
        "[dependencies]\na = \"1\"\nb = { git = \"https://h/b\", rev = \"x\" }\n[workspace.dependencies]\nc = '=1.0.0'\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b 2.0.0\"]\n[[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"git+https://h/b#x\"\n",
    ),
    (
        "go.mod",
        "module x\ngo 1.21\nrequire (\n\ta.org/b v1.0.0 // indirect\n)\nreplace a.org/b => ./b\nexclude a.org/c v1.0.0\n",
    ),
    (
        "go.sum",
        "a.org/b v1.0.0 h1:x=\na.org/b v1.0.0/go.mod h1:x=\n",
    ),
    (
        "pom.xml",
        "<project><properties><v>1</v></properties><parent><artifactId>p</artifactId></parent><dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>${v}</version></dependency></dependencies></project>",
    ),
    ("gradle.lockfile", "org.a:a:1.0=compileClasspath\nempty=\n"),
    (
        "verification-metadata.xml",
        "<v><components><component group='g' name='a' version='1'><artifact name='a.jar'/></component></components></v>",
    ),
    (
        "libs.versions.toml",
        "[versions]\na = \"1\"\n[libraries]\na = { module = \"g:a\", version.ref = \"a\" }\n[plugins]\np = \"x:1\"\n",
    ),
    (
        "build.gradle",
        "ext.v = '1'\ndependencies {\n  implementation \"g:a:$v\"\n  api group: 'g', name: 'b', version: \"${v}\"\n}\n",
    ),
    (
        "requirements.txt",
        "a==1.0 \\\n  --hash=sha256:0\n-r b.txt\n-e git+https://h/x.git@v1#egg=x\nc[d]>=1; m # via a\nhttps://h/e-1.0.whl\n",
    ),
    (
        "pyproject.toml",
        "[project]\ndependencies = [\"a==1\"]\n[tool.poetry.dependencies]\nb = { git = \"https://h/b\" }\nc = [{version = \"1\"}]\n",
    ),
    ("setup.cfg", "[options]\ninstall_requires =\n  a>=1\n"),
    (
        "setup.py",
        "setup(install_requires=['a==1', \"b\"], extras_require={'x': ['c']})\n",
    ),
    (
        "Pipfile",
        "[packages]\na = \"*\"\nb = {version = \"==1\"}\n",
    ),
    (
        "Pipfile.lock",
        r#"{"default": {"a": {"version": "==1.0"}}, "develop": {"b": {"git": "https://h/b", "ref": "x"}}}"#,
    ),
    (
        "poetry.lock",
        "[[package]]\nname = \"a\"\nversion = \"1\"\n[package.dependencies]\nb = \"*\"\n[[package]]\nname = \"b\"\nversion = \"1\"\n[package.source]\ntype = \"git\"\nurl = \"https://h/b\"\n",
    ),
    (
        "uv.lock",
        "[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"b\" }]\n[[package]]\nname = \"b\"\nversion = \"1\"\n",
    ),
    (
        "pdm.lock",
        "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"dev\"]\ndependencies = [\"b==1\"]\n[[package]]\nname = \"b\"\nversion = \"1\"\n",
    ),
    (
        "pylock.toml",
        "[[packages]]\nname = 'a'\nversion = '1'\ndependencies = [{name = 'b'}]\n[[packages]]\nname = 'b'\nvcs = {type = 'git', url = 'https://h/b'}\n",
    ),
    (
        "composer.json",
        r#"{"require": {"php": "8", "a/b": "1.2.3"}}"#,
    ),
    (
        "composer.lock",
        r#"{"packages": [{"name": "a/b", "version": "v1", "require": {"c/d": "1"}, "license": ["MIT"]}], "packages-dev": [{"name": "c/d"}]}"#,
    ),
    (
        "Gemfile",
        "gem 'a', '~> 1', git: 'https://h/a'\ngroup :test do\n  gem \"b\"\nend\n",
    ),
    ("x.gemspec", "s.add_dependency 'a', '1'\n"),
    (
        "Gemfile.lock",
        "GIT\n  remote: https://h/a\n  specs:\n    a (1.0)\n      b (~> 1)\n\nGEM\n  specs:\n    b (1.0-x)\n\nDEPENDENCIES\n  a!\n",
    ),
    (
        "x.csproj",
        "<Project><PropertyGroup><V>$(V)</V></PropertyGroup><ItemGroup><PackageReference Include='A;B' Version='$(V)'/></ItemGroup></Project>",
    ),
    (
        "packages.config",
        "<packages><package id='A' version='1'/></packages>",
    ),
    (
        "packages.lock.json",
        r#"{"dependencies": {"net6.0": {"A": {"type": "Direct", "resolved": "1", "dependencies": {"B": "1"}}, "B": {"resolved": "1"}}}}"#,
    ),
    (
        "project.assets.json",
        r#"{"targets": {"net6.0": {"A/1": {"type": "package", "dependencies": {"B": "1"}}, "B/1": {}}}}"#,
    ),
    (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    container: {image: 'x:1'}\n    steps:\n      - uses: a/b@v1 # v1.2\n      - uses: docker://c:1\n",
    ),
    (
        "Dockerfile",
        "ARG V=1\nFROM a:${V} AS b\nCOPY --from=c:2 \\\n  x y\nRUN --mount=type=bind,from=d x\n",
    ),
    ("compose.yaml", "services:\n  a:\n    image: b:1@sha256:0\n"),
    (
        "pubspec.yaml",
        "dependencies:\n  a: ^1\n  b: {git: {url: x, ref: y}}\n",
    ),
    (
        "pubspec.lock",
        "packages:\n  a:\n    dependency: \"direct dev\"\n    source: git\n    description: {url: x}\n    version: \"1\"\n",
    ),
    (
        "mix.exs",
        "[{:a, \"~> 1\"}, {:b, git: \"x\", only: :test}]\n",
    ),
    (
        "mix.lock",
        "%{\n\"a\": {:hex, :b, \"1\", \"h\", [:mix], [{:c, \"1\", [hex: :c]}], \"hexpm\"},\n\"c\": {:git, \"x\", \"y\", []},\n}\n",
    ),
    (
        "Package.swift",
        ".package(url: \"https://h/a.git\", from: \"1\"), .package(path: \"x\"), .package(url: \"b\", \"1\"..<\"2\")",
    ),
    (
        "Package.resolved",
        r#"{"pins": [{"location": "git@h:a.git", "state": {"version": "1"}}], "version": 2}"#,
    ),
    ("Podfile", "pod 'A/B', '~> 1', :git => 'x'\n"),
    (
        "Podfile.lock",
        "PODS:\n  - A (1):\n    - B/C (= 1)\n  - B/C (1)\nDEPENDENCIES:\n  - A (from `x`)\nEXTERNAL SOURCES:\n  A:\n    :git: x\n",
    ),
    ("conanfile.txt", "[requires]\na/1@u/c#r\n"),
    ("conanfile.py", "requires = 'a/1', \"b/2\"\n"),
    (
        "conan.lock",
        r#"{"requires": ["a/1#r%t"], "graph_lock": {"nodes": {"0": {"requires": ["1"]}, "1": {"ref": "b/1"}}}}"#,
    ),
    (
        "bom.json",
        r#"{"bomFormat": "CycloneDX", "components": [{"bom-ref": "a", "name": "a", "purl": "pkg:npm/a@1", "components": []}], "dependencies": [{"ref": "a", "dependsOn": ["a"]}]}"#,
    ),
    (
        "bom.xml",
        "<bom><components><component bom-ref='a'><name>a</name><purl>pkg:npm/a@1</purl></component></components><dependencies><dependency ref='a'/></dependencies></bom>",
    ),
    (
        "x.spdx.json",
        r#"{"spdxVersion": "SPDX-2.3", "packages": [{"SPDXID": "a", "name": "a", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}]}], "relationships": [{"spdxElementId": "a", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "a"}]}"#,
    ),
    (
        "x.spdx",
        "SPDXVersion: SPDX-2.3\nPackageName: a\nSPDXID: a\nPackageVersion: 1\nRelationship: a DEPENDS_ON a\n",
    ),
];

fn check(path: &str, text: &str) -> PackageFile {
    let file =
        read(&RepoPath::from(path), text).unwrap_or_else(|| panic!("{path} is not recognised"));
    for package in &file.packages {
        assert!(
            text.get(package.span.range()).is_some(),
            "{path}: {package:?} in {text:?}"
        );
        for &parent in &package.parents {
            assert!(
                (parent as usize) < file.packages.len(),
                "{path}: {package:?}"
            );
        }
    }
    for problem in &file.problems {
        let inside = problem
            .span
            .is_none_or(|span| text.get(span.range()).is_some());
        assert!(inside, "{path}: {problem:?} in {text:?}");
        assert!(!problem.message.is_empty());
    }
    let paths = Paths::new(&file.packages);
    for at in 0..file.packages.len() as u32 {
        let way = paths.to(at);
        assert!(way.last() == Some(&at) && way.len() <= file.packages.len());
    }
    file
}

#[test]
fn every_sample_has_packages_and_no_problem() {
    for (path, text) in SAMPLES {
        let file = check(path, text);
        assert!(!file.packages.is_empty(), "{path}");
        // The one that includes a file that is not there says so.
        assert_eq!(
            file.problems.is_empty(),
            *path != "requirements.txt",
            "{path}: {:?}",
            file.problems
        );
    }
}

#[test]
fn truncated_files_are_read_up_to_their_end() {
    for (path, text) in SAMPLES {
        for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
            check(path, &text[..end]);
        }
    }
}

#[test]
fn line_ends_make_no_difference() {
    for (path, text) in SAMPLES {
        let names = |file: PackageFile| -> Vec<_> {
            file.packages
                .into_iter()
                .map(|p| (p.name, p.version, p.direct, p.dev, p.parents))
                .collect()
        };
        let unix = names(check(path, text));
        let windows = names(check(path, &text.replace('\n', "\r\n")));
        assert_eq!(unix, windows, "{path}");
    }
}

#[test]
fn many_packages_take_linear_time() {
    // Every package asks for every tenth: the parents are the size of the text.
    let mut text = String::from("{\"lockfileVersion\": 3, \"packages\": {");
    for at in 0..20_000 {
        let other = at / 10 * 10;
        text += &format!(
            "\"node_modules/p{at}\": {{\"version\": \"1.0.{at}\", \"dependencies\": {{\"p{other}\": \"1\", \"gone{at}\": \"1\"}}}},"
        );
    }
    text += "}}";
    let file = check("package-lock.json", &text);
    assert_eq!(file.packages.len(), 20_000);

    let mut text = String::from("\"p@0\":\n  version \"1\"\n");
    for at in 1..20_000 {
        text += &format!(
            "\"p@{at}\":\n  version \"1\"\n  dependencies:\n    p \"{}\"\n",
            at - 1
        );
    }
    let file = check("yarn.lock", &text);
    assert_eq!(file.packages.len(), 20_000);
}

#[test]
fn too_many_packages_are_said() {
    let text = "a==1\n".repeat(200_001);
    let file = check("requirements.txt", &text);
    assert_eq!(file.packages.len(), 200_000);
    assert!(
        file.problems[0].message.contains("1 further packages"),
        "{:?}",
        file.problems
    );
}

#[test]
fn names_that_are_not_recognised() {
    for path in [
        "src/lib.rs",
        "package.json.bak",
        "x/Cargo.toml.orig",
        "README.md",
        "workflows/a.yml",
        "",
    ] {
        assert_eq!(recognise(&RepoPath::from(path)), None, "{path}");
    }
    assert_eq!(
        recognise(&RepoPath::from_bytes(b"a/\xff/Cargo.lock"))
            .unwrap()
            .name,
        "Cargo.lock"
    );
}

fn damaged() -> impl Strategy<Value = (usize, Vec<(usize, u8)>, usize)> {
    let edits = collection::vec(
        (
            0_usize..600,
            sample::select(b"\"'{}[]<>()@:=,#\\\n \t$/%-~0a\xc3".to_vec()),
        ),
        1..8,
    );
    (0..SAMPLES.len(), edits, 0_usize..600)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn damaged_files_never_panic((sample, edits, cut) in damaged()) {
        let (path, text) = SAMPLES[sample];
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte) in edits {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        // A part of the file a second time, as after a bad merge.
        let cut = cut % bytes.len();
        let again = bytes[cut..].to_vec();
        bytes.extend(again);
        check(path, &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_text_is_read_by_any_reader(sample in 0..SAMPLES.len(), text in "\\PC{0,60}(\n\\PC{0,40}){0,4}") {
        check(SAMPLES[sample].0, &text);
    }
}

#[test]
fn a_value_that_begins_with_a_long_letter_is_read() {
    check(
        "mix.lock",
        "%{\n\"c\": \u{fffd}{:git, \"x\", \"y\", []},\n}\n",
    );
}
