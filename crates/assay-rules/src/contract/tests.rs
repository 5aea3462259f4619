use std::sync::Arc;

use assay_finding::Confidence;
use assay_source::{RepoPath, SourceText};
use assay_syntax::{ParseLimits, ParsedFile, detect, parse};

use super::{SchemaDocument, compare_linked_schemas, compare_schemas, schema_references};

fn read(path: &str, text: &str) -> ParsedFile {
    let text = Arc::new(SourceText::from_text(text));
    let language = detect(&RepoPath::from(path), text.as_str()).expect("a language");
    parse(&text, language, &ParseLimits::default())
}

/// Compares two versions; losses as `rule: name detail`, those of low
/// confidence with a question mark.
fn check(path: &str, base: &str, head: &str, expected: &[&str]) {
    let compared = compare_schemas(&RepoPath::from(path), &read(path, base), &read(path, head));
    let losses = compared.map_or_else(Vec::new, |compared| compared.losses);
    let shown: Vec<String> = losses
        .iter()
        .map(|loss| {
            let rule = loss.rule.trim_start_matches("schema/");
            let doubt = match loss.confidence {
                Some(Confidence::Low) => "?",
                _ => "",
            };
            format!("{rule}{doubt}: {} {}", loss.name, loss.detail)
        })
        .collect();
    assert_eq!(shown, expected, "{path}\n{base}\n->\n{head}");
}

/// Compares two versions that differ in one place.
fn swap(path: &str, text: &str, cases: &[(&str, &str, &[&str])]) {
    for (from, to, expected) in cases {
        assert!(text.contains(from), "{from}");
        check(path, text, &text.replacen(from, to, 1), expected);
    }
}

const OPENAPI: &str = r#"openapi: 3.0.3
info: { title: Shop, version: 1.2.0 }
paths:
  /books:
    get:
      parameters:
        - name: page
          in: query
          schema: { type: integer, maximum: 100 }
        - $ref: '#/components/parameters/Sort'
      responses:
        '200':
          content:
            application/json:
              schema:
                type: array
                items: { $ref: '#/components/schemas/Book' }
    post:
      requestBody:
        content:
          application/json:
            schema: { $ref: '#/components/schemas/NewBook' }
      responses:
        '201': { description: made }
        '204': { description: known }
  /books/{id}:
    get:
      deprecated: true
      responses: { '200': { description: one } }
    delete:
      responses: { '204': { description: gone } }
components:
  parameters:
    Sort: { name: sort, in: query, schema: { type: string, enum: [up, down] } }
  schemas:
    Book:
      type: object
      required: [id, title]
      properties:
        id: { type: integer, format: int64 }
        title: { type: string }
        related: { type: array, items: { $ref: '#/components/schemas/Book' } }
    NewBook:
      type: object
      required: [title]
      properties:
        title: { type: string }
        pages: { type: integer }
        id: { type: integer, readOnly: true }
"#;

