//! Constants decide: what makes a place of a fixture safe, or dangerous, is a
//! constant, and with another one the verdict of that very place is the other.
//! Whoever matched words instead of following values would not notice.

use std::collections::BTreeMap;

use crate::flow::{children, folder, found, name};

/// So many constants at least are shown of each language that has fixtures.
const FLIPS_MIN: usize = 4;

/// The fixture, a text in it with what takes its place, and a text from which
/// on the first marked line is the one whose verdict flips (none: the new one).
type Flip = (&'static str, &'static str, &'static str, &'static str);

const FLIPS: &[Flip] = &[
    (
        "java/branches.java",
        "int limit = 86",
        "int limit = 150",
        "",
    ),
    ("java/switch.java", "key.charAt(1)", "key.charAt(2)", ""),
    (
        "java/constants.java",
        "DEBUG = false",
        "DEBUG = true",
        "DEBUG ? input",
    ),
    ("java/constants.java", "\"SHA-\" + 256", "\"SHA-\" + 1", ""),
    (
        "java/lists.java",
        "values.get(0)); // <- safe",
        "values.get(1)); // <- safe",
        "",
    ),
    (
        "java/maps.java",
        "values.get(\"a\")); // <- safe",
        "values.get(\"b\")); // <- safe",
        "",
    ),
    // Python.
    ("python/branches.py", "number = 86", "number = 186", ""),
    (
        "python/branches.py",
        "number = 186",
        "number = 86",
        "\"/flipped\"",
    ),
    (
        "python/branches.py",
        "wanted if 3 > 5",
        "wanted if 6 > 5",
        "",
    ),
    (
        "python/branches.py",
        "wanted if 5 > 3",
        "wanted if 2 > 3",
        "",
    ),
    (
        "python/branches.py",
        "False and wanted",
        "True and wanted",
        "",
    ),
    ("python/switch.py", "letter = \"B\"", "letter = \"C\"", ""),
    (
        "python/constants.py",
        "DEBUG = False",
        "DEBUG = True",
        "if DEBUG:",
    ),
    (
        "python/constants.py",
        "TRACE = True",
        "TRACE = False",
        "if TRACE:",
    ),
    (
        "python/constants.py",
        "SHELL = False",
        "SHELL = True",
        "Settings.SHELL:",
    ),
    (
        "python/constants.py",
        "OPEN = True",
        "OPEN = False",
        "Settings.OPEN:",
    ),
    (
        "python/lists.py",
        "items[0])  # <- safe",
        "items[1])  # <- safe",
        "",
    ),
    ("python/lists.py", "items.pop(0)", "items.pop(2)", ""),
    (
        "python/maps.py",
        "data[\"good\"])  # <- safe",
        "data[\"bad\"])  # <- safe",
        "",
    ),
    ("python/maps.py", "fourth[\"b\"]", "fourth[\"a\"]", ""),
    (
        "python/calls.py",
        "chosen(value, False)",
        "chosen(value, True)",
        "",
    ),
    ("python/strings.py", "'{1}'\".format", "'{0}'\".format", ""),
    // JavaScript and TypeScript.
    ("javascript/branches.js", "1 > 2", "3 > 2", ""),
    (
        "javascript/branches.js",
        "7 * 18 + 106 > 200",
        "7 * 18 + 106 > 300",
        "",
    ),
    (
        "javascript/branches.js",
        "7 * 18 + 106 > 300",
        "7 * 18 + 106 > 200",
        "",
    ),
    ("javascript/branches.js", "'ls' || input", "'' || input", ""),
    (
        "javascript/switch.js",
        "'ABC'.charAt(1)",
        "'ABC'.charAt(0)",
        "",
    ),
    (
        "javascript/constants.js",
        "DEBUG = false",
        "DEBUG = true",
        "",
    ),
    (
        "javascript/constants.js",
        "most: 10",
        "most: 3",
        "LIMITS.most > 5",
    ),
    (
        "javascript/constants.js",
        "most: 10",
        "most: 3",
        "LIMITS.most < 5",
    ),
    ("javascript/lists.js", "exec(a[0])", "exec(a[1])", ""),
    ("javascript/lists.js", "b.shift()", "b.pop()", ""),
    ("javascript/maps.js", "a['safe']", "a['bad']", ""),
    ("javascript/maps.js", "b.get('k1')", "b.get('k2')", ""),
    (
        "javascript/calls.js",
        "choose(true, 'ls', q)",
        "choose(false, 'ls', q)",
        "",
    ),
    (
        "javascript/types.ts",
        "Tools.same('ls')",
        "Tools.same(id)",
        "",
    ),
    // Go.
    (
        "go/branches.go",
        "number := 7",
        "number := 6",
        "picked = \"uptime\"",
    ),
    ("go/branches.go", "debug := false", "debug := true", ""),
    ("go/switch.go", "kind := 2", "kind := 1", ""),
    ("go/switch.go", "kind := 2", "kind := 10", "case kind > 9"),
    ("go/constants.go", "mode = \"fixed\"", "mode = \"open\"", ""),
    ("go/constants.go", "third == 2", "third == 3", ""),
    (
        "go/constants.go",
        "trusted = false",
        "trusted = true",
        "if trusted",
    ),
    ("go/lists.go", "list[0])", "list[1])", ""),
    ("go/lists.go", "tail[1:][0]", "tail[0:][0]", ""),
    ("go/maps.go", "values[\"safe\"])", "values[\"given\"])", ""),
    (
        "go/maps.go",
        "nested[\"a\"][\"b\"]",
        "nested[\"a\"][\"c\"]",
        "",
    ),
    (
        "go/calls.go",
        "chosen(name, false)",
        "chosen(name, true)",
        "",
    ),
    // PHP.
    ("php/branches.php", "$debug = false", "$debug = true", ""),
    ("php/branches.php", "$level = 3", "$level = 7", ""),
    ("php/branches.php", "$level = 3", "$level = 7", "$level < 4"),
    (
        "php/switch.php",
        "$kind = 'b'",
        "$kind = 'a'",
        "'SELECT ' . $part",
    ),
    (
        "php/constants.php",
        "DEBUG = false",
        "DEBUG = true",
        "if (DEBUG)",
    ),
    (
        "php/constants.php",
        "define('LEVEL', 2)",
        "define('LEVEL', 0)",
        "LEVEL > 1",
    ),
    (
        "php/constants.php",
        "HIDE = false",
        "HIDE = true",
        "Settings::HIDE)",
    ),
    (
        "php/constants.php",
        "SHOW = true",
        "SHOW = false",
        "Settings::SHOW)",
    ),
    ("php/lists.php", "$list[0]", "$list[1]", ""),
    ("php/lists.php", "$nested[1][0]", "$nested[0][1]", ""),
    ("php/maps.php", "$map['age']", "$map['name']", ""),
    (
        "php/maps.php",
        "echo $deep['x']['z']",
        "echo $deep['x']['y']",
        "",
    ),
    // C#.
    (
        "csharp/branches.cs",
        "int limit = 7",
        "int limit = 17",
        "limit > 10",
    ),
    (
        "csharp/branches.cs",
        "int limit = 7",
        "int limit = 17",
        "limit * 2",
    ),
    ("csharp/branches.cs", "known = \"name\"", "known = null", ""),
    (
        "csharp/switch.cs",
        "kind = \"second\"",
        "kind = \"first\"",
        "",
    ),
    (
        "csharp/constants.cs",
        "Raw = false",
        "Raw = true",
        "Settings.Raw",
    ),
    (
        "csharp/constants.cs",
        "Wide => true",
        "Wide => false",
        "Settings.Wide",
    ),
    ("csharp/lists.cs", "items[0]", "items[1]", ""),
    ("csharp/lists.cs", "array[^1]", "array[^2]", ""),
    ("csharp/maps.cs", "map[\"b\"]", "map[\"a\"]", ""),
    // Ruby.
    ("ruby/branches.rb", "limit = 40", "limit = 140", ""),
    (
        "ruby/branches.rb",
        "limit = 40",
        "limit = 5",
        "shown = name",
    ),
    ("ruby/switch.rb", "\"ABC\"[1]", "\"ABC\"[0]", ""),
    ("ruby/switch.rb", "guess == \"Z\"", "guess == \"B\"", ""),
    (
        "ruby/constants.rb",
        "DEBUG = false",
        "DEBUG = true",
        "name) if DEBUG",
    ),
    (
        "ruby/constants.rb",
        "TRACE = true",
        "TRACE = false",
        "name) if TRACE",
    ),
    (
        "ruby/constants.rb",
        "verbose: false",
        "verbose: true",
        "OPTIONS[:verbose]",
    ),
    ("ruby/lists.rb", "list[0])", "list[1])", ""),
    ("ruby/maps.rb", "map[:c][:e]", "map[:c][:d]", ""),
    ("ruby/maps.rb", "map.dig(:c, :e)", "map.dig(:c, :d)", ""),
    // Kotlin.
    ("kotlin/branches.kt", "limit = 7", "limit = 17", ""),
    (
        "kotlin/branches.kt",
        "known: String? = \"name\"",
        "known: String? = null",
        "",
    ),
    (
        "kotlin/constants.kt",
        "RAW = false",
        "RAW = true",
        "if (RAW)",
    ),
    (
        "kotlin/constants.kt",
        "RAW = false",
        "RAW = true",
        "if (!RAW)",
    ),
    ("kotlin/lists.kt", "items[0]", "items[1]", ""),
    ("kotlin/maps.kt", "map[\"b\"]}", "map[\"a\"]}", ""),
    // Rust.
    (
        "rust/branches.rs",
        "DEBUG: bool = false",
        "DEBUG: bool = true",
        "if DEBUG",
    ),
    (
        "rust/branches.rs",
        "LEVEL: u32 = 3",
        "LEVEL: u32 = 1",
        "if LEVEL",
    ),
    ("rust/switch.rs", "match 3 {", "match 1 {", ""),
    (
        "rust/constants.rs",
        "COMMAND == \"df\"",
        "COMMAND == \"ls\"",
        "",
    ),
    (
        "rust/constants.rs",
        "COMMAND: &str = \"ls\"",
        "COMMAND: &str = \"df\"",
        "COMMAND == \"df\"",
    ),
    ("rust/lists.rs", "pair[0]", "pair[1]", ""),
    ("rust/lists.rs", "tuple.0", "tuple.1", ""),
    ("rust/maps.rs", "map[\"one\"]", "map[\"two\"]", ""),
    // C and C++.
    ("c/branches.c", "limit = 86", "limit = 186", ""),
    ("c/branches.c", "FAST 1", "FAST 0", "FAST ?"),
    ("c/branches.c", "SLOW 0", "SLOW 1", "SLOW ?"),
    ("c/branches.c", "#if 0", "#if 1", ""),
    ("c/switch.c", "mode = SHOW", "mode = LIST", ""),
    ("c/switch.c", "switch ('b')", "switch ('d')", "case 'd'"),
    ("c/constants.c", "DEBUG 0", "DEBUG 1", "if (DEBUG)"),
    (
        "c/constants.c",
        "VERBOSE = 0",
        "VERBOSE = 1",
        "if (VERBOSE)",
    ),
    ("c/constants.c", "ON = 4", "ON = 5", "ON == 4"),
    ("c/lists.c", "system(all[0])", "system(all[1])", ""),
    ("cpp/lists.cpp", "all[0].c_str()", "all[1].c_str()", ""),
    (
        "cpp/maps.cpp",
        "system(values[\"b\"]",
        "system(values[\"a\"]",
        "",
    ),
    (
        "cpp/calls.cpp",
        "command_of(\"ls\")",
        "command_of(\"ls\", tools::query())",
        "",
    ),
    (
        "cpp/calls.cpp",
        "point(command, \"pwd\")",
        "point(command, tools::query())",
        "",
    ),
];

