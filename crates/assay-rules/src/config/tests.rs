//! What is read from each notation, written out as one line of values.

use std::sync::Arc;

use assay_source::{RepoPath, SourceText};
use assay_syntax::{ParseLimits, language_by_name, parse};

use super::kind::{Kind, guess, subjects};
use super::model::{Model, ScalarKind, Shape, ValueId};
use super::path::{Path, Place};
use super::{dockerfile, hcl, json, nginx, properties, yaml};

/// Longer renderings are cut: aliases may lead to the same value very often.
const RENDERED_MAX: usize = 2_000;

fn render(model: &Model<'_>, id: ValueId, out: &mut String) {
    if out.len() > RENDERED_MAX {
        return;
    }
    match &model.value(id).shape {
        Shape::Mapping(entries) => {
            out.push('{');
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(&entry.key);
                out.push_str(": ");
                render(model, entry.value, out);
            }
            out.push('}');
        }
        Shape::Sequence(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                render(model, *item, out);
            }
            out.push(']');
        }
        Shape::Scalar(scalar) if scalar.kind == ScalarKind::Null => out.push_str("null"),
        Shape::Scalar(scalar) => {
            let mark = if scalar.kind == ScalarKind::Text {
                "'"
            } else {
                ""
            };
            out.push_str(mark);
            out.push_str(scalar.text.trim());
            out.push_str(mark);
        }
        Shape::Unknown => out.push('?'),
    }
}