#[test]
fn openapi_is_compared_in_the_direction_of_each_part() {
    swap(
        "openapi.yaml",
        OPENAPI,
        &[
            ("/books:", "/titles:", &["removed-member: /books is gone"]),
            ("/books/{id}:", "/books/{book}:", &[]),
            (
                "    delete:",
                "    put:",
                &["removed-member: DELETE /books/{id} is gone"],
            ),
            (
                "    get:\n      deprecated: true",
                "    put:\n      deprecated: true",
                &["removed-member?: GET /books/{id} is gone"],
            ),
            (
                "name: page\n          in: query",
                "name: page\n          in: query\n          required: true",
                &[
                    "stricter-input: GET /books demands the query parameter `page`, which was optional",
                ],
            ),
            (
                "in: query, schema: { type: string, enum: [up, down] }",
                "in: query, schema: { type: string, enum: [up] }",
                &["stricter-input: GET /books `sort` no longer accepts `down`"],
            ),
            ("enum: [up, down]", "enum: [up, down, none]", &[]),
            (
                "maximum: 100",
                "maximum: 50",
                &["stricter-input: GET /books `page` has `maximum` 50 and had 100"],
            ),
            ("maximum: 100", "maximum: 200", &[]),
            (
                "required: [title]\n      properties:\n        title: { type: string }\n        pages",
                "required: [title, pages]\n      properties:\n        title: { type: string }\n        pages",
                &["stricter-input: POST /books request.pages is required and was optional"],
            ),
            ("required: [title]\n", "required: [title, id]\n", &[]),
            (
                "required: [id, title]",
                "required: [id]",
                &["weaker-output: GET /books 200[].title is no longer always there"],
            ),
            (
                "        title: { type: string }\n        related",
                "        related",
                &["removed-member: GET /books 200[].title is gone"],
            ),
            (
                "title: { type: string }\n        related",
                "title: { type: string, nullable: true }\n        related",
                &["weaker-output: GET /books 200[].title may now be `null`"],
            ),
            (
                "id: { type: integer, format: int64 }",
                "id: { type: string }",
                &["changed-type: GET /books 200[].id is `string` and was `integer`"],
            ),
            ("pages: { type: integer }", "pages: { type: number }", &[]),
            (
                "'204': { description: known }",
                "'409': { description: known }",
                &["removed-member: POST /books no longer answers 204"],
            ),
            (
                "    delete:",
                "    delete:\n      security: [{ token: [] }]",
                &[
                    "new-authentication: DELETE /books/{id} demands that the caller proves who it is, and did not",
                ],
            ),
            (
                "    delete:",
                "    delete:\n      security: [{}, { token: [] }]",
                &[],
            ),
            (
                "      requestBody:\n",
                "      requestBody:\n        required: true\n",
                &["stricter-input: POST /books demands a body, which was optional"],
            ),
        ],
    );
    // Names of variables tell paths apart when nothing else does.
    let two = OPENAPI.replace(
        "components:\n",
        "  /books/{isbn}:\n    put:\n      responses: { '200': { description: by } }\ncomponents:\n",
    );
    let other = two.replace("description: by", "description: key");
    check("openapi.yaml", &two, &other, &[]);
    // A new major version may do anything.
    let next = OPENAPI
        .replace("version: 1.2.0", "version: 2.0.0")
        .replace("/books:", "/titles:");
    check("openapi.yaml", OPENAPI, &next, &[]);
    // Examples and copies of others are nobody's contract.
    let gone = OPENAPI.replace("/books:", "/titles:");
    check("examples/openapi.yaml", OPENAPI, &gone, &[]);
}

#[test]
fn swagger_2_has_its_bodies_among_the_parameters() {
    let base = r##"{"swagger": "2.0", "basePath": "/v1", "info": {"version": "1"}, "paths": {"/a": {"post": {
        "parameters": [{"name": "it", "in": "body", "schema": {"$ref": "#/definitions/It"}}],
        "responses": {"200": {"description": "", "schema": {"$ref": "#/definitions/It"}}}}}},
        "definitions": {"It": {"type": "object", "properties": {"a": {"type": "string"}}}}}"##;
    swap(
        "api.json",
        base,
        &[
            (
                "\"/v1\"",
                "\"/v2\"",
                &["removed-member: /v1 is no longer where all paths begin: it is `/v2` now"],
            ),
            (
                "{\"a\": {\"type\": \"string\"}}",
                "{\"a\": {\"type\": \"string\"}}, \"required\": [\"a\"]",
                &["stricter-input: POST /a request.a is required and was optional"],
            ),
            (
                "{\"a\": {\"type\": \"string\"}}",
                "{\"b\": {\"type\": \"string\"}}",
                &["removed-member: POST /a request.a is gone"],
            ),
        ],
    );
}

#[test]
fn a_json_schema_may_only_become_wider() {
    let base = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
        "additionalProperties": false,
        "properties": {"a": {"type": ["string", "null"]}, "b": {"oneOf": [{"type": "string"}, {"type": "object"}]},
        "c": {"$ref": "other.json"}}}"#;
    swap(
        "config.schema.json",
        base,
        &[
            (
                "[\"string\", \"null\"]",
                "\"string\"",
                &["stricter-input: a no longer accepts `null`"],
            ),
            (
                "\"a\":",
                "\"z\":",
                &["stricter-input: a is no longer accepted"],
            ),
            (
                ", {\"type\": \"object\"}]",
                "]",
                &["stricter-input: b no longer accepts `object`"],
            ),
            ("other.json", "another.json", &[]),
        ],
    );
}