#[test]
fn another_constant_flips_the_verdict() {
    let mut failures = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, from, to, at) in FLIPS {
        let (language, file) = path.split_once('/').expect("a file of a language");
        *counts.entry(language).or_default() += 1;
        if let Err(failure) = check(path, file, (from, to), at) {
            failures.push(format!("{path}: {from} -> {to}: {failure}"));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    for language in children(&folder()) {
        let language = name(&language);
        let count = counts.get(&*language).copied().unwrap_or(0);
        assert!(count >= FLIPS_MIN, "{language}: only {count} constants");
    }
}

fn check(path: &str, file: &str, (from, to): (&str, &str), at: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(folder().join(path)).expect("a fixture can be read");
    let start = text.find(from).ok_or("the constant is not there")?;
    let changed = text.replacen(from, to, 1);
    let place = match at {
        "" => start,
        at => changed.find(at).ok_or("the place is not there")?,
    };
    let before = changed[..place].matches('\n').count();
    let mut lines = changed.lines().enumerate().skip(before);
    let (line, marked) = lines
        .find(|(_, line)| line.contains("<- "))
        .ok_or("no line is marked")?;
    let is_found = found(&[(file.to_owned(), changed.clone())])
        .iter()
        .any(|(_, found, _)| *found == line as u32 + 1);
    match is_found == marked.contains("<- safe") {
        true => Ok(()),
        false => Err(format!("line {} does not flip: {marked}", line + 1)),
    }
}