fn with_model<T>(language: &str, text: &str, look: impl FnOnce(&Model<'_>) -> T) -> T {
    let source = Arc::new(SourceText::from_text(text));
    let language = language_by_name(language).unwrap();
    let parsed = parse(&source, language, &ParseLimits::default());
    let tree = &parsed.trees[0];
    let model = match language.id().as_str() {
        "yaml" => yaml::read(tree),
        "json" => json::read(tree),
        "hcl" => hcl::read(tree),
        _ => dockerfile::read(tree),
    };
    look(&model)
}

fn check(language: &str, text: &str, expected: &str) {
    let rendered = with_model(language, text, |model| {
        let mut out = String::new();
        for (index, root) in model.roots.iter().enumerate() {
            if index > 0 {
                out.push_str(" --- ");
            }
            render(model, *root, &mut out);
        }
        out
    });
    assert_eq!(rendered, expected, "{text}");
}

#[test]
fn yaml_is_read_with_documents_anchors_and_tags() {
    for (text, expected) in [
        ("a: 1\nb: [x, 'y', \"z\"]\n", "{a: 1, b: ['x', 'y', 'z']}"),
        ("a:\nb: ~\nc: {}\n", "{a: null, b: null, c: {}}"),
        ("---\na: 1\n---\nb: 2\n", "{a: 1} --- {b: 2}"),
        (
            "base: &b\n  x: 1\n  y: 2\nuse:\n  <<: *b\n  y: 3\nlist:\n  - *b\n",
            "{base: {x: 1, y: 2}, use: {y: 3, x: 1}, list: [{x: 1, y: 2}]}",
        ),
        (
            "a: !Ref Name\nb: !Sub 'x'\nc: !!str 1\n",
            "{a: {Ref: 'Name'}, b: {Fn::Sub: 'x'}, c: 1}",
        ),
        ("run: |\n  one\n  two\n", "{run: 'one\n  two'}"),
        ("image: {{ .Values.image }}\n", "{image: ?}"),
        ("a: &x [*x]\nb: *nobody\n", "{a: [?], b: ?}"),
        ("- \n- a\n", "[null, 'a']"),
    ] {
        check("yaml", text, expected);
    }
}

#[test]
fn json_is_read_with_escapes() {
    check(
        "json",
        r#"{"a": [1, true, null], "b": "x\ny"}"#,
        "{a: [1, true, null], b: 'x\ny'}",
    );
    check("json", "", "");
}

#[test]
fn terraform_is_read_as_mappings_of_blocks() {
    for (text, expected) in [
        (
            "resource \"a\" \"b\" {\n  x = 1\n  y {\n    z = true\n  }\n}\n",
            "{resource: {a: {b: {x: 1, y: {z: true}}}}}",
        ),
        (
            "a = var.x\nb = \"${var.x}-y\"\nc = [1, -2]\nd = { \"k\" = null }\n",
            "{a: ?, b: '${var.x}-y', c: [1, -2], d: {k: null}}",
        ),
        ("p = jsonencode({ A = \"*\" })\n", "{p: {A: '*'}}"),
        ("p = <<EOF\n{\"A\": [\"*\"]}\nEOF\n", "{p: {A: ['*']}}"),
        ("p = <<EOF\nplain\nEOF\n", "{p: 'plain'}"),
        (
            "x \"y\" {\n  dynamic \"ingress\" {\n    for_each = []\n    content {\n      from_port = 22\n    }\n  }\n}\n",
            "{x: {y: {ingress: {from_port: 22}}}}",
        ),
    ] {
        check("hcl", text, expected);
    }
}

fn render_all(model: &Model<'_>) -> String {
    let mut out = String::new();
    for root in &model.roots {
        render(model, *root, &mut out);
    }
    out
}

#[test]
fn nginx_is_read_as_blocks() {
    for (text, expected) in [
        (
            "server {\n  listen 80; # why; not {\n  location ~ \"a{2}\" { return 200 'x;y'; }\n}\n",
            "{server: {args: '', listen: '80', location: {args: '~ \"a{2}\"', return: '200 'x;y''}}}",
        ),
        ("a ${b}c d;\ne;", "{a: '${b}c d', e: ''}"),
        (
            "x_by_lua_block { if a then { } end }\ny on;",
            "{x_by_lua_block: {args: ''}, y: 'on'}",
        ),
        ("a {", "{a: {args: ''}}"),
        ("}}}", "{}"),
        ("a 'b", "{a: ''b'}"),
    ] {
        let source = SourceText::from_text(text);
        let model = nginx::read(&source).unwrap();
        assert_eq!(render_all(&model), expected, "{text}");
    }
    let template = SourceText::from_text("listen {{ port }};");
    assert!(nginx::read(&template).is_none());
}

#[test]
fn properties_are_read_line_by_line() {
    let source = SourceText::from_text("# no\n a.b = c=d\n\nx: y\r\nalone\n");
    let rendered = render_all(&properties::read(&source));
    assert_eq!(rendered, "{a.b: 'c=d', x: 'y'}");
}

#[test]
fn dockerfiles_are_read_as_stages() {
    check(
        "dockerfile",
        "ARG V=1.2\nFROM a:${V} AS one\nUSER root\nFROM one\nRUN x && \\\n  # why\n  y\nEXPOSE 22 80\n",
        "{final: {from: {name: 'one', image: 'one', stage: {from: {name: 'a', tag: '1.2', image: 'a:1.2', alias: 'one'}, \
         user: 'root', last_user: 'root'}}, run: {script: 'x &&             y'}, expose: ['22', '80'], last_user: 'root'}, \
         stages: [{from: {name: 'a', tag: '1.2', image: 'a:1.2', alias: 'one'}, user: 'root', last_user: 'root'}, \
         {from: {name: 'one', image: 'one', stage: {from: {name: 'a', tag: '1.2', image: 'a:1.2', alias: 'one'}, user: 'root', \
         last_user: 'root'}}, run: {script: 'x &&             y'}, expose: ['22', '80'], last_user: 'root'}]}",
    );
}

#[test]
fn an_alias_in_an_alias_in_an_alias_costs_nothing() {
    let mut text = String::from("a0: &a0 [x, x]\n");
    for level in 1..64 {
        let before = format!("*a{}", level - 1);
        text.push_str(&format!(
            "a{level}: &a{level} [{before}, {before}, {before}, {before}]\n"
        ));
    }
    with_model("yaml", &text, |model| {
        let path = Path::parse("**").unwrap();
        let found = path.find(model, &Place::root(model.roots[0]));
        assert!(found.is_open, "the limit of visits ends the walk");
    });
}

#[test]
fn paths_find_values() {
    let text = "a:\n  - b: 1\n    c.d: 2\n  - b: 3\ne:\n  f: {b: 4}\n  g: {h: 5}\n";
    for (path, expected) in [
        ("a.b", "1 3"),
        ("a[].b", "1 3"),
        ("a.\"c.d\"", "2"),
        ("e.*.b|h", "4 5"),
        ("**.b", "1 3 4"),
        ("e.f.b.^.^.g.h", "5"),
        ("e.*(h).h", "5"),
        ("e.f[].b", "4"),
        ("x.y", ""),
    ] {
        let found = with_model("yaml", text, |model| {
            let found = Path::parse(path)
                .unwrap()
                .find(model, &Place::root(model.roots[0]));
            let texts: Vec<String> = found
                .places
                .iter()
                .filter_map(|place| Some(model.scalar(place.id())?.text.to_string()))
                .collect();
            texts.join(" ")
        });
        assert_eq!(found, expected, "{path}");
    }
    for wrong in ["a..b", "@nothing", "a.(b"] {
        assert!(Path::parse(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn files_are_told_by_path_and_words() {
    for (path, language, text, expected) in [
        (".github/workflows/a.yml", "yaml", "", Some(Kind::Workflow)),
        ("x/action.yaml", "yaml", "", Some(Kind::Action)),
        (".gitlab-ci.yml", "yaml", "", Some(Kind::GitlabCi)),
        ("docker-compose.dev.yml", "yaml", "", Some(Kind::Compose)),
        (
            "a.yml",
            "yaml",
            "apiVersion: v1\nkind: Pod",
            Some(Kind::Kubernetes),
        ),
        ("tests/a.yml", "yaml", "apiVersion: v1\nkind: Pod", None),
        (
            "a.json",
            "json",
            "{\"Resources\": \"AWS::\"}",
            Some(Kind::CloudFormation),
        ),
        ("values.yaml", "yaml", "image: x", None),
        ("main.tf", "hcl", "", Some(Kind::Terraform)),
        ("job.nomad", "hcl", "", None),
        ("Dockerfile", "dockerfile", "", Some(Kind::Dockerfile)),
        ("a/package.json", "json", "", Some(Kind::Package)),
        (
            "src/main/resources/application-dev.yml",
            "yaml",
            "",
            Some(Kind::Spring),
        ),
        (
            "src/main/resources/application.properties",
            "",
            "",
            Some(Kind::Spring),
        ),
        ("src/main/resources/messages.properties", "", "", None),
        ("deploy/nginx/a.conf", "", "", Some(Kind::Nginx)),
        ("nginx.conf", "", "", Some(Kind::Nginx)),
        ("a.conf", "", "", None),
    ] {
        assert_eq!(
            guess(&RepoPath::from(path), language, text),
            expected,
            "{path}"
        );
    }
}

#[test]
fn the_resources_of_a_file_are_found() {
    for (kind, language, text, expected) in [
        (
            Kind::Kubernetes,
            "yaml",
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n---\napiVersion: v1\nkind: Secret\n---\nother: 1\n",
            "Pod a, Secret Secret",
        ),
        (
            Kind::Terraform,
            "hcl",
            "resource \"a\" \"b\" {}\ndata \"c\" \"d\" {}\nprovider \"e\" {}\nlocals {}\n",
            "a b, data.c d, provider.e e,  ",
        ),
        (
            Kind::CloudFormation,
            "yaml",
            "Resources:\n  A:\n    Type: AWS::S3::Bucket\n  B: 1\n",
            "AWS::S3::Bucket A,  ",
        ),
        (Kind::Compose, "yaml", "version: 3\n", ""),
    ] {
        let found = with_model(language, text, |model| {
            let found = subjects(kind, model);
            let names: Vec<String> = found
                .iter()
                .map(|subject| format!("{} {}", subject.resource, subject.name))
                .collect();
            names.join(", ")
        });
        assert_eq!(found, expected, "{text}");
    }
}