#[test]
fn a_reference_to_itself_ends() {
    let base = r##"{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a",
        "definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"},
        "c": {"allOf": [{"$ref": "#/definitions/c"}], "type": "string"}}}"##;
    swap("a.schema.json", base, &[("\"string\"", "\"integer\"", &[])]);
}

const GRAPHQL: &str = "type Query { find(text: String!, first: Int = 10, tags: [String!]): [Book!]! old: Int @deprecated }
type Book implements Node { id: ID! title: String author: Author! found: Found }
interface Node { id: ID! }
type Author { name: String! }
union Found = Book | Author
enum Size { SMALL LARGE }
input Order { book: ID! pieces: Int gift: Boolean! = false }
scalar Money
";

#[test]
fn graphql_knows_what_goes_in_and_what_comes_out() {
    swap(
        "schema.graphql",
        GRAPHQL,
        &[
            ("scalar Money\n", "", &["removed-member: Money is gone"]),
            (
                "title: String ",
                "",
                &["removed-member: Book.title is gone"],
            ),
            (
                "old: Int @deprecated ",
                "",
                &["removed-member?: Query.old is gone"],
            ),
            ("title: String ", "title: String! ", &[]),
            (
                "author: Author!",
                "author: Author",
                &[
                    "weaker-output: Book.author may now be nothing: it is `Author` and was `Author!`",
                ],
            ),
            (
                "): [Book!]!",
                "): [Book]!",
                &[
                    "weaker-output: Query.find may now be nothing: it is `[Book]!` and was `[Book!]!`",
                ],
            ),
            ("found: Found", "found: Author", &[]),
            (
                "title: String ",
                "title: Int ",
                &["changed-type: Book.title is `Int` and was `String`"],
            ),
            ("text: String!", "text: String", &[]),
            (
                "pieces: Int ",
                "pieces: Int! ",
                &[
                    "stricter-input: Order.pieces no longer accepts nothing: it is `Int!` and was `Int`",
                ],
            ),
            ("pieces: Int ", "pieces: Int! = 1 ", &[]),
            (
                "tags: [String!]",
                "tags: [String!], all: Boolean!",
                &["stricter-input: Query.find(all) is new and required"],
            ),
            (
                "tags: [String!]",
                "tags: [String!], all: Boolean! = true",
                &[],
            ),
            (
                ", first: Int = 10",
                "",
                &["removed-member: Query.find(first) is gone"],
            ),
            ("gift: Boolean! = false", "gift: Boolean! = true", &[]),
            (
                "book: ID!",
                "book: ID! note: String!",
                &["stricter-input: Order.note is new and required"],
            ),
            (" LARGE", "", &["removed-member: Size.LARGE is gone"]),
            (" LARGE", " LARGE HUGE", &[]),
            (
                " | Author",
                "",
                &["removed-member: Found no longer has `Author` among its members"],
            ),
            (
                " implements Node",
                "",
                &["removed-member: Book no longer implements `Node`"],
            ),
            (
                "interface Node",
                "type Node",
                &["changed-type: Node is now of the kind `type` and was `interface`"],
            ),
            (
                "type Author { name: String! }",
                "type Author { x: Int }\nextend type Author { name: String! }",
                &[],
            ),
        ],
    );
}

const PROTO: &str = r#"syntax = "proto3";
package shop.v1;
message Book {
  reserved 9;
  string id = 1;
  int32 pages = 2;
  repeated string tags = 3;
  Author author = 4;
  string blurb = 5;
  string cover = 6;
  enum State { STATE_UNSPECIFIED = 0; STATE_NEW = 1; STATE_OLD = 2; }
}
message Author { string name = 1; }
service Till { rpc Sell(Book) returns (Author); rpc Watch(Book) returns (stream Author); }
"#;

#[test]
fn numbers_of_protocol_buffers_are_for_ever() {
    swap(
        "shop.proto",
        PROTO,
        &[
            (
                "shop.v1",
                "shop.v2",
                &["removed-member: shop.v1 is no longer the package: it is `shop.v2` now"],
            ),
            (
                "  string blurb = 5;\n",
                "",
                &[
                    "unreserved-field-number: Book.blurb is gone, and its number 5 is not reserved: a new field may take it",
                ],
            ),
            ("  string blurb = 5;\n", "  reserved 5;\n", &[]),
            ("  string blurb = 5;\n", "  reserved 5 to max;\n", &[]),
            (
                "string blurb = 5",
                "string text = 5",
                &[
                    "removed-member: Book.blurb is called `text` now: JSON and generated code know it by its name",
                ],
            ),
            (
                "string blurb = 5",
                "double price = 5",
                &[
                    "reused-field-number: Book.blurb gave its number 5 to `price`: what was written as the one is read as the other",
                ],
            ),
            (
                "string blurb = 5",
                "string blurb = 7",
                &["reused-field-number: Book.blurb has the number 7 and had 5"],
            ),
            (
                "string blurb = 5;",
                "string blurb = 5; string x = 9;",
                &["reused-field-number: Book.x takes the number 9, which was reserved"],
            ),
            ("string blurb = 5", "optional string blurb = 5", &[]),
            (
                "int32 pages",
                "int64 pages",
                &["changed-type: Book.pages is `int64` and was `int32`"],
            ),
            (
                "int32 pages",
                "string pages",
                &["changed-type: Book.pages is `string` and was `int32`"],
            ),
            (
                "repeated string tags",
                "string tags",
                &["changed-type: Book.tags is single and was repeated"],
            ),
            ("Author author", "shop.v1.Author author", &[]),
            ("Author author", ".shop.v1.Author author", &[]),
            (
                "  string blurb = 5;\n  string cover = 6;\n",
                "  oneof look { string blurb = 5; string cover = 6; }\n",
                &[
                    "changed-type: Book.blurb is in `oneof look` now: setting another field of it clears this one",
                    "changed-type: Book.cover is in `oneof look` now: setting another field of it clears this one",
                ],
            ),
            (
                "  string blurb = 5;\n",
                "  oneof look { string blurb = 5; }\n",
                &[],
            ),
            (
                " STATE_OLD = 2;",
                "",
                &[
                    "unreserved-field-number: Book.State.STATE_OLD is gone, and its number 2 is not reserved: a new value may take it",
                ],
            ),
            (" STATE_OLD = 2;", " reserved 2;", &[]),
            (
                "STATE_OLD = 2",
                "STATE_OLD = 3",
                &["reused-field-number: Book.State.STATE_OLD has the number 3 and had 2"],
            ),
            (
                "message Author",
                "message Writer",
                &["removed-member: Author is gone"],
            ),
            (
                "rpc Sell(Book) returns (Author); ",
                "",
                &["removed-member: Till.Sell is gone"],
            ),
            (
                "rpc Sell(Book)",
                "rpc Sell(Author)",
                &["changed-type: Till.Sell takes `Author` and took `Book`"],
            ),
            (
                "rpc Sell(Book)",
                "rpc Sell(stream Book)",
                &["changed-type: Till.Sell takes a stream and took one message"],
            ),
        ],
    );
    let alpha = PROTO.replace("shop.v1", "shop.v1alpha1");
    check(
        "shop.proto",
        &alpha,
        &alpha.replace("message Author", "message Writer"),
        &["removed-member?: Author is gone"],
    );
    check("third_party/shop.proto", PROTO, "", &[]);
}

#[test]
fn avro_must_be_readable_both_ways() {
    let base = r#"{"type": "record", "name": "Book", "fields": [
        {"name": "id", "type": "int"},
        {"name": "note", "type": ["null", "string"], "default": null},
        {"name": "size", "type": {"type": "enum", "name": "Size", "symbols": ["S", "L"]}}]}"#;
    swap(
        "book.avsc",
        base,
        &[
            ("\"int\"", "\"long\"", &[]),
            (
                "\"int\"",
                "\"string\"",
                &["changed-type: Book.id can no longer be read where it was written as `int`"],
            ),
            (
                "\"name\": \"id\"",
                "\"name\": \"key\"",
                &[
                    "stricter-input: Book.key is new and has no default: what was written before has no value for it",
                    "removed-member: Book.id is gone and had no default: readers of the old schema have no value for it",
                ],
            ),
            (
                "\"name\": \"id\"",
                "\"name\": \"key\", \"aliases\": [\"id\"]",
                &[],
            ),
            ("\"name\": \"note\"", "\"name\": \"text\"", &[]),
            (", \"L\"", "", &["removed-member: Size.L is gone"]),
        ],
    );
}

#[test]
fn a_package_of_npm_keeps_its_exports_and_commands() {
    let base = r#"{"name": "a", "version": "1.2.0", "exports": {".": "./a.js", "./b": "./b.js", "./c": null},
        "bin": {"a": "a.js"}}"#;
    swap(
        "package.json",
        base,
        &[
            (
                ", \"./b\": \"./b.js\"",
                "",
                &["api/removed-symbol: ./b is no longer among the exports"],
            ),
            ("\"./b\": \"./b.js\"", "\"./*\": \"./*.js\"", &[]),
            (", \"./c\": null", "", &[]),
            (
                "{\"a\": \"a.js\"}",
                "{}",
                &["api/removed-symbol: a is no longer among the commands"],
            ),
            (
                "\"1.2.0\", \"exports\": {\".\": \"./a.js\",",
                "\"2.0.0\", \"exports\": {",
                &[],
            ),
        ],
    );
    check(
        "package.json",
        r#"{"name": "a", "version": "1.2.0", "main": "a.js"}"#,
        r#"{"name": "a", "version": "1.2.1", "exports": "./a.js"}"#,
        &[
            "api/removed-symbol: exports are new: no other file of the package can be imported any longer",
        ],
    );
}

fn linked(files: &[ParsedFile; 2]) -> Vec<SchemaDocument<'_>> {
    let links = [("./user.yaml", 1), ("api.yaml", 0)];
    let links = links.map(|(name, at)| (name.to_owned(), at));
    let made = |parsed| SchemaDocument {
        parsed,
        links: links.iter().cloned().collect(),
    };
    files.iter().map(made).collect()
}

/// Compares two versions of an OpenAPI document over two files: losses with the numbers of
/// the files that they are in.
fn check_linked(root: &str, base: &str, head: &str, expected: &[(&str, Option<usize>)]) {
    let [was, now] = [base, head].map(|other| [read("api.yaml", root), read("user.yaml", other)]);
    assert!(schema_references(&was[0]).contains("./user.yaml"), "{root}");
    let losses = compare_linked_schemas(&RepoPath::from("api.yaml"), &linked(&was), &linked(&now));
    let shown: Vec<(String, Option<usize>)> = losses
        .iter()
        .map(|one| (format!("{} {}", one.loss.name, one.loss.detail), one.base))
        .collect();
    let shown: Vec<(&str, Option<usize>)> = shown
        .iter()
        .map(|(text, at)| (text.as_str(), *at))
        .collect();
    assert_eq!(shown, expected, "{base}\n->\n{head}");
}

#[test]
fn references_are_followed_into_other_files() {
    let root = "openapi: 3.0.0\npaths:\n  /users:\n    $ref: './user.yaml#/path'\ncomponents:\n  schemas:\n    Id: {type: string}\n";
    let user = "path:\n  get:\n    responses:\n      '200':\n        content:\n          application/json:\n            schema: {$ref: '#/User'}\n  post: {responses: {'204': {description: x}}}\nUser:\n  type: object\n  properties:\n    id: {$ref: 'api.yaml#/components/schemas/Id'}\n    name: {type: string}\n";
    check_linked(root, user, user, &[]);
    check_linked(
        root,
        user,
        &user.replace("    name: {type: string}\n", ""),
        &[("GET /users 200.name is gone", Some(1))],
    );
    check_linked(
        root,
        user,
        &user.replace("  post: {responses: {'204': {description: x}}}\n", ""),
        &[("POST /users is gone", Some(1))],
    );
}
